"""What stands in the workbook, its guide and its plan."""

import hashlib
import io
import json
import re
import statistics
import subprocess
import sys
import time
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbuilder import catalog
from chatbuilder.config import Config, Options
from chatbuilder.design import design
from chatbuilder.generators.common import workbook_formulas as formulas
from chatbuilder.generators.common.workbook import render
from chatbuilder.generators.common.workbook_spec import cell_text, idents, sheet_name, with_names
from chatbuilder.generators.excel import generate, logic, pages
from chatbuilder.generators.excel.book import open_book
from tests.office import load
from tests.strategies import HOSTILE_NAMES, configs, neighbours
from tests.unit.generators.excel_cases import EVERYTHING, HOSTILE, TYPICAL, solution_for, spec_of

# what stands in the file


def every_formula(spec):
    for sheet in spec["sheets"]:
        yield from (c[1]["formula"] for c in sheet.get("cells", ()) if isinstance(c[1], dict) and "formula" in c[1])
        yield from (fill["formula"] for fill in sheet.get("fills", ()))
        yield from (rule["formula"] for rule in sheet.get("rules", ()))
        for table in sheet.get("tables", ()):
            yield from (column["formula"] for column in table["columns"] if "formula" in column)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(configs("excel"))
def test_every_formula_refers_to_what_is_there(config):
    spec = spec_of(solution_for(config))
    tables = [table for sheet in spec["sheets"] for table in sheet.get("tables", ())]
    there = {(t["ident"], c["name"]) for t in tables for c in t["columns"]} | {(t["ident"], "") for t in tables}
    there |= {(name["ident"], "") for name in spec["names"]}
    for formula in every_formula(spec):
        assert set(formulas.refers_to(formula)) <= there, formula
        assert len(formula) < 8192
        assert all(len(text) <= 257 for text in re.findall(r'"(?:[^"]|"")*"', formula))
        assert not re.search(
            r"\b(FILTER|SORT|SORTBY|UNIQUE|XLOOKUP|LET|SEQUENCE|TEXTJOIN|IFS|MAXIFS|MINIFS)\(", formula
        )
    for sheet in spec["sheets"]:
        for item in sheet.get("validations", ()):
            assert "ident" not in item or (item["ident"], "") in there
    names = [t["ident"] for t in tables] + [n["ident"] for n in spec["names"]]
    assert len({name.casefold() for name in names}) == len(names)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(configs("excel"))
def test_sheets_and_columns_have_names_that_excel_takes(config):
    spec = spec_of(solution_for(config))
    titles = [sheet["name"] for sheet in spec["sheets"]]
    assert len({title.casefold() for title in titles}) == len(titles)
    assert all(0 < len(t) <= 31 and not set(t) & set("[]:*?/\\") and t.strip("'") == t for t in titles)
    for sheet in spec["sheets"]:
        for table in sheet.get("tables", ()):
            names = [column["name"].casefold() for column in table["columns"]]
            assert len(set(names)) == len(names)
            assert all(len(row) <= len(names) for row in table["rows"])


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(configs("excel"))
def test_the_order_of_a_view_fits_into_one_number(config):
    """No sort may be dropped: the parts of every key multiply to less than Excel's 15 digits."""
    blueprint = design(config)
    book = open_book(blueprint, pages.wanted_pages(blueprint))
    for view in blueprint.views:
        parts = [logic._group(view, book)] if view.group_by else []
        parts += [logic._part(view.table, sort, book) for sort in view.sorts if sort.field != view.group_by]
        size = 1
        for _, bound in parts:
            size *= bound
        assert size <= logic.KEY_LIMIT, view.key
        assert all(text in logic.key_of(view, book) for text, _ in parts)


def test_views_have_two_hundred_lines():
    spec = spec_of(solution_for(Config(**EVERYTHING)))
    for sheet in spec["sheets"]:
        if sheet["key"].startswith("view:"):
            lists = [
                fill["range"] for fill in sheet["fills"] if re.fullmatch(r"(?P<at>[A-Z]+)5:(?P=at)204", fill["range"])
            ]
            assert len(lists) >= 4, sheet["key"]


