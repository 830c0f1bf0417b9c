"""The sheets besides tables and views: Home, Search, Templates, Rules, Team, Data dictionary, and the marker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chatbuilder import catalog
from chatbuilder.blueprint import Automation, Blueprint, Team
from chatbuilder.filters import And, Cmp, Filter, Me, Not, Or
from chatbuilder.generators.common.data import OWNER_NAMES, type_text
from chatbuilder.generators.common.workbook_formulas import column, literal, this_row
from chatbuilder.generators.common.workbook_spec import Column, Sheet
from chatbuilder.generators.common.workbook_spec import Table as ExcelTable
from chatbuilder.generators.excel.book import ME, SEARCH_WORDS, TODAY, Book
from chatbuilder.generators.excel.logic import key_of
from chatbuilder.generators.excel.views import SHOWN, listing

MARKER = "_chatbuilder"
SYSTEM_VERSION = 1
_SEARCHED = ("title", "first_prompt", "keywords", "summary", "notes")


def wanted_pages(bp: Blueprint) -> dict[str, str]:
    """Return the key and wished name of every sheet besides tables and views, in the order of the tabs."""
    pages = {"home": "Home"}
    pages |= {"dashboard": bp.dashboard.name} if bp.dashboard else {}
    pages |= {"search": "Search"} if bp.wants("search") else {}
    pages |= {"templates": "Templates"} if bp.templates else {}
    pages |= {"rules": "Rules"} if _tagging(bp) else {}
    pages |= {"team": team_page_name(bp)} if has_team_page(bp) else {}
    pages |= {"dictionary": "Data dictionary"} if bp.wants("portability") else {}
    return pages | {"lists": "Lists", "marker": MARKER}


def has_team_page(bp: Blueprint) -> bool:
    """Tell whether people share the workbook, so that rules for them have a sheet."""
    return bp.team_size != "solo" or bool(bp.team.permissions)


def team_page_name(bp: Blueprint) -> str:
    """Return what the sheet with the rules for people is called."""
    return "Governance" if bp.team.retention_days else "Team"


def _tagging(bp: Blueprint) -> Automation | None:
    return next((item for item in bp.automations if item.kind == "tagging" and item.rules), None)


def asks_who(expr: Filter | None) -> bool:
    """Tell whether a filter depends on who looks."""
    match expr:
        case Cmp(value=value):
            return isinstance(value, Me)
        case Not(part=part):
            return asks_who(part)
        case And(parts=parts) | Or(parts=parts):
            return any(asks_who(part) for part in parts)
    return False


def home_sheet(book: Book, sheets: Iterable[Sheet]) -> tuple[Sheet, list[dict[str, str]]]:
    """Return the first sheet: today, who you are, what stands where. `sheets` are the others, in order."""
    bp = book.blueprint
    cells: list[list[Any]] = [
        ["B1", bp.name, "title"],
        ["B2", _made_for(bp), "muted"],
        ["B4", "Today", "label"],
        ["C4", {"formula": "=TODAY()"}, "input_date"],
        ["D4", "All views count from this day.", "muted"],
    ]
    names = [{"ident": TODAY, "sheet": "home", "range": "$C$4"}]
    if any(asks_who(view.filter) for view in bp.views):
        cells += [["B5", "Me", "label"], ["C5", None, "input"]]
        cells.append(["D5", "Type your name as it stands in Owner; My sessions shows yours.", "muted"])
        names.append({"ident": ME, "sheet": "home", "range": "$C$5"})
    cells += [["B7", "Sheet", "heading"], ["C7", "What it is for", "heading"]]
    row = 8
    for sheet in sheets:
        if sheet.get("state", "visible") == "visible":
            cells += [[f"B{row}", {"link": sheet["key"]}, "link"], [f"C{row}", sheet["about"], ""]]
            row += 1
    cells += [[f"B{row + 1 + n}", line, "muted"] for n, line in enumerate(_hints(bp))]
    about = "Start here: what is where."
    widths = {"A": 2.0, "B": 26.0, "C": 60.0, "D": 50.0}
    home: Sheet = {
        "key": "home",
        "name": book.sheets["home"],
        "about": about,
        "tab": "1F4E79",
        "cells": cells,
        "widths": widths,
    }
    return home, names


def _made_for(bp: Blueprint) -> str:
    size, depth = catalog.TEAM_SIZES[bp.team_size].name.lower(), catalog.COMPLEXITIES[bp.complexity].name.lower()
    wanted = [catalog.PRIORITIES[key].name for key in bp.priorities] + [
        catalog.FEATURES[key].name for key in bp.features
    ]
    return f"Made for: {size}; {depth}; {', '.join(wanted)}."


def _hints(bp: Blueprint) -> list[str]:
    return [
        f"Type in {bp.sessions.name}, in the first empty row below the table: Excel takes it in, formulas and all.",
        f"Views show up to {SHOWN} rows and change by themselves; edit in the table (click → in a view to get there).",
        "Dates and times are UTC. A choice missing? Add it on Lists.",
    ]


def search_sheet(book: Book) -> tuple[Sheet, list[dict[str, str]]]:
    """Return the Search sheet: up to three words, all of which must occur in a session's texts."""
    table = book.blueprint.sessions
    searched = [key for key in _SEARCHED if table.has(key)]
    test = ",".join(_found(word, searched, book) for word in SEARCH_WORDS)
    newest = next(view for view in book.blueprint.views if view.key == "all_sessions")
    key = f'=IFERROR(IF(AND({book.here("sessions")},{SEARCH_WORDS[0]}<>"",{test}),{key_of(newest, book)},""),"")'
    places = book.helper("sessions", "_search", key)
    shown = [
        table.field(k)
        for k in ("title", "status", "last_activity", "first_prompt", "keywords", "summary", "link")
        if table.has(k)
    ]
    sheet = listing(book, "sessions", places, shown, 7, 6 + SHOWN)
    names = ", ".join(book.headers["sessions", k] for k in searched)
    sheet["key"], sheet["name"], sheet["tab"], sheet["freeze"] = "search", book.sheets["search"], "C55A11", "D7"
    sheet["about"] = f"Type up to three words; it looks in {names}."
    sheet["cells"] += [
        ["C1", "Search", "title"],
        ["C2", f"Type up to three words into the yellow cell. Looks in {names}; capitals do not matter.", "muted"],
        ["D3", None, "input"],
        ["A4", {"formula": f"=COUNT({places})"}, ""],
        ["D4", {"formula": f'=IF(D3="","",A4&" found"&IF(A4>{SHOWN},", the first {SHOWN} are shown",""))'}, "muted"],
    ]
    idents = []
    for number, word in enumerate(SEARCH_WORDS):
        sheet["cells"].append([f"A{7 + SHOWN + number}", {"formula": _word("$D$3", number)}, ""])
        idents.append({"ident": word, "sheet": "search", "range": f"$A${7 + SHOWN + number}"})
    return sheet, idents


