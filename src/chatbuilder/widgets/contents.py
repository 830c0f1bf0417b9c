"""What the four tabs of the Solution list and show; an entry is made when it is looked at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from chatbuilder.solution import json_text, plain
from chatbuilder.widgets.browser import Entry
from chatbuilder.widgets.choices import Item
from chatbuilder.widgets.markdown import blocks as markdown_blocks
from chatbuilder.widgets.prose import Block, Code, grid, heading, para

if TYPE_CHECKING:
    from chatbuilder.blueprint import Blueprint, Field, Table, View
    from chatbuilder.solution import OutputFile, Solution, Step

OWNERS = {"sync": "sync", "seed": "sync once, then you", "person": "you", "computed": "computed"}
LONGEST = 40_000  # characters of a file or payload that are shown; an export has them all


def guide(solution: Solution) -> list[Entry]:
    """Return one entry for each chapter of the guide and of the other documents."""
    found = []
    for document in (solution.guide, *solution.documents):
        for number, (title, text) in enumerate(_chapters(document.markdown)):
            item = Item(f"{document.key}-{number}", title if number else document.title, sign="  " if number else "")
            found.append(Entry(item, partial(markdown_blocks, text), partial(str, document.markdown)))
    return found


def _chapters(source: str) -> list[tuple[str, str]]:
    """Split Markdown at its second-level headings, outside of code."""
    found: list[tuple[str, list[str]]] = [("", [])]
    fenced = False
    for line in source.splitlines():
        fenced ^= line.lstrip().startswith("```")
        if line.startswith("## ") and not fenced:
            found.append((_words(line[3:]), []))
        found[-1][1].append(line)
    return [(title, "\n".join(lines)) for title, lines in found]


def _words(markdown: str) -> str:
    first = next(iter(markdown_blocks(markdown)), None)
    return getattr(first, "content", Content(markdown)).plain


def design(solution: Solution, words: Mapping[str, str]) -> list[Entry]:
    """Return one entry for each table, view, and group of extras."""
    bp = solution.blueprint
    copy = partial(str, solution.documents[0].markdown if solution.documents else solution.guide.markdown)
    found = [Entry(Item("overview", "Overview"), partial(_overview, bp), copy)]
    for table in bp.tables:
        found.append(Entry(Item(f"table-{table.key}", f"Table {table.name}"), partial(_table, bp, table), copy))
    for view in bp.views:
        found.append(Entry(Item(f"view-{view.key}", f"View {view.name}"), partial(_view, bp, view, words), copy))
    for key, name, items in (
        (
            "templates",
            "Templates",
            [(t.name, f"{t.about} {', '.join(h for h, _ in t.headings)}") for t in bp.templates],
        ),
        ("automations", "Automations", [(a.name, f"{a.trigger} {a.effect}") for a in bp.automations]),
        ("roles", "Roles", [(r.name, f"{r.may} {r.who}") for r in bp.team.roles]),
        ("left-out", "Left out", [(item.what, item.why) for item in bp.left_out]),
    ):
        if items:
            found.append(Entry(Item(key, name), partial(_pairs, name, items), copy))
    if bp.dashboard:
        board = bp.dashboard
        figures = [(f.name, "figure") for f in board.figures] + [(c.name, f"{c.kind} chart") for c in board.charts]
        found.append(Entry(Item("dashboard", "Dashboard"), partial(_pairs, board.name, figures), copy))
    return found


def _overview(bp: Blueprint) -> list[Block]:
    rows = [(t.name, str(len(t.fields)), str(sum(v.table == t.key for v in bp.views)), t.about) for t in bp.tables]
    found: list[Block] = [heading(Content(bp.name), 1), grid(("Table", "Fields", "Views", "What it holds"), rows)]
    if bp.findings:
        found.append(heading("Good to know"))
    for finding in bp.findings:
        sign = "! " if finding.level == "warning" else "· "
        found.append(para((finding.title, "bold"), f". {finding.reason} {finding.suggestion}", lead=sign, gap=False))
    return found


def _table(bp: Blueprint, table: Table) -> list[Block]:
    rows = [(field.name, _type(field, bp), OWNERS[field.owner], field.about) for field in table.fields]
    return [heading(Content(table.name)), para(table.about), grid(("Field", "Type", "Filled by", "Meaning"), rows)]


def _type(field: Field, bp: Blueprint) -> str:
    if field.options:
        return f"{field.type.replace('_', ' ')}: {', '.join(field.option_names())}"
    if field.relation:
        return f"link to {bp.table(field.relation.table).name}"
    return field.type.replace("_", " ")


def _view(bp: Blueprint, view: View, words: Mapping[str, str]) -> list[Block]:
    table = bp.table(view.table)
    columns = ", ".join(table.field(key).name for key in view.fields)
    found: list[Block] = [
        heading(Content(view.name)),
        para(view.about),
        para(("Kind  ", "$muted"), view.kind, gap=True),
    ]
    found.append(para(("Of  ", "$muted"), table.name, gap=False))
    if words.get(view.key):
        found.append(para(words[view.key], gap=False))
    return [*found, para(("Shows  ", "$muted"), columns, gap=False)]


def _pairs(name: str, items: Sequence[tuple[str, str]]) -> list[Block]:
    return [
        heading(Content(name)),
        *(para((title, "bold"), f"  {text}", lead="• ", gap=False) for title, text in items),
    ]


def files(solution: Solution) -> list[Entry]:
    """Return the files of the export as a tree: a line for each folder, then its files."""
    found, known = [], set[str]()
    for file in sorted(solution.files, key=lambda f: f.path):
        *folders, name = file.path.split("/")
        for depth in range(len(folders)):
            path = "/".join(folders[: depth + 1])
            if path not in known:
                known.add(path)
                inside = [f.path for f in solution.files if f.path.startswith(f"{path}/")]
                item = Item(f"{path}/", f"{folders[depth]}/", sign="  " * depth)
                found.append(Entry(item, partial(_folder, path, inside), partial("\n".join, inside)))
        item = Item(file.path, name, sign="  " * len(folders))
        found.append(Entry(item, partial(_file, file), partial(_file_text, file)))
    return found


def _folder(path: str, inside: Sequence[str]) -> list[Block]:
    count = f"{len(inside)} file{'' if len(inside) == 1 else 's'}"
    return [heading(Content(f"{path}/")), para((count, "$muted")), Code("\n".join(inside))]


def _file(file: OutputFile) -> list[Block]:
    return [heading(Content(file.path)), para((file.about, "$muted")), *_shown(_file_text(file))]


def _file_text(file: OutputFile) -> str:
    # A workbook takes a while to make and shows nothing here: only text is asked for.
    if callable(file.content) and not file.path.endswith((".json", ".csv", ".md", ".sql", ".py", ".yaml", ".txt")):
        return "This file is made when you export. It is not text."
    try:
        return file.data().decode()
    except UnicodeDecodeError:
        return "This file is not text. It is written when you export."


def plan(solution: Solution) -> list[Entry]:
    """Return the deliveries in their order, with the exact payload, and what is left to do by hand."""
    found = [
        Entry(
            Item(f"step-{step.key}", step.title, sign=f"{n:>2}", style="$muted"),
            partial(_step, step),
            partial(_payload, step),
        )
        for n, step in enumerate(solution.plan, 1)
    ]
    for manual in solution.manual:
        how: list[Block] = [para(line, lead="• ", gap=False) for line in manual.how]
        made: list[Block] = [heading(Content(manual.title)), para(manual.why), *how]
        found.append(
            Entry(
                Item(f"hand-{manual.key}", f"By hand: {manual.title}", sign=" !", style="$warn bold"),
                partial(list, made),
                partial("\n".join, manual.how),
            )
        )
    return found


def _step(step: Step) -> list[Block]:
    found: list[Block] = [heading(Content(step.title)), para((f"{step.kind} · {step.key}", "$muted"))]
    if step.depends_on:
        found.append(para(("After  ", "$muted"), ", ".join(step.depends_on), gap=False))
    text = step.payload.get("text")
    if isinstance(text, str):
        rest = {key: value for key, value in step.payload.items() if key != "text"}
        return [*found, *_shown(json.dumps(plain(rest), indent=2, ensure_ascii=False)), *_shown(text)]
    return [*found, *_shown(_payload(step))]


def _payload(step: Step) -> str:
    return json_text(step.payload)


def _shown(text: str) -> Iterable[Block]:
    yield Code(text[:LONGEST].rstrip("\n"))
    if len(text) > LONGEST:
        yield para((f"… and {len(text) - LONGEST:,} more characters. An export has them all.", "$muted"))