@pytest.fixture(scope="module")
def full():
    solution = solution_for(Config(**EVERYTHING))
    return solution, load(solution.files[0].data())


def test_tables_can_be_read_back(full):
    solution, book = full
    found = {table.name: (page, table) for page in book.worksheets for table in page.tables.values()}
    for table in solution.blueprint.tables:
        page, excel = found[table.key.title()]
        names = [column.name for column in excel.tableColumns]
        assert names[: len(table.fields)] == [field.name for field in table.fields]
        assert [cell.value for cell in page[1]] == names
        assert page.max_row == len(table.samples) + 1
        assert page.freeze_panes == "B2"
    for page, excel in found.values():
        rows = page[excel.ref]
        assert len(rows) >= 2
        for cell, column in zip(rows[0], excel.tableColumns, strict=True):
            assert cell.data_type == "s"
            if column.calculatedColumnFormula:
                assert rows[1][cell.column - rows[0][0].column].value == f"={column.calculatedColumnFormula.attr_text}"


def test_dropdowns_formats_and_colours(full):
    solution, book = full
    page = book["Chat Sessions"]
    by_column = {str(v.sqref).split(":")[0]: v for v in page.data_validations.dataValidation}
    for number, field in enumerate(solution.blueprint.sessions.fields, 1):
        rule = by_column.get(f"{formulas.letters(number)}2")
        cell = page.cell(2, number)
        if field.type in ("select", "multi_select", "relation", "person", "checkbox"):
            assert rule.type == "list"
            assert rule.formula1 in book.defined_names
        if field.maximum:
            assert (rule.type, rule.formula1, rule.formula2) == ("whole", "1", "5")
        if field.type in ("date", "datetime"):
            assert rule.type == "date"
            assert cell.number_format == ("yyyy-mm-dd hh:mm" if field.type == "datetime" else "yyyy-mm-dd")
        assert page.column_dimensions[formulas.letters(number)].width >= 10
        assert page.column_dimensions[formulas.letters(number)].hidden == field.hidden
    rules = [rule.formula[0] for found in page.conditional_formatting for rule in found.rules]
    for status in ("Active", "On Hold", "Completed", "Archived"):
        assert f'EXACT($B2,"{status}")' in rules
    assert any("ThisDay" in rule for rule in rules), "the overdue colour"
    assert book.defined_names["list_status"].attr_text == "lst_status[Choice]"
    assert book["_chatbuilder"].sheet_state == "veryHidden"
    assert book.calculation.fullCalcOnLoad


@pytest.mark.parametrize(("form", "day"), [("iso", "yyyy-mm-dd"), ("european", "dd/mm/yyyy"), ("us", "mm/dd/yyyy")])
def test_dates_look_as_chosen(form, day):
    config = Config(
        platform="excel", priorities=("search",), features=("reminders",), options=Options(date_format=form)
    )
    solution = solution_for(config)
    page = load(solution.files[0].data())["Chat Sessions"]
    looks = {field.key: page.cell(3, n).number_format for n, field in enumerate(solution.blueprint.sessions.fields, 1)}
    assert (looks["follow_up"], looks["started"]) == (day, f"{day} hh:mm")


def test_charts_read_number_cells(full):
    solution, book = full
    page = book["Dashboard"]
    charts = page._charts
    assert len(charts) == len(solution.blueprint.dashboard.charts) == 4
    for chart in charts:
        (series,) = chart.series
        ref = series.val.numRef.f
        cells = [cell for row in page[ref.split("!")[1].replace("$", "")] for cell in row]
        assert ref.startswith("'Dashboard'!")
        assert len(cells) > 3
        assert all(re.match(r"=(IF|MAX|COUNTIFS)\(", cell.value) for cell in cells)