def _word(cell: str, number: int) -> str:
    """The n-th word that was typed, with the signs escaped that SEARCH would take for “any letters”."""
    word = f'TRIM(MID(SUBSTITUTE(TRIM({cell})," ",REPT(" ",200)),{number * 200 + 1},200))'
    return f'=SUBSTITUTE(SUBSTITUTE(SUBSTITUTE({word},"~","~~"),"*","~*"),"?","~?")'


def _found(word: str, keys: list[str], book: Book) -> str:
    places = ",".join(f"ISNUMBER(SEARCH({word},{book.this('sessions', key)}))" for key in keys)
    return f'OR({word}="",{places})'


def templates_sheet(book: Book) -> Sheet:
    """Return the Templates sheet: the preset values and an outline to paste into Notes."""
    bp = book.blueprint
    keys = list(dict.fromkeys(key for template in bp.templates for key in template.values))
    columns: list[Column] = [
        {"name": "Template", "style": "label", "width": 20},
        {"name": "For", "style": "wrap", "width": 34},
    ]
    columns += [{"name": book.headers["sessions", key], "style": "text", "width": 14} for key in keys]
    columns.append({"name": "Notes to paste", "style": "wrap", "width": 70})
    rows = [
        [
            t.name,
            t.about,
            *(t.values.get(key) for key in keys),
            "\n".join(f"{head}: {hint}" for head, hint in t.headings),
        ]
        for t in bp.templates
    ]
    table: ExcelTable = {"ident": "Templates", "at": "A4", "columns": columns, "rows": rows}
    how = f"Copy a row's values into a new row of {book.sheets['table:sessions']}, and the last cell into its Notes."
    cells = [["A1", "Templates", "title"], ["A2", how, "muted"]]
    return {
        "key": "templates",
        "name": book.sheets["templates"],
        "about": how,
        "tab": "BF9000",
        "cells": cells,
        "tables": [table],
    }


def rules_sheet(book: Book) -> tuple[Sheet, list[Column]]:
    """Return the Rules sheet, and the columns of Chat Sessions that say what the rules would set."""
    item = _tagging(book.blueprint)
    rules = item.rules if item else ()
    table = book.blueprint.sessions
    rows = [[word, table.field(rule.field).name, rule.value] for rule in rules for word in rule.words]
    word = this_row("Rules", "Word")
    escaped = f'=SUBSTITUTE(SUBSTITUTE(SUBSTITUTE({word},"~","~~"),"*","~*"),"?","~?")'
    columns: list[Column] = [
        {"name": "Word", "style": "text", "width": 24}, {"name": "Field", "style": "text", "width": 18},
        {"name": "Value", "style": "text", "width": 24},
        {"name": "_find", "formula": escaped, "hidden": True, "width": 10},
    ]  # fmt: skip
    whole: ExcelTable = {"ident": "Rules", "at": "A4", "columns": columns, "rows": rows}
    about = "Words, and what a session with that word is filed under. Change them, add your own below."
    cells = [["A1", "Rules", "title"], ["A2", about, "muted"]]
    extra = [_says(table.field(key).name, book) for key in dict.fromkeys(rule.field for rule in rules)]
    return {
        "key": "rules",
        "name": book.sheets["rules"],
        "about": about,
        "tab": "BF9000",
        "cells": cells,
        "tables": [whole],
    }, extra


