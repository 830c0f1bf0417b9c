"""Google Sheets: what the formulas select, what the pages compute, and that every answer shows."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chatbuilder import catalog
from chatbuilder.blueprint import DaysSince
from chatbuilder.config import Config, CustomField, Options
from chatbuilder.design import design
from chatbuilder.filters import And, Cmp, Me, Not, Or, Today, matches, select_rows
from chatbuilder.generators.common.sheets_batch import letters_of as letters
from chatbuilder.generators.sheets import generate
from chatbuilder.generators.sheets.cells import data_cell
from chatbuilder.generators.sheets.dashboard import chart_formula, figure_formula
from chatbuilder.generators.sheets.formulas import EPOCH, column_test, row_test, serial, text
from chatbuilder.generators.sheets.layout import grids, needs_sheet
from chatbuilder.generators.sheets.pages import search_formula
from chatbuilder.solution import resolve
from tests.contract.sheets import run_batch
from tests.contract.sheets_formulas import Book, Err, Evaluator, Sheet
from tests.strategies import HOSTILE_CHOICES, HOSTILE_NAMES, configs, neighbours

TODAY = date(2026, 6, 15)
FULL = Config(
    platform="sheets",
    priorities=tuple(p for p in catalog.PRIORITIES if p != "simplicity"),
    features=tuple(catalog.FEATURES),
    team_size="large",
    complexity="advanced",
    options=Options(custom_fields=(CustomField(name="=cmd|x", type="select", choices=("=1+1", "It's")),)),
)


def build_body(config):
    body = next(step for step in generate(config, design(config)).plan if step.key == "build").payload["body"]
    return resolve(body, {"target": {"mark": "0123456789ab"}})


@cache
def full():
    """The full design with the spreadsheet that its batch builds."""
    blueprint = design(FULL)
    return blueprint, grids(blueprint), run_batch(build_body(FULL))


def plain_value(cell):
    """A data cell as the evaluator holds it."""
    value = next(iter(cell.get("userEnteredValue", {None: None}).values()))
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def sheet_of(grid, rows):
    cells = {(0, at): field.name for at, field in enumerate(grid.stored)}
    for n, row in enumerate(rows, 1):
        for at, field in enumerate(grid.stored):
            value = plain_value(data_cell(field, row.get(field.key)))
            if value is not None:
                cells[n, at] = value
    return Sheet(1000, grid.width, cells)


def book_of(rows, me="", today=TODAY, more=()):
    """A workbook with these sessions, the sample rows of the other tables, and the named cell Me."""
    _, found, _ = full()
    sheets = {g.table.name: sheet_of(g, rows if key == "sessions" else g.table.samples) for key, g in found.items()}
    sheets["Start"] = Sheet(60, 3, {(3, 1): me} if me else {})
    sheets["Page"] = Sheet(5000, 40, dict(more))
    return Book(sheets, {"Me": ("Start", 3, 1)}, today)


def cells_of(value):
    """The rows of an evaluated formula, empty cells as None."""
    rows = value if isinstance(value, list) else [[value]]
    return [[None if cell == "" else cell for cell in row] for row in rows]


# --- one filter, two dialects -------------------------------------------------------------------------------------

OPS = {
    "title": ("eq", "ne", "empty", "not_empty"),
    "text": ("eq", "ne", "empty", "not_empty"),
    "long_text": ("empty", "not_empty"),
    "url": ("empty", "not_empty"),
    "select": ("eq", "ne", "has", "lacks", "empty", "not_empty"),
    "multi_select": ("has", "lacks", "empty", "not_empty"),
    "relation": ("has", "lacks", "empty", "not_empty"),
    "person": ("has", "lacks", "eq", "ne", "empty", "not_empty"),
    "number": ("eq", "ne", "lt", "le", "gt", "ge", "empty", "not_empty"),
    "date": ("eq", "ne", "lt", "le", "gt", "ge", "empty", "not_empty"),
    "datetime": ("eq", "ne", "lt", "le", "gt", "ge", "empty", "not_empty"),
    "checkbox": ("eq", "ne"),
}
WORDS = ("Active", "active", "Archived", "Sam", "sam", "how-to", "how", "to", "bug", "=1+1", "It's", 'say "hi"', "x, y")


def field_values(field):
    """Awkward values of a field, as sample rows hold them."""
    days = st.dates(date(2026, 6, 10), date(2026, 6, 20))
    moments = st.datetimes(datetime(2026, 6, 13), datetime(2026, 6, 17))
    some = {
        "number": st.integers(-3, 6),
        "date": days.map(lambda d: d.isoformat()),
        "datetime": moments.map(lambda d: d.replace(microsecond=0).isoformat() + "Z"),
        "checkbox": st.booleans(),
        "multi_select": st.lists(st.sampled_from(WORDS[:-1]), max_size=3, unique=True).map(tuple),
        "relation": st.lists(st.sampled_from(WORDS[:-1]), max_size=1).map(tuple),
    }.get(field.type, st.sampled_from(WORDS))
    return some if field.type == "checkbox" else st.none() | some


def operands(field, op):
    if op in ("empty", "not_empty"):
        return st.none()
    if field.type in ("date", "datetime"):
        return st.integers(-4, 4).map(Today)
    by_type = {
        "number": st.integers(-3, 6),
        "checkbox": st.booleans(),
        "person": st.just(Me()) | st.sampled_from(WORDS),
    }
    return by_type.get(field.type, st.sampled_from(WORDS[:-1]))


def comparisons(fields):
    def one(field):
        return st.sampled_from(OPS[field.type]).flatmap(
            lambda op: operands(field, op).map(lambda value: Cmp(field.key, op, value))
        )

    return st.sampled_from(fields).flatmap(one)


def filters():
    leaves = comparisons(list(full()[1]["sessions"].stored))

    def grow(inner):
        parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
        return parts.map(And) | parts.map(Or) | inner.map(Not)

    return st.recursive(leaves, grow, max_leaves=5)


def rows():
    _, found, _ = full()
    fields = {f.key: field_values(f) for f in found["sessions"].stored if f.key != "title"}
    one = st.fixed_dictionaries({"title": st.sampled_from(["A", "b", "=x"]), **fields})
    return st.lists(one, min_size=1, max_size=4)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_every_filter_selects_the_same_rows(data):
    expr, sessions = data.draw(filters()), data.draw(rows())
    me = data.draw(st.sampled_from(["", "Sam", "sam"]))
    grid = full()[1]["sessions"]
    book = book_of(sessions, me)
    wanted = [matches(expr, row, today=TODAY, me=me) for row in sessions]
    by_row = [Evaluator(book, "Chat Sessions", down).run(f"={row_test(expr, grid)}") for down in range(len(sessions))]
    assert by_row == wanted
    kept = Evaluator(book, "Page").run(f"=FILTER({grid.column('title')},{column_test(expr, grid)})")
    titles = [row["title"] for row, yes in zip(sessions, wanted, strict=True) if yes]
    assert (kept if isinstance(kept, Err) else [r[0] for r in kept]) == (titles or Err("#N/A"))


@pytest.mark.parametrize("op", ["eq", "ne", "lt", "le", "gt", "ge"])
@pytest.mark.parametrize("key", ["follow_up", "last_activity"])
def test_fixed_days_compare_as_the_reference_does(op, key):
    grid = full()[1]["sessions"]
    stamps = ["2026-06-14", "2026-06-15", "2026-06-16", None]
    if key == "last_activity":
        stamps = [f"{d}T10:00:00Z" if d else None for d in stamps]
    sessions = [{"title": "x", key: stamp} for stamp in stamps]
    expr = Cmp(key, op, stamps[1])
    book = book_of(sessions)
    found = [Evaluator(book, "Chat Sessions", n).run(f"={row_test(expr, grid)}") for n in range(4)]
    assert found == [matches(expr, row, today=TODAY) for row in sessions]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_a_text_literal_is_only_text(value, other):
    assume("\x00" not in value + other)
    book = Book({"Page": Sheet(5, 5)}, {}, TODAY)
    assert Evaluator(book, "Page").run(f"={text(value)}&{text(other)}") == value + other


# --- views ---------------------------------------------------------------------------------------------------------


def session_rows(blueprint, table="sessions"):
    return [dict(row) for row in blueprint.table(table).samples]


def test_every_view_has_a_filter_view_that_selects_its_rows():
    blueprint, found, book = full()
    by_title = {view["title"]: view for view in book.filters.values()}
    for view in blueprint.views:
        grid, samples = found[view.table], session_rows(blueprint, view.table)
        spec = by_title[view.name]
        assert spec["tableId"] == grid.table_id
        look = book.book(TODAY)
        for n, row in enumerate(samples):
            wanted = matches(view.filter, row, today=TODAY, me="Sam")
            if view.filter is None:
                assert "filterSpecs" not in spec
                continue
            formula = spec["filterSpecs"][0]["filterCriteria"]["condition"]["values"][0]["userEnteredValue"]
            assert Evaluator(look, grid.table.name, n).run(formula) == wanted, (view.key, row)


def test_filter_views_sort_by_group_and_then_as_the_view_says():
    _blueprint, found, book = full()
    by_title = {view["title"]: view for view in book.filters.values()}
    grid = found["sessions"]
    month = by_title["By month"]["sortSpecs"]
    assert month == [
        {"dimensionIndex": grid.index["month"], "sortOrder": "DESCENDING"},
        {"dimensionIndex": grid.index["last_activity"], "sortOrder": "DESCENDING"},
    ]
    project = by_title["Project timeline"]["sortSpecs"]
    assert [s["dimensionIndex"] for s in project] == [grid.index["project"], grid.index["started"]]


def page_of(book, title):
    """The evaluated cells of a sheet that formulas fill: (row, column) -> value, spilled."""
    sheet = next(key for key, s in book.sheets.items() if s["title"] == title)
    look = book.book(TODAY)
    found = dict(look.sheets[title].cells)
    for place, value in sorted(book.cells[sheet].items()):
        if isinstance(value, dict):
            result = Evaluator(look, title).run(value["formula"])
            for r, row in enumerate(result if isinstance(result, list) else [[result]]):
                for c, cell in enumerate(row):
                    found[place[0] + r, place[1] + c] = look.sheets[title].cells[place[0] + r, place[1] + c] = cell
    return found


def expected(blueprint, view):
    samples = select_rows(view.filter, session_rows(blueprint, view.table), today=TODAY, me="Sam")
    for sort in reversed(view.sorts):
        samples.sort(key=lambda row: row[sort.field], reverse=sort.descending)
    return samples


@pytest.mark.parametrize("key", ["by_category", "by_assistant", "by_month", "by_project", "by_team"])
def test_grouped_sheets_list_the_rows_by_group(key):
    blueprint, _found, book = full()
    view = next(v for v in blueprint.views if v.key == key)
    assert needs_sheet(view)
    assert view.kind == "table"
    page = page_of(book, view.name)
    rows = expected(blueprint, view)
    field = blueprint.sessions.field(view.group_by)

    def single(value):
        return value[0] if isinstance(value, tuple) else value

    down = any(s.field == view.group_by and s.descending for s in view.sorts)
    rows.sort(key=lambda row: str(single(row[view.group_by])).casefold(), reverse=down)
    assert page[1, 0] == field.name
    assert [page[2 + n, 0] for n in range(len(rows))] == [single(row[view.group_by]) for row in rows]
    title_at = next(c for c in range(20) if page.get((1, c)) == "Title")
    assert [page[2 + n, title_at] for n in range(len(rows))] == [row["title"] for row in rows]
    assert (2 + len(rows), 0) not in page


def test_rows_without_a_group_are_not_lost():
    blueprint, _found, book = full()
    view = next(v for v in blueprint.views if v.key == "by_category")
    sheet = next(key for key, s in book.sheets.items() if s["title"] == view.name)
    formula = book.cells[sheet][2, 0]["formula"]
    look = book_of([{"title": "Lost", "status": "Active", "last_activity": "2026-06-01T00:00:00Z"}])
    assert cells_of(Evaluator(look, "Page").run(formula))[0][:2] == ["No category", "Lost"]
    assert Evaluator(book_of([]), "Page").run(formula) == "Nothing here yet"


def test_the_topic_board_stacks_titles_under_their_topic():
    blueprint, _found, book = full()
    view = next(v for v in blueprint.views if v.key == "by_topic")
    page = page_of(book, view.name)
    rows = expected(blueprint, view)
    heads = {page[1, c]: c for c in range(30) if page.get((1, c))}
    assert set(heads) == {"No topic", *(row["name"] for row in blueprint.table("topics").samples)}
    for topic, column in heads.items():
        stack = [page[r, column] for r in range(2, 10) if page.get((r, column))]
        assert stack == [row["title"] for row in rows if row["topic"] == (topic,)], topic


def test_a_board_of_choices_has_a_column_for_what_is_in_no_column():
    blueprint, _found, book = full()
    view = next(v for v in blueprint.views if v.key == "active_projects")
    page = page_of(book, view.name)
    assert [page[1, c] for c in range(6)] == ["No status", "Planned", "Active", "Done", "Dropped", "Other"]
    assert [page[r, 2] for r in (2, 3)] == ["Household", "Website"]
    assert page.get((2, 1)) in (None, "")


def test_the_calendar_shows_each_session_on_its_day():
    blueprint, _found, book = full()
    page = page_of(book, "Calendar")
    view = next(v for v in blueprint.views if v.key == "calendar")
    rows = expected(blueprint, view)
    newest = max(row["day"] for row in rows)
    assert page[1, 1] == serial(max(r["day"] for r in session_rows(blueprint)))
    first = date.fromisoformat(newest).replace(day=1)
    start = first - timedelta(days=first.weekday())
    for offset in range(42):
        day = start + timedelta(days=offset)
        titles = [row["title"] for row in rows if row["day"] == day.isoformat()]
        assert page[3 + offset // 7, offset % 7] == "\n".join([f"{day.day} {day:%b}", *titles])


@pytest.mark.parametrize("key", ["timeline", "project_timeline"])
def test_time_lines_draw_bars_to_scale(key):
    blueprint, _found, book = full()
    view = next(v for v in blueprint.views if v.key == key)
    page = page_of(book, view.name)
    columns = {page[1, c]: c for c in range(6) if (1, c) in page}
    rows = expected(blueprint, view)
    titles = [page[2 + n, columns["Title"]] for n in range(len(rows))]
    assert Counter(titles) == Counter(row["title"] for row in rows)
    if key == "timeline":
        assert titles == [row["title"] for row in rows]
    low = min(serial(row["started"]) for row in rows)
    high = max(serial(row["last_activity"]) for row in rows)
    for n, title in enumerate(titles):
        row = next(r for r in rows if r["title"] == title)
        bar = page[2 + n, columns["Bar"]]
        assert len(bar) - len(bar.lstrip()) == round((serial(row["started"]) - low) * 60 / (high - low))
        assert bar.strip() == "█" * max(
            1, round((serial(row["last_activity"]) - serial(row["started"])) * 60 / (high - low))
        )


# --- computed columns, dashboard, search ---------------------------------------------------------------------------


def test_computed_columns_follow_the_rows():
    blueprint, found, book = full()
    page = page_of(book, "Chat Sessions")
    grid, rows = found["sessions"], session_rows(blueprint)
    for field in blueprint.sessions.fields:
        if field.formula is None:
            continue
        column = grid.index[field.key]
        assert page[0, column] == field.name
        for n, row in enumerate(rows, 1):
            if isinstance(field.formula, DaysSince):
                day = datetime.fromisoformat(row[field.formula.field]).astimezone(UTC).date()
                assert page[n, column] == (TODAY - day).days
            else:
                assert page[n, column] == matches(field.formula.when, row, today=TODAY)
    prompts = grid.index["far:prompts:sessions"]
    assert page[0, prompts] == "Prompts"
    assert [page[n, prompts] for n in range(1, 6)] == [
        "",
        "Find the cause first",
        "",
        "",
        "Explain with a small example",
    ]


def test_topics_and_projects_count_their_sessions():
    blueprint, found, book = full()
    rows = session_rows(blueprint)
    for key, via in (("topics", "topic"), ("projects", "project")):
        grid = found[key]
        page = page_of(book, grid.table.name)
        for n, other in enumerate(session_rows(blueprint, key), 1):
            mine = [row for row in rows if row[via] == (other["name"],)]
            assert page[n, grid.index["session_count"]] == len(mine)
            assert page[n, grid.index[f"far:sessions:{via}"]] == "\n".join(row["title"] for row in mine)
            if key == "projects":
                latest = max((serial(row["last_activity"]) for row in mine), default="")
                assert page[n, grid.index["latest"]] == latest


def test_counting_takes_names_literally():
    """COUNTIF would read =1+1 as a comparison, * as anything, and ignore case."""
    topics = ("=1+1", "a*", "A*", ">0", "back\\", "none of them")
    config = Config(
        platform="sheets",
        priorities=("organization",),
        complexity="advanced",
        options=Options(topics=("=1+1", ">0", "a*")),
    )
    blueprint = design(config)
    found, book = grids(blueprint), run_batch(build_body(config))
    sheet = next(k for k, s in book.sheets.items() if s["title"] == "Chat Sessions")
    at = found["sessions"].index["topic"]
    for n, topic in enumerate(topics, 1):
        book.cells[sheet][n, at] = topic
    page = page_of(book, "Topics")
    grid = found["topics"]
    assert [page[n, grid.index["session_count"]] for n in (1, 2, 3)] == [1, 1, 1]


def test_dashboard_figures_are_those_of_the_rows():
    blueprint, found, book = full()
    look, rows = book.book(TODAY), session_rows(blueprint)
    for figure in blueprint.dashboard.figures:
        kept = select_rows(figure.filter, rows, today=TODAY)
        values = [row[figure.field] for row in kept if figure.field and row[figure.field] is not None]
        wanted = {"count": len(kept), "sum": sum(values), "average": sum(values) / len(values) if values else 0}
        assert Evaluator(look, "Dashboard").run(f"={figure_formula(figure, found)}") == pytest.approx(
            wanted[figure.aggregate]
        )
        assert Evaluator(book_of([]), "Page").run(f"={figure_formula(figure, found)}") == 0


def test_charts_read_numbers_that_add_up():
    blueprint, found, book = full()
    page, rows = page_of(book, "Dashboard"), session_rows(blueprint)
    assert {c["spec"]["title"] for c in book.charts.values()} == {c.name for c in blueprint.dashboard.charts}
    for chart in blueprint.dashboard.charts:
        spec = next(c["spec"] for c in book.charts.values() if c["spec"]["title"] == chart.name)
        data = spec.get("pieChart") or spec["basicChart"]
        part = data["domain"] if "pieChart" in spec else data["domains"][0]["domain"]
        column = part["sourceRange"]["sources"][0]["startColumnIndex"]
        shown = {page[r, column]: page[r, column + 1] for r in range(1, 27) if page.get((r, column))}
        if chart.interval == "week":
            days = [datetime.fromisoformat(row[chart.group_by]).date() for row in rows]
            wanted = Counter(float((d - timedelta(days=d.weekday()) - EPOCH).days) for d in days)
            assert list(shown) == sorted(shown)
        else:
            values = [row[chart.group_by] for row in rows]
            wanted = Counter(v[0] if isinstance(v, tuple) else v for v in values)
            assert list(shown.values()) == sorted(shown.values(), reverse=True)
        assert shown == wanted, chart.key
    empty = Evaluator(book_of([]), "Page").run(f"={chart_formula(blueprint.dashboard.charts[0], found)}")
    assert empty == ""


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("bayes coins", ["Understand Bayes with coins"]),
        ("BAYES  Coins", ["Understand Bayes with coins"]),
        ("coins sqlite", []),
        ("reference", ["Why does my query scan the whole table?", "Compare three note apps"]),
        ("a.*b", []),
        ("[", []),
        ("\\E.*", []),
        ("1/2", []),
        ("table?", ["Why does my query scan the whole table?"]),
    ],
)
def test_search_finds_all_words_literally(query, titles):
    blueprint, found, _book = full()
    rows = session_rows(blueprint)
    look = book_of(rows, more={(1, 1): query})
    result = Evaluator(look, "Page").run(f"={search_formula(found['sessions'])}")
    if not titles:
        assert result == "Nothing found"
        return
    hits = [row[0] for row in result]
    newest = sorted(rows, key=lambda row: row["last_activity"], reverse=True)
    assert set(titles) <= set(hits)
    assert hits == [row["title"] for row in newest if row["title"] in hits]
    assert len(hits) < len(rows)


def test_an_empty_search_says_what_to_do():
    found = full()[1]
    look = book_of(session_rows(full()[0]), more={(1, 1): "  "})
    assert Evaluator(look, "Page").run(f"={search_formula(found['sessions'])}") == "Type one or more words in B2"


# --- hostile text, layout, links -----------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(configs("sheets"))
def test_what_people_type_is_never_a_formula(config):
    """Only our own formulas start with =, and they hold foreign text only inside quotes."""
    book = run_batch(build_body(config))
    foreign = {config.name, *config.options.topics, *config.options.assistants}
    foreign |= {f.name for f in config.options.custom_fields} | {
        c for f in config.options.custom_fields for c in f.choices
    }
    for _, _, formula in book.formulas():
        bare = re.sub(r'"(?:[^"]|"")*"', '""', formula)
        bare = re.sub(r"'(?:[^']|'')*'!", "", bare)
        for value in foreign & {"=cmd|x", "'; DROP TABLE x; --", "{{name}}", "<% tp %>", "=1+1", "{{y}}"}:
            assert value not in bare
    held = [v for cells in book.cells.values() for v in cells.values() if isinstance(v, str)]
    assert config.name in held, "the name stands on Start as text"
    for field in config.options.custom_fields:
        assert field.name in held


def test_choices_that_would_be_parsed_stand_on_the_sheet_lists():
    blueprint, found, book = full()
    custom = next(f for f in blueprint.sessions.fields if f.name == "=cmd|x")
    column = book.tables[found["sessions"].table_id]["columnProperties"][found["sessions"].index[custom.key]]
    assert "columnType" not in column
    rule = next(r for r in book.rules if r["range"]["startColumnIndex"] == found["sessions"].index[custom.key])
    assert rule["rule"]["condition"]["values"] == [{"userEnteredValue": "='Lists'!$A$2:$A"}]
    lists = next(k for k, s in book.sheets.items() if s["title"] == "Lists")
    assert [book.cells[lists][n, 0] for n in range(3)] == ["=cmd|x", "=1+1", "It's"]
    assert book.sheets[lists]["hidden"] is True


@settings(max_examples=30, deadline=None)
@given(configs("sheets"))
def test_sample_rows_arrive_typed(config):
    blueprint = design(config)
    book = run_batch(build_body(config))
    for key, grid in grids(blueprint).items():
        table = book.tables[grid.table_id]
        cells = book.cells[grid.sheet]
        assert table["range"]["endRowIndex"] == 1 + max(1, len(grid.table.samples))
        for n, row in enumerate(grid.table.samples, 1):
            for field in grid.stored:
                found = cells.get((n, grid.index[field.key]))
                wanted = row.get(field.key)
                if field.type in ("date", "datetime") and wanted:
                    moment = datetime.combine(EPOCH, datetime.min.time()) + timedelta(seconds=round(found * 86400))
                    assert moment.isoformat().startswith(wanted.removesuffix("Z")), key
                elif isinstance(wanted, tuple):
                    assert (found or "") == ("\n" if field.relation else ", ").join(wanted)
                elif field.type == "checkbox":
                    assert found is bool(wanted)
                else:
                    assert found == wanted or (found is None and wanted in (None, ""))


def test_start_links_to_every_view_and_me_feeds_my_sessions():
    blueprint, _found, book = full()
    start = next(k for k, s in book.sheets.items() if s["title"] == "Start")
    links = {c["formula"] for c in book.cells[start].values() if isinstance(c, dict)}
    for view in blueprint.views:
        assert any(f'"{view.name}")' in link for link in links), view.key
    targets = [dict(re.findall(r"(gid|fvid)=(\d+)", link)) for link in links]
    assert {int(t["gid"]) for t in targets} <= set(book.sheets)
    assert {int(t["fvid"]) for t in targets if "fvid" in t} <= set(book.filters)
    me = book.names["Me"]["range"]
    assert book.cells[me["sheetId"]][me["startRowIndex"], me["startColumnIndex"]] == "Sam"


def test_headers_keys_and_computed_columns_warn_before_they_are_changed():
    _blueprint, found, book = full()
    grid = found["sessions"]
    areas = [g["range"] for g in book.guards if g["range"]["sheetId"] == grid.sheet]
    at = grid.index["source_id"]
    assert {
        "sheetId": grid.sheet,
        "startRowIndex": 0,
        "endRowIndex": 1,
        "startColumnIndex": 0,
        "endColumnIndex": grid.width,
    } in areas
    assert any(a["startColumnIndex"] == at and a["startRowIndex"] == 1 for a in areas)
    assert all(g["warningOnly"] for g in book.guards)
    hidden = {
        w["range"]["startIndex"]
        for w in book.widths
        if w["properties"].get("hiddenByUser") and w["range"]["sheetId"] == grid.sheet
    }
    assert hidden == {grid.index["model"], at}


@pytest.mark.parametrize(
    ("choice", "pattern"), [("iso", "yyyy-mm-dd"), ("european", "dd/mm/yyyy"), ("us", "mm/dd/yyyy")]
)
def test_dates_show_as_chosen(choice, pattern):
    config = Config(
        platform="sheets", priorities=("search",), features=("reminders",), options=Options(date_format=choice)
    )
    book = run_batch(build_body(config))
    grid = grids(design(config))["sessions"]
    shown = {
        f["range"]["startColumnIndex"]: f["cell"]["userEnteredFormat"]["numberFormat"]["pattern"]
        for f in book.formats
        if f["range"]["sheetId"] == grid.sheet and "numberFormat" in f["cell"]["userEnteredFormat"]
    }
    assert shown[grid.index["follow_up"]] == pattern
    assert shown[grid.index["started"]] == f"{pattern} hh:mm"
    assert shown[grid.index["title"]] == "@"


def test_status_priority_and_due_days_have_colours():
    blueprint, found, book = full()
    grid = found["sessions"]
    tests = [
        (
            c["rule"]["ranges"][0]["startColumnIndex"],
            c["rule"]["booleanRule"]["condition"]["values"][0]["userEnteredValue"],
        )
        for c in book.colours
        if c["rule"]["ranges"][0]["sheetId"] == grid.sheet
    ]
    look = book.book(TODAY)
    rows = session_rows(blueprint)
    for n, row in enumerate(rows):
        lit = [t for c, t in tests if c == grid.index["status"] and Evaluator(look, "Chat Sessions", n).run(t) is True]
        assert len(lit) == 1
        assert row["status"] in lit[0]
        due = [Evaluator(look, "Chat Sessions", n).run(t) for c, t in tests if c == grid.index["follow_up"]]
        late = row["follow_up"] is not None and row["follow_up"] <= TODAY.isoformat()
        assert due == [late and row["status"] not in ("Completed", "Archived")]


def test_column_letters():
    assert [letters(n) for n in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


# --- the package ---------------------------------------------------------------------------------------------------


def contents(config):
    """What is provisioned and what is written, without blueprint.json; and the guide."""
    solution = generate(config, design(config))
    files = {file.path: file.data() for file in solution.files if file.path != "blueprint.json"}
    return json.dumps(solution.plan.data(), sort_keys=True), files, solution.guide.markdown


@settings(max_examples=15, deadline=None)
@given(configs("sheets"))
def test_no_answer_is_dead(config):
    plan, files, guide = contents(config)
    for name, other in neighbours(config):
        new_plan, new_files, new_guide = contents(other)
        assert new_guide != guide, name
        assert (new_plan, new_files) != (plan, files), name


@settings(max_examples=25, deadline=None)
@given(configs("sheets"))
def test_the_same_answers_give_the_same_bytes(config):
    assert contents(config) == contents(Config(**dict(config)))


@settings(max_examples=40, deadline=None)
@given(configs("sheets"))
def test_the_guide_is_written_for_these_answers(config):
    solution = generate(config, design(config))
    guide = solution.guide.markdown
    for group in (catalog.PRIORITIES, catalog.FEATURES):
        for key, choice in group.items():
            if key in config.priorities or key in config.features:
                assert f"- **{choice.name}.** {choice.summary}" not in guide, f"{key} has no words of its own"
                assert f"- **{choice.name}.** " in guide
    assert "`chatbuilder sync SYSTEM` then adds one row for each chat" in guide
    assert "not in this version" not in guide
    paths = {file.path for file in solution.files} | {"README.md", "plan.json", "answers.toml"}
    for path in re.findall(r"`((?:sheets|templates)/[A-Za-z0-9_./-]+\.[a-z]+)`", guide):
        assert path in paths, path
    assert len(paths) == len(solution.files) + 3


def test_import_files_carry_the_right_types():
    files = {f.path: f.data().decode() for f in generate(FULL, design(FULL)).files}
    lines = files["sheets/import/chat-sessions.csv"].splitlines()
    assert lines[0].startswith("Title,Status,Assistant,Started")
    assert "2026-02-03 09:15:00" in files["sheets/import/chat-sessions.csv"]
    assert '"bug, reference"' in lines[2]
    assert "TRUE" in lines[2]


# --- Apps Script -----------------------------------------------------------------------------------------------------

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None and not os.environ.get("CI"), reason="node is not installed")
HARNESS = Path(__file__).with_name("apps_script.js").read_text("utf-8")


def run_script(code, call, sheets, now="2026-06-15", event=None, files=None):
    """Run Code.gs in node with a stand-in for Google's services; return what it wrote, mailed and scheduled."""
    job = {"sheets": sheets, "now": now, "event": event, "call": call, "files": files}
    done = subprocess.run(
        [NODE, "-e", HARNESS],
        input=json.dumps([code, job]),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def code_of(config):
    return next(f.data().decode() for f in generate(config, design(config)).files if f.path.endswith("Code.gs"))


HEAD = [
    "Title",
    "Status",
    "Last activity",
    "Topic",
    "Tags",
    "Notes",
    "First prompt",
    "Auto-filed",
    "Archived on",
    "Follow-up",
]


def session(title, status="Active", last=None, topic="", tags="", prompt="", filed=False, due=None):
    day = {"day": last} if last else ""
    return [title, status, day, topic, tags, "", prompt, filed, "", {"day": due} if due else ""]


RULES = [["Words", "Field", "Value"], ["python, sql", "Topic", "=Coding"], ["how to", "Tags", "how-to"]]


@needs_node
def test_the_script_files_what_is_empty_and_only_that():
    rows = [
        HEAD,
        session("Learn Python", tags="bug", prompt="how to begin"),
        session("SQL help", topic="Mine"),
        session("Tea"),
    ]
    rows.append(session("python again", filed=True))
    done = run_script(code_of(FULL), "fileAll()", {"Chat Sessions": rows, "Rules": RULES})
    assert done["written"] == [
        ["Chat Sessions", 2, 4, "text", "=Coding"],
        ["Chat Sessions", 2, 5, "text", "bug, how-to"],
        ["Chat Sessions", 2, 8, "value", True],
    ]


@needs_node
@pytest.mark.parametrize(("column", "count"), [(1, 3), (7, 3), (2, 0)])
def test_a_row_is_filed_when_its_text_is_typed(column, count):
    rows = [HEAD, session("Learn Python", prompt="how to begin"), session("Python too")]
    done = run_script(
        code_of(FULL), "onEdit(event)", {"Chat Sessions": rows, "Rules": RULES}, event=["Chat Sessions", 2, column]
    )
    assert len(done["written"]) == count
    assert all(row == 2 for _, row, *_ in done["written"])


@needs_node
def test_the_script_archives_what_is_completed_and_quiet():
    rows = [
        HEAD,
        session("Old", "Completed", last="2026-03-17"),
        session("One day short", "Completed", last="2026-03-18"),
        session("Open", "Active", last="2020-01-01"),
        session("Never", "Completed"),
    ]
    done = run_script(code_of(FULL), "archiveOld()", {"Chat Sessions": rows})
    assert [w[1:] for w in done["written"]] == [[2, 2, "text", "Archived"], [2, 9, "value", "2026-06-15"]]


@needs_node
def test_the_script_mails_what_is_due_and_nothing_else():
    rows = [
        HEAD,
        session("Due", due="2026-06-15"),
        session("Done", "Completed", due="2026-01-01"),
        session("Later", due="2026-06-16"),
    ]
    done = run_script(code_of(FULL), "remind()", {"Chat Sessions": rows})
    ((to, subject, body),) = done["mails"]
    assert (to, subject) == ("me@example.org", "1 follow-ups are due")
    assert "- Due (2026-06-15)" in body
    assert "Done" not in body
    assert "Later" not in body
    assert run_script(code_of(FULL), "remind()", {"Chat Sessions": rows[:1]})["mails"] == []


@needs_node
def test_a_template_starts_a_row_below_the_last():
    rows = [HEAD, session("One"), session("Two"), ["", "", "", "", "", "", "", False, "", ""]]
    done = run_script(code_of(FULL), "template3()", {"Chat Sessions": rows})
    assert ["Chat Sessions", 4, 1, "text", "Debugging"] in done["written"]
    notes = next(w[4] for w in done["written"] if w[2] == 6)
    assert notes.startswith("## Symptom\n")


@needs_node
def test_the_backup_keeps_the_ten_newest_copies_and_touches_nothing_else():
    old = [f"My chats 2026-0{month}-01T07:00" for month in range(1, 6)] + [
        f"My chats 2025-1{n}-01T07:00" for n in range(3)
    ]
    kept = ["My chats by hand", "Other 2020-01-01T00:00", "My chats 2020-01-01T00:00 (edited)"]
    done = run_script(code_of(FULL), "backup(); backup(); backup()", {}, files=[*old, *kept])
    assert done["copied"] == ["My chats 2026-06-15T12:00"] * 3
    assert done["trashed"] == ["My chats 2025-10-01T07:00"]
    first = run_script(code_of(FULL), "backup()", {})
    assert (first["copied"], first["trashed"]) == (["My chats 2026-06-15T12:00"], [])


@needs_node
def test_the_build_script_sends_the_plan_to_its_own_spreadsheet():
    code = next(f.data().decode() for f in generate(FULL, design(FULL)).files if f.path.endswith("Build.gs"))
    ((place, body),) = run_script(code, "buildSystem()", {})["sent"]
    assert place == "book-id"
    run_batch(body)
    assert not any("deleteSheet" in request for request in body["requests"])


@needs_node
@settings(max_examples=8, deadline=None)
@given(configs("sheets"))
def test_any_script_runs_and_its_menu_leads_somewhere(config):
    solution = generate(config, design(config))
    code = next((f.data().decode() for f in solution.files if f.path.endswith("Code.gs")), "")
    kinds = {item.kind for item in solution.blueprint.automations}
    assert bool(code) == bool(kinds & {"tagging", "archive", "reminder", "backup"} or solution.blueprint.templates)
    if code:
        assert code.isascii()
        done = run_script(code, "onOpen(); installTriggers()", {})
        assert done["known"]
        assert len(done["menu"]) == len(solution.blueprint.templates) + len(
            kinds & {"tagging", "archive", "reminder", "backup"}
        )
        assert ("backup" in done["triggers"]) == ("backup" in kinds)


# --- LibreOffice says the same ---------------------------------------------------------------------------------------

SOFFICE = shutil.which("soffice")


@pytest.mark.skipif(SOFFICE is None and not os.environ.get("CI"), reason="LibreOffice is not installed")
def test_libreoffice_selects_the_same_rows(tmp_path):
    """The row formulas are plain enough for another spreadsheet, which then judges our evaluator too."""
    openpyxl = pytest.importorskip("openpyxl")
    blueprint, found, _ = full()
    grid, samples = found["sessions"], session_rows(blueprint)
    now = datetime.now(UTC).date()
    week, month = (now - timedelta(days=7)).isoformat(), (now - timedelta(days=30)).isoformat()
    older, soon = (now - timedelta(days=8)).isoformat(), (now + timedelta(days=1)).isoformat()
    extra = [
        {
            **samples[0],
            "status": status,
            "follow_up": due,
            "keep_until": due,
            "tags": tags,
            "value": value,
            "last_activity": at,
        }
        for status, due, tags, value, at in (
            ("Active", now.isoformat(), ("bug",), 4, f"{week}T23:59:59Z"),
            ("active", soon, (), None, f"{older}T23:59:59Z"),
            ("On Hold", None, ("how-to", "bug"), 3, f"{month}T00:00:00Z"),
        )
    ]
    rows = [*samples, *extra]
    views = [v for v in blueprint.views if v.table == "sessions" and v.filter is not None]
    more = [
        Cmp("tags", "has", "bug"),
        Not(Cmp("tags", "has", "how")),
        Not(Cmp("value", "lt", 4)),
        Cmp("owner", "lacks", Me()),
    ]
    tests = [*(v.filter for v in views), *more]
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "Chat Sessions"
    for place, value in sheet_of(grid, rows).cells.items():
        cell = sheet.cell(place[0] + 1, place[1] + 1, value)
        if isinstance(value, str):
            cell.data_type = "s"
    me = workbook.create_sheet("Start")
    me["B4"] = "Sam"
    workbook.defined_names["Me"] = openpyxl.workbook.defined_name.DefinedName("Me", attr_text="Start!$B$4")
    for at, expr in enumerate(tests, 60):
        for n in range(len(rows)):
            test = re.sub(r"(\$[A-Z]+)2\b", rf"\g<1>{n + 2}", row_test(expr, grid))
            sheet.cell(n + 2, at, f"={test}")
    workbook.save(tmp_path / "in.xlsx")
    command = [
        SOFFICE,
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
    ]
    subprocess.run(
        [*command, "--outdir", str(tmp_path / "out"), str(tmp_path / "in.xlsx")],
        check=True,
        capture_output=True,
        timeout=110,
    )
    result = openpyxl.load_workbook(tmp_path / "out" / "in.xlsx", data_only=True)["Chat Sessions"]
    for at, expr in enumerate(tests, 60):
        shown = [result.cell(n + 2, at).value for n in range(len(rows))]
        assert shown == [matches(expr, row, today=now, me="Sam") for row in rows], expr


def test_hostile_names_are_still_hostile():
    """The strategies must keep offering text that looks like a formula."""
    assert any(name.startswith("=") for name in HOSTILE_NAMES)
    assert any(name.startswith("=") for name in HOSTILE_CHOICES)