def test_the_same_answers_give_the_same_bytes(tmp_path):
    config = Config(**TYPICAL)
    first = solution_for(config).files[0].data()
    assert solution_for(config).files[0].data() == first
    assert render(json.loads(json.dumps(spec_of(solution_for(config))))) == first
    code = (
        "import hashlib,sys\nfrom chatbuilder.config import Config\nfrom chatbuilder.design import design\n"
        "from chatbuilder.generators.excel import generate\n"
        f"c=Config(**{TYPICAL!r})\nprint(hashlib.sha256(generate(c,design(c)).files[0].data()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}
    )
    assert done.stdout.strip() == hashlib.sha256(first).hexdigest()
    with zipfile.ZipFile(io.BytesIO(first)) as book:
        assert {info.date_time for info in book.infolist()} == {(2000, 1, 1, 0, 0, 0)}


def test_hostile_text_stays_text():
    odd = "\x00\x0b\ud800\ufffe\r\nb"
    rows = tuple(
        {"title": name, "source_id": f"x:{n}", "notes": odd + name, "link": "=HYPERLINK(1)"}
        for n, name in enumerate(HOSTILE_NAMES)
    )
    config = Config(**{**TYPICAL, "name": "=cmd|x", "options": HOSTILE})
    solution = solution_for(config, {"sessions": rows})
    spec = spec_of(solution)
    page = load(render(spec))["Chat Sessions"]
    formulas_there = {column["name"] for column in spec["sheets"][1]["tables"][0]["columns"] if "formula" in column}
    for column in page.iter_cols():
        for cell in column[1:]:
            assert (cell.data_type == "f") == (column[0].value in formulas_there)
            assert cell.data_type != "e"
    assert [page.cell(n + 2, 1).value for n in range(len(HOSTILE_NAMES))] == list(HOSTILE_NAMES)
    assert all(page.cell(n + 2, 1).quotePrefix == (name[0] in "=+-@") for n, name in enumerate(HOSTILE_NAMES))
    assert page.cell(2, 11).value == "\nb" + HOSTILE_NAMES[0]
    assert load(render(spec))["Home"]["B1"].value == "=cmd|x"


@given(st.text(max_size=300))
def test_text_survives_excel(text):
    kept = cell_text(text)
    assert cell_text(kept.replace("_x005F_", "_")) == kept
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff\r]", kept)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("_x0041_", "_x005F_x0041_"), ("_x005F_x0041_", "_x005F_x005F_x005F_x0041_"), ("a_xyz_", "a_xyz_"),
        ("a\r\nb", "a\nb"),
    ],
)  # fmt: skip
def test_what_excel_would_read_as_a_letter_is_escaped(text, kept):
    assert cell_text(text) == kept


def test_cells_are_cut_where_excel_would_cut_them():
    emoji = cell_text("🚀" * 20_000)
    assert len(emoji.encode("utf-16-le")) // 2 <= 32_767
    assert emoji.endswith("🚀…")
    lines = cell_text("\n".join("x" * 400))
    assert lines.count("\n") == 253
    assert lines.count("x") == 400


@given(st.text(max_size=60), st.sets(st.sampled_from(["home", "sheet", "history", "a"])))
def test_sheet_names_are_legal_and_free(name, taken):
    before = set(taken)
    found = sheet_name(name, taken)
    assert 0 < len(found.encode("utf-16-le")) // 2 <= 31
    assert not set(found) & set("[]:*?/\\")
    assert found.casefold() not in before | {"history"}
    assert found.casefold() in taken


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(configs("excel"))
def test_no_answer_is_dead(config):
    def parts(solution):
        files = {f.path: f.content for f in solution.files if isinstance(f.content, str)}
        return solution.guide.markdown, (spec_of(solution), files)

    guide, rest = parts(solution_for(config))
    for what, other in neighbours(config):
        other_guide, other_rest = parts(solution_for(other))
        assert other_guide != guide, what
        assert other_rest != rest, what