def _says(field_name: str, book: Book) -> Column:
    """A column that shows the value of the first rule for a field whose word occurs in the session's texts."""
    table = book.blueprint.sessions
    texts = [book.this("sessions", key) for key in ("title", "first_prompt", "keywords") if table.has(key)]
    text = '&" "&'.join(f"LEFT({cell},9000)" for cell in texts)
    words, size = column("Rules", "_find"), "ROWS(Rules[Word])"
    hit = f'ISNUMBER(SEARCH({words},{text}))*({words}<>"")*(Rules[Field]={literal(field_name)})'
    best = f"SUMPRODUCT(MAX({hit}*({size}+1-(ROW({words})-MIN(ROW({words}))+1))))"
    formula = f'=IF({book.here("sessions")},IF({best}=0,"",INDEX(Rules[Value],{size}+1-{best})&""),"")'
    taken = {name.casefold() for (key, _), name in book.headers.items() if key == "sessions"}
    name, number = f"Rule says: {field_name}", 1
    while name.casefold() in taken:
        number += 1
        name = f"Rule says: {field_name} {number}"
    return {"name": name, "formula": formula, "style": "muted", "width": 18}


def team_sheet(book: Book) -> Sheet:
    """Return the sheet with the rules for the people who share the workbook."""
    bp = book.blueprint
    name = book.sheets["team"]
    cells: list[list[Any]] = [["B1", team_page_name(bp), "title"], ["B2", _team_about(bp), "muted"]]
    row = 4
    for heading, lines in _team_parts(bp.team):
        cells.append([f"B{row}", heading, "heading"])
        for n, line in enumerate(lines, row + 1):
            cells += [[f"{at}{n}", text, "wrap"] for at, text in zip("BCD", line, strict=False)]
        row += len(lines) + 2
    about = "Who may do what, and the names everybody uses."
    widths = {"A": 2.0, "B": 60.0, "C": 40.0, "D": 30.0}
    return {"key": "team", "name": name, "about": about, "tab": "BF9000", "cells": cells, "widths": widths}


def _team_about(bp: Blueprint) -> str:
    size = catalog.TEAM_SIZES[bp.team_size].name.lower()
    return f"For {size}. One file has one writer at a time, unless it lies in OneDrive or SharePoint."


def _team_parts(team: Team) -> Iterable[tuple[str, list[tuple[str, ...]]]]:
    habits = ["Put the file in a folder that everybody who needs it can open.", "Fill in Owner when you add a session."]
    yield "Habits", [(line,) for line in habits]
    if team.permissions:
        yield "Permissions", [(line,) for line in team.permissions]
    if team.roles:
        yield "Roles", [(role.name, role.may, role.who) for role in team.roles]
    if team.naming:
        yield "Names", [(line,) for line in team.naming]
    if team.retention_days:
        yield "Access levels", [(level,) for level in team.access_levels]
        keep = f"Keep sessions for {team.retention_days} days; then delete what nobody needs from Retention due."
        yield "Retention", [(keep,), ("Once a quarter an Owner checks who may open the file.",)]


def dictionary_sheet(book: Book) -> Sheet:
    """Return the Data dictionary sheet: every field of every table."""
    bp = book.blueprint
    names = ("Table", "Field", "Key", "Type", "Written by", "Meaning")
    widths = (18.0, 22.0, 20.0, 40.0, 20.0, 60.0)
    columns: list[Column] = [
        {"name": name, "style": "text", "width": width} for name, width in zip(names, widths, strict=True)
    ]
    rows = [
        [t.name, book.headers[t.key, f.key], f.key, type_text(f, bp), OWNER_NAMES[f.owner], f.about]
        for t in bp.tables
        for f in t.fields
    ]
    table: ExcelTable = {"ident": "Dictionary", "at": "A3", "columns": columns, "rows": rows}
    about = "Every field: what it holds and who writes it."
    cells = [["A1", "Data dictionary", "title"]]
    return {
        "key": "dictionary",
        "name": book.sheets["dictionary"],
        "about": about,
        "tab": "7F7F7F",
        "cells": cells,
        "tables": [table],
    }


def marker_sheet(book: Book, sheets: Iterable[Sheet], idents: Iterable[str]) -> Sheet:
    """Return the very hidden sheet by which a workbook, or the part of one, is known again.

    It lists our sheets, the tables on them (a sheet keeps its table when somebody renames it) and our names.
    """
    rows: list[tuple[str, Any, Any]] = [("chatbuilder", SYSTEM_VERSION, None), ("system", book.blueprint.name, None)]
    for sheet in sheets:
        rows.append(("sheet", sheet["key"], {"sheet": sheet["key"]}))
        rows += [("table", sheet["key"], {"ident": table["ident"]}) for table in sheet.get("tables", ())]
    rows += [("ident", ident, {"ident": ident}) for ident in idents]
    cells = [[f"{at}{n}", content, ""] for n, row in enumerate(rows, 1) for at, content in zip("ABC", row, strict=True)]
    return {"key": "marker", "name": book.sheets["marker"], "about": "", "state": "veryHidden", "cells": cells}
