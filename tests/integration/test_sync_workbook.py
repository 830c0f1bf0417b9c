"""Sync into an Excel workbook: what else is in the file stays, the table grows, nothing is ever a formula."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from chatbuilder import pipeline
from chatbuilder.errors import InputError, RefusedError
from chatbuilder.provision.excel import filling
from tests.integration.filling import FULL, grown, keys, take_in
from tests.integration.places import WorkbookPlace
from tests.office import SOFFICE, errors, load, needs_office, recalculated
from tests.unit.library.makers import chat

LEAN = {**FULL, "priorities": ["organization"], "features": ["dashboard"]}


@pytest.fixture
def opens(tmp_path: Path) -> Iterator[Callable[..., WorkbookPlace]]:
    """Open a workbook with few sheets; close it at the end."""
    made: list[WorkbookPlace] = []

    def one(**more: Any) -> WorkbookPlace:
        made.append(WorkbookPlace(tmp_path, {**LEAN, **more}))
        return made[-1]

    yield one
    for place in made:
        with closing(place):
            pass


def parts(place: WorkbookPlace) -> dict[str, bytes]:
    """The parts of the file by name."""
    with zipfile.ZipFile(place.file) as file:
        return {name: file.read(name) for name in file.namelist()}


def with_parts(place: WorkbookPlace, change: Callable[[dict[str, bytes]], None]) -> None:
    """Change parts of the file, as a program does that is not openpyxl."""
    found = parts(place)
    change(found)
    with zipfile.ZipFile(place.file, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in found.items():
            file.writestr(name, content)


def sheet_of(found: dict[str, bytes], text: bytes = b">Source ID<") -> str:
    """The part of the sheet with the chats."""
    return next(n for n, c in sorted(found.items()) if n.startswith("xl/worksheets/sheet") and text in c)


def test_other_parts_stay_byte_for_byte(opens):
    place = opens(features=["dashboard", "projects"])
    with_parts(place, lambda found: found.update({
        "xl/slicers/slicer1.xml": b"<slicers/>", "xl/threadedComments/threadedComment1.xml": b"<mine/>",
        "xl/media/image1.png": b"\x89PNG\0\1", "customXml/item1.xml": b"<mine/>",
    }))  # fmt: skip
    before = parts(place)
    take_in(*(chat(f"c{n}", project="Garden") for n in range(3)))
    assert place.sync().created == 3
    after = parts(place)
    changed = {name for name in before if before[name] != after.get(name)}
    assert after.keys() == before.keys()
    tables = {name for name in changed if name.startswith("xl/tables/")}
    assert len(tables) == 2
    assert changed - tables <= {sheet_of(before), sheet_of(before, b">Goals<"), "xl/styles.xml"}


def test_what_a_person_added_goes_on(opens):
    from openpyxl.chart import BarChart, Reference
    from openpyxl.comments import Comment
    from openpyxl.formatting.rule import CellIsRule
    from openpyxl.styles import PatternFill
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.table import TableColumn, TableFormula

    place = opens()
    chats = [chat(f"c{n}", f"Question {n}", "Answer") for n in range(4)]
    take_in(*chats)
    place.sync()

    def act(book: Any) -> None:
        page, table = place.table(book, "Sessions")
        last, right = page.max_row, page.max_column + 1
        formula = TableColumn(id=900, name="Mine")
        formula.calculatedColumnFormula = TableFormula(attr_text="Sessions[[#This Row],[Messages]]*2")
        table.tableColumns += [formula, TableColumn(id=901, name="Colour")]
        page.cell(1, right).value, page.cell(1, right + 1).value = "Mine", "Colour"
        for row in range(2, last + 1):
            page.cell(row, right).value = "=Sessions[[#This Row],[Messages]]*2"
        page.cell(last, right + 1).value = "green"
        letters = page.cell(1, right + 1).column_letter
        table.ref = table.autoFilter.ref = f"A1:{letters}{last}"
        page.conditional_formatting.add(f"F2:F{last}", CellIsRule("greaterThan", ["9"], fill=PatternFill("solid")))
        rule = DataValidation("list", formula1='"green,red"')
        rule.add(f"{letters}2:{letters}{last}")
        page.add_data_validation(rule)
        page["A2"].comment = Comment("mine", "me")
        own = book.create_sheet("My sheet")
        own["A1"] = "=COUNTA(Sessions[Title])"
        chart = BarChart()
        chart.add_data(Reference(page, min_col=6, min_row=2, max_row=last))
        own.add_chart(chart, "C3")
        rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=2, max_row=last)]
        for row, values in zip(page.iter_rows(min_row=2, max_row=last), reversed(rows), strict=True):
            for cell, value in zip(row, values, strict=True):
                cell.value = value

    place.change(act)
    order = [row["Source ID"] for _, row in place.listed(load(place.file.read_bytes()), "Sessions")]
    take_in(*(grown(old, "More", "Sure") for old in chats), chat("new"), exported=2.0)
    report = place.sync()
    assert (report.created, report.updated, report.kept) == (1, 4, 0)
    book = load(place.file.read_bytes())
    page, table = place.table(book, "Sessions")
    listed = [row for _, row in place.listed(book, "Sessions")]
    assert [row["Source ID"] for row in listed] == [*order, "chatgpt:new"]
    assert {row["Mine"] for row in listed} == {"=Sessions[[#This Row],[Messages]]*2"}
    assert [row["Colour"] for row in listed].count("green") == 1
    assert all(row["Messages"] == 4 for row in listed if row["Source ID"] in keys(chats))
    bottom = len(listed) + 1
    assert table.ref.endswith(str(bottom))
    assert table.autoFilter.ref == table.ref
    assert f"F2:F{bottom}" in [str(area.sqref) for area in page.conditional_formatting]
    assert any(str(rule.sqref).endswith(f":{page.cell(1, len(listed[0])).column_letter}{bottom}")
               for rule in page.data_validations.dataValidation if rule.formula1 == '"green,red"')  # fmt: skip
    assert page["A2"].comment.text == "mine"
    assert len(book["My sheet"]._charts) == 1
    assert len(book["Dashboard"]._charts) == 4


def test_columns_that_were_renamed_moved_or_removed(opens):
    place = opens()
    one = chat("a", url="https://x.example/a")
    take_in(one)
    place.sync()

    def rename(found: dict[str, bytes]) -> None:
        table = next(n for n, c in found.items() if n.startswith("xl/tables/") and b'name="Source ID"' in c)
        found[table] = found[table].replace(b'name="Link"', b'name="Address"')
        sheet = sheet_of(found)
        found[sheet] = found[sheet].replace(b">Link<", b">Address<", 1)

    with_parts(place, rename)
    take_in(grown(one, "More"), chat("b", url="https://x.example/b"), exported=2.0)
    report = place.sync()
    assert any("Link is called Address" in note for note in report.notes)
    assert (report.created, report.updated) == (1, 1)
    listed = [row for _, row in place.listed(load(place.file.read_bytes()), "Sessions")]
    assert listed[-1]["Address"] == "https://x.example/b"

    def remove(book: Any) -> None:
        page, table = place.table(book, "Sessions")
        at = next(cell.column for cell in page[1] if cell.value == "Address")
        page.delete_cols(at)
        del table.tableColumns[at - 1]
        right = page.cell(1, len(table.tableColumns)).column_letter
        table.ref = table.autoFilter.ref = f"A1:{right}{page.max_row}"

    place.change(remove)
    take_in(chat("c", url="https://x.example/c"))
    report = place.sync()
    assert any("stay out: Link" in note for note in report.notes)
    assert report.created == 1
    assert "https://x.example/c" not in str(place.rows()["chatgpt:c"])


def test_without_its_source_id_the_table_cannot_be_filled(opens):
    place = opens()

    def act(book: Any) -> None:
        page, table = place.table(book, "Sessions")
        for column in (table.tableColumns[c] for c in range(len(table.tableColumns))):
            column.id += 7
            if column.name == "Source ID":
                column.name = "Key"
        next(cell for cell in page[1] if cell.value == "Source ID").value = "Key"

    place.change(act)
    with pytest.raises(InputError, match="no column Source ID"):
        place.sync()


def test_a_totals_row_moves_down_and_what_stands_below_stops_rows(opens):
    place = opens()

    def totals(book: Any) -> None:
        page, table = place.table(book, "Sessions")
        last = int(re.findall(r"\d+", table.ref)[1])
        page.cell(last + 1, 1).value, page.cell(last + 1, 6).value = "Total", "=SUBTOTAL(109,Sessions[Messages])"
        page.cell(last + 4, 2).value = "My own note"
        table.totalsRowCount, table.ref = 1, re.sub(r"\d+$", str(last + 1), table.ref)

    place.change(totals)
    take_in(*(chat(f"c{n}") for n in range(4)))
    report = place.sync()
    assert (report.created, report.failed) == (2, 2)
    assert "row 11 holds something of yours" in report.problems[0].reason
    book = load(place.file.read_bytes())
    page, table = place.table(book, "Sessions")
    assert table.ref.endswith("10")
    assert table.autoFilter.ref.endswith("9")
    assert (page["A10"].value, page["F10"].value) == ("Total", "=SUBTOTAL(109,Sessions[Messages])")
    assert page["B11"].value == "My own note"
    place.change(lambda book: place.table(book, "Sessions")[0].__setitem__("B11", None))
    assert place.sync().created == 2
    page, table = place.table(load(place.file.read_bytes()), "Sessions")
    assert (page["A12"].value, table.ref[-2:]) == ("Total", "12")


@pytest.mark.parametrize("lock", ["~$Chats.xlsx", ".~lock.Chats.xlsx#"])
def test_a_workbook_that_is_open_is_left_alone(opens, lock):
    place = opens()
    take_in(chat("a"))
    (place.room / lock).write_text("me")
    before = place.file.read_bytes()
    with pytest.raises(InputError) as caught:
        place.sync()
    assert "is open in" in caught.value.problems[0]
    assert place.file.read_bytes() == before
    (place.room / lock).unlink()
    assert place.sync().created == 1


def test_a_workbook_that_changes_meanwhile_is_left_alone(opens, monkeypatch):
    place = opens()
    take_in(chat("a"))
    settle = filling.WorkbookRows.settle

    def late(self: filling.WorkbookRows) -> None:
        place.edit("sample:1", title="Typed while sync ran")
        settle(self)

    monkeypatch.setattr(filling.WorkbookRows, "settle", late)
    with pytest.raises(RefusedError) as caught:
        place.sync()
    assert "sync again" in caught.value.hint
    assert place.rows() == {}
    monkeypatch.setattr(filling.WorkbookRows, "settle", settle)
    assert place.sync().created == 1
    assert "Typed while sync ran" in str(parts(place))


def test_no_old_results_are_shown(opens):
    place = opens()
    take_in(chat("a"))

    def saved_by_excel(found: dict[str, bytes]) -> None:
        for name in list(found):
            if name.startswith("xl/worksheets/sheet"):
                found[name] = re.sub(rb"</f><v ?/>", b"</f><v>41</v>", found[name])
        found["xl/calcChain.xml"] = b'<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
        found["xl/workbook.xml"] = found["xl/workbook.xml"].replace(b' fullCalcOnLoad="1"', b"")
        rels = "xl/_rels/workbook.xml.rels"
        kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/calcChain"
        chain = b'<Relationship Id="rId900" Type="' + kind + b'" Target="calcChain.xml"/></Relationships>'
        found[rels] = found[rels].replace(b"</Relationships>", chain)

    with_parts(place, saved_by_excel)
    place.sync()
    after = parts(place)
    assert not any(b"<v>41</v>" in content for content in after.values())
    assert b'fullCalcOnLoad="1"' in after["xl/workbook.xml"]
    assert "xl/calcChain.xml" not in after
    assert b"calcChain" not in after["xl/_rels/workbook.xml.rels"]


WILD = ("=1+1", "+1", "-1", "@x", "_x0041_ and _x005F_", "a\x00b\x0bc", "no \ufffe\uffff character", "two\r\nlines",
        "  blanks  ", "<c r=\"A1\"><v>1</v></c>", "&amp; ]]> <![CDATA[", "🚀" * 900)  # fmt: skip


def test_wild_text_stays_text(opens):
    place = opens(priorities=["organization", "search"])
    chats = [chat(f"w{n}", text, title=text, model=text[:90]) for n, text in enumerate(WILD)]
    take_in(*chats)
    assert place.sync().created == len(WILD)
    book = load(place.file.read_bytes())
    page, _ = place.table(book, "Sessions")
    heads = {cell.value: cell.column for cell in page[1]}
    for number, row in place.listed(book, "Sessions"):
        if row["Source ID"].startswith("sample:"):
            continue
        for head in ("Title", "First prompt"):
            cell = page.cell(number, heads[head])
            assert cell.data_type in ("s", "inlineStr"), row
            assert cell.quotePrefix == str(cell.value).startswith(("=", "+", "-", "@"))
    row = place.rows()["chatgpt:w4"]
    assert row["title"] == "_x005F_x0041_ and _x005F_x005F_", "which Excel shows as it was typed"
    place.change(lambda book: None)
    take_in(*(grown(old, "More") for old in chats), exported=2.0)
    report = place.sync()
    assert (report.updated, report.kept) == (len(WILD), 0)


def test_long_messages_go_over_several_rows(opens):
    place = opens()
    long, lines = "🚀x" * 30_000, "\n".join(map(str, range(700)))
    take_in(chat("a", long, lines))
    assert place.sync(transcripts=True).transcripts == 1
    assert place.said("chatgpt:a") == [long, lines]
    rows = [row for _, row in place.listed(load(place.file.read_bytes()), "Messages")]
    assert all(len(row["Text"].encode("utf-16-le")) // 2 <= 32_767 and row["Text"].count("\n") <= 253 for row in rows)
    assert [row["Part"] for row in rows] == [1, 2, 3, 1, 2, 3]
    assert isinstance(rows[0]["Time"], datetime)
    place.change(lambda book: None)
    take_in(grown(chat("a", long, lines), "More"), exported=2.0)
    assert place.sync(transcripts=True).updated == 1
    assert place.said("chatgpt:a") == [long, lines, "More"]


def test_a_sheet_called_messages_of_their_own(opens):
    place = opens()
    place.change(lambda book: book.create_sheet("Messages").__setitem__("A1", "mine"))
    take_in(chat("a"))
    place.sync(transcripts=True)
    book = load(place.file.read_bytes())
    assert book["Messages"]["A1"].value == "mine"
    assert place.said("chatgpt:a") == ["Hello", "Hi there"]


def test_rules_that_a_person_typed_file_new_chats(opens):
    place = opens(priorities=["organization", "automation"])

    def act(book: Any) -> None:
        page, table = place.table(book, "Rules")
        last = int(re.findall(r"\d+", table.ref)[1]) + 1
        page.cell(last, 1).value, page.cell(last, 2).value, page.cell(last, 3).value = "tomato", "Category", "Idea"
        page.cell(last, 2).value = "Topic"
        page.cell(last, 3).value = "Travel"
        table.ref = table.autoFilter.ref = re.sub(r"\d+$", str(last), table.ref)

    place.change(act)
    take_in(chat("a", "How to grow a tomato"))
    place.sync()
    assert place.rows()["chatgpt:a"]["topic"] == "Travel"


def test_into_a_workbook_of_their_own(tmp_path, opens):
    from openpyxl import Workbook
    from openpyxl.worksheet.table import Table

    own = Workbook()
    page = own.active
    for row in (["Name", "Sum"], ["a", 1]):
        page.append(row)
    page.add_table(Table(displayName="Sessions", ref="A1:B2"))
    own.save(tmp_path / "Chats.xlsx")
    place = opens()
    take_in(chat("a"))
    assert place.sync().created == 1
    book = load(place.file.read_bytes())
    found, table = place.table(book, "Sessions_2")
    assert [row["Source ID"] for _, row in place.listed(book, "Sessions_2")][-1] == "chatgpt:a"
    assert table.ref.endswith(str(found.max_row))
    assert book["Sheet"]["A2"].value == "a"
    pipeline.destroy(place.system)
    assert load(place.file.read_bytes())["Sheet"]["A2"].value == "a"


def test_a_filled_workbook_is_not_taken_down_with_its_chats(opens):
    place = opens()
    take_in(chat("a"), chat("b"))
    place.sync(transcripts=True)
    before = place.rows()
    (taken,) = pipeline.destroy(place.system)
    assert not taken.removed
    assert "holds 2 chats" in taken.why
    assert "you changed" not in taken.why
    assert place.rows() == before
    assert place.said("chatgpt:a") == ["Hello", "Hi there"]


@needs_office
@pytest.mark.timeout(300)
def test_another_program_counts_the_rows(tmp_path, opens):
    place = opens(options={**FULL["options"], "sample_data": False})
    take_in(*(chat(f"c{n}", f"Question {n}", title=title) for n, title in enumerate((*WILD, "=SUM(1)"))))
    count = len(WILD) + 1
    assert place.sync(transcripts=True).created == count
    book = recalculated({"book": place.file.read_bytes()}, tmp_path / "office")["book"]
    assert errors(book) == []
    figures = [cell.value for row in book["Dashboard"].iter_rows(max_row=8) for cell in row]
    assert count in figures
    listed = [row[0] for row in book["All sessions"].iter_rows(min_row=5, min_col=4, max_col=4, values_only=True)]
    assert "=1+1" in listed
    assert {row["Title"] for _, row in place.listed(book, "Sessions")} >= {"=1+1", "@x", "=SUM(1)"}


@needs_office
@pytest.mark.timeout(300)
def test_new_answers_add_columns_that_work(tmp_path, opens):
    place = opens()
    take_in(chat("a", "A question about sqlite", tags=("mine",)), chat("b"))
    place.sync()
    place.edit("chatgpt:a", status="Completed")
    place.build(pipeline.check({**place.config.data(), "features": ["dashboard", "tags", "projects"]}))
    place.edit("chatgpt:a", tags="typed")
    book = load(place.file.read_bytes())
    page, table = place.table(book, "Sessions")
    names = [column.name for column in table.tableColumns]
    assert {"Tags", "Project", "_untagged"} <= set(names)
    assert [page.cell(1, at).value for at in range(1, len(names) + 1)] == names
    helper = page.cell(1, names.index("_untagged") + 1).column_letter
    assert page.column_dimensions[helper].hidden
    tags = page.cell(1, names.index("Tags") + 1).column_letter
    assert any(str(rule.sqref).startswith(f"{tags}2:") for rule in page.data_validations.dataValidation) == (
        "list_tags" in book.defined_names
    )
    take_in(chat("c", tags=("new",)))
    assert place.sync().created == 1
    assert place.rows()["chatgpt:c"]["tags"] == "new"
    assert place.rows()["chatgpt:a"]["status"] == "Completed"
    seen = recalculated({"book": place.file.read_bytes()}, tmp_path / "office")["book"]
    assert errors(seen) == []
    untagged = [row[0] for row in seen["Untagged"].iter_rows(min_row=5, min_col=4, max_col=4, values_only=True)]
    assert "Chat b" in untagged
    assert "Chat c" not in untagged


@needs_office
@pytest.mark.timeout(300)
def test_a_workbook_that_another_program_saved(tmp_path, opens):
    place = opens()
    chats = [chat(f"c{n}", f"Question {n}", "Answer") for n in range(3)]
    take_in(*chats)
    place.sync()
    profile = (tmp_path / "profile").as_uri()
    assert SOFFICE
    command = [SOFFICE, f"-env:UserInstallation={profile}", "--headless", "--convert-to",
               "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out"), str(place.file)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    shutil.copy(tmp_path / "out" / "Chats.xlsx", place.file)
    take_in(*(grown(old, "More", "Sure") for old in chats), chat("new"), exported=2.0)
    report = place.sync()
    assert (report.created, report.updated, report.kept, report.failed) == (1, 3, 0, 0)
    rows = place.rows()
    assert rows["chatgpt:c0"]["messages"] == "4"
    assert set(rows) == {*keys(chats), "chatgpt:new"}
    load(io.BytesIO(place.file.read_bytes()).getvalue())