@settings(max_examples=60)
@given(configs("excel"))
def test_the_guide_speaks_of_every_answer_and_view(config):
    solution = solution_for(config)
    text = solution.guide.markdown
    for key in (*config.priorities, *config.features):
        choice = catalog.PRIORITIES.get(key) or catalog.FEATURES[key]
        line = next(line for line in text.splitlines() if line.startswith(f"- **{choice.name}.**"))
        assert choice.summary not in line, "the platform's own words"
    assert all(f"- **{view.name}** ({view.kind})" in text for view in solution.blueprint.views)
    sheets = {sheet["name"] for sheet in spec_of(solution)["sheets"]}
    every = {sheet["name"] for sheet in spec_of(solution_for(Config(**EVERYTHING)))["sheets"]}
    own_words = text[text.index("## How your answers show") : text.index("## Views")]
    assert {name for name in re.findall(r"\*\*(.+?)\*\*", own_words) if name in every - sheets} == set()
    for automation in solution.blueprint.automations:
        script = f"office-scripts/{automation.key.replace('_', '-')}.ts"
        assert (script in text) == any(file.path == script for file in solution.files)
    for named in re.findall(r"`((?:scripts|office-scripts|templates)/[^` ]+|[a-z-]+\.md)", text):
        assert any(file.path == named for file in solution.files), named


def test_design_and_generate_are_quick():
    config = Config(**TYPICAL)
    taken = []
    for _ in range(15):
        start = time.perf_counter()
        generate(config, design(config))
        taken.append(time.perf_counter() - start)
    assert statistics.median(taken) < 0.05  # the goal is 10 ms; a busy machine gets five times that


# formulas as text


def test_copying_moves_what_is_not_fixed():
    at = formulas.copied("=IF(A5=\"A5\",Sessions[[#This Row],[A5]]+B$4+$C5+'A1'!$D$1,LOG10(Z9))")
    assert at(0, 0) == "=IF(A5=\"A5\",Sessions[[#This Row],[A5]]+B$4+$C5+'A1'!$D$1,LOG10(Z9))"
    assert at(2, 1) == "=IF(B7=\"A5\",Sessions[[#This Row],[A5]]+C$4+$C7+'A1'!$D$1,LOG10(AA11))"


def test_renaming_touches_names_only():
    text = "=COUNTIFS(Sessions[Sessions],\"Sessions\",Me)+SUM(Sessions[[#This Row],[Me]])+Me2+'Me'!A1"
    renamed = formulas.renamed(text, {"Sessions": "Sessions_2", "Me": "Me_2"})
    assert renamed == "=COUNTIFS(Sessions_2[Sessions],\"Sessions\",Me_2)+SUM(Sessions_2[[#This Row],[Me]])+Me2+'Me'!A1"


@given(st.text(alphabet="ab '[]#@\"(){}=*?~é", min_size=1, max_size=12))
def test_any_column_name_can_be_referred_to(name):
    text = f"=SUM({formulas.column('T', name)})+{formulas.this_row('T', name)}"
    assert set(formulas.refers_to(text)) == {("T", name)}
    assert formulas.renamed(text, {"T": "U"}) == text.replace("T[", "U[", 1)[::-1].replace("[T", "[U", 1)[::-1]


def test_a_spec_can_be_renamed_throughout():
    spec = spec_of(solution_for(Config(**EVERYTHING)))
    names = {name: f"{name}_2" for name in idents(spec)}
    changed = with_names(spec, {"home": "Home (2)"}, names)
    assert not set(idents(changed)) & set(names)
    assert changed["sheets"][0]["name"] == "Home (2)"
    there = set(idents(changed))
    for formula in every_formula(changed):
        assert {name for name, _ in formulas.refers_to(formula)} <= there
    book = load(render(changed))
    assert {t for page in book.worksheets for t in page.tables} <= there
    marker = {row[1]: row[2] for row in book["_chatbuilder"].iter_rows(min_row=3, values_only=True)}
    assert marker["Sessions"] == "Sessions_2"
    assert marker["home"] == "Home (2)"
