"""Workbooks on disk: made whole, added to a workbook of somebody's own, updated, and taken down again."""

import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from chatbuilder.config import Config, Options
from chatbuilder.design import design
from chatbuilder.errors import InputError, RefusedError
from chatbuilder.generators.common.workbook import render
from chatbuilder.generators.excel import generate
from chatbuilder.provision import disk
from chatbuilder.provision.excel import open_target, package
from chatbuilder.solution import Plan, Step
from tests.office import errors, load, needs_office, recalculated

FIRST = {"platform": "excel", "priorities": ("organization",), "features": ("dashboard",), "complexity": "simple"}
MORE = {
    **FIRST,
    "priorities": ("organization", "portability"),
    "features": ("dashboard", "templates", "tags"),
    "team_size": "large",
}


def plan_for(**answers):
    """A plan whose views show few lines: the sheets are the same, only shorter, and the tests are quicker."""
    config = Config(**{**FIRST, **answers})
    spec = json.loads(json.dumps(generate(config, design(config)).plan.steps[0].payload["spec"]))
    for sheet in spec["sheets"]:
        for fill in sheet.get("fills", ()):
            fill["range"] = re.sub(r":([A-Z]+)204$", r":\g<1>12", fill["range"])
    return Plan((Step("workbook", "Workbook", "workbook", {"path": "Chats.xlsx", "spec": spec}),))


@pytest.fixture(scope="module")
def plan():
    return plan_for()


def deliver(target, plan, previous=None):
    step = plan.steps[0]
    provisioner = open_target(target)
    found = provisioner.preflight(plan, {step.key: previous} if previous else {})
    result = provisioner.deliver(step, step.payload, previous)
    json.dumps(result)
    return found, dict(result)


def inspect(target, plan, result):
    return open_target(target).inspect(plan.steps[0], plan.steps[0].payload, result)


def look_up(target, plan):
    return open_target(target).look_up(plan.steps[0], plan.steps[0].payload)


def remove(target, plan, result):
    return open_target(target).remove(plan.steps[0], plan.steps[0].payload, result)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != "home")  # which every test has


def saved_anew(target, change=lambda book: None):
    """What Excel does when somebody changes something and saves: every part of the file is written anew."""
    book = load(target.read_bytes())
    change(book)
    book.save(target)


# somebody's own workbook


def theirs():
    """A workbook of years: tables, names and sheets with the names that ours have, a chart, a comment, a colour."""
    from openpyxl import Workbook
    from openpyxl.chart import BarChart, Reference
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill
    from openpyxl.workbook.defined_name import DefinedName
    from openpyxl.worksheet.table import Table

    book = Workbook()
    page = book.active
    page.title = "Lists"
    for row in (["Name", "Sum"], ["a", 1], ["b", 2]):
        page.append(row)
    page.add_table(Table(displayName="Sessions", ref="A1:B3"))
    page["A5"], page["A6"] = "=SUM(Sessions[Sum])", "=Me*2"
    page["A2"].font, page["A2"].fill = Font(name="Arial", b=True), PatternFill("solid", fgColor="FFFF00")
    page["B2"].number_format = '0.0 "kg"'
    page["B3"].comment = Comment("mine", "me")
    chart = BarChart()
    chart.add_data(Reference(page, min_col=2, min_row=2, max_row=3))
    page.add_chart(chart, "D2")
    other = book.create_sheet("HOME & 'co' <x>")
    other["A1"] = 21
    book.defined_names["Me"] = DefinedName("Me", attr_text="'HOME & ''co'' <x>'!$A$1")
    out = io.BytesIO()
    book.save(out)
    return with_parts(out.getvalue(), {"xl/slicers/slicer1.xml": "<slicers/>", "customXml/item1.xml": "<mine/>"})


def with_parts(data, parts):
    """The archive with other parts put in or replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
KINDS = {
    "workbook": "sheet.main", "worksheets/sheet1": "worksheet", "worksheets/sheet2": "worksheet", "styles": "styles",
    "calcChain": "calcChain",
}  # fmt: skip
LINKS = (
    ("rId1", "worksheet", "worksheets/sheet1.xml"), ("other", "worksheet", "/xl/worksheets/sheet2.xml"),
    ("rId7", "styles", "styles.xml"), ("rId8", "calcChain", "calcChain.xml"),
)  # fmt: skip
BY_HAND = {
    "xl/workbook.xml": (
        '<_workbook @ xmlns:r="{office}"><_bookViews><_workbookView activeTab="1"/></_bookViews><_sheets>'
        '<_sheet name="One" sheetId="4" r:id="rId1"/><_sheet name="Two" sheetId="9" state="hidden" r:id="other"/>'
        '</_sheets><_definedNames><_definedName name="_xlnm.Print_Area" localSheetId="1">Two!$A$1</_definedName>'
        '</_definedNames><_calcPr calcId="191029"/></_workbook>'
    ),
    "xl/worksheets/sheet1.xml": (
        '<_worksheet @><_sheetData><_row r="1"><_c r="A1"><_f>1+1</_f><_v>2</_v></_c></_row></_sheetData></_worksheet>'
    ),
    "xl/calcChain.xml": '<_calcChain @><_c r="A1" i="4"/></_calcChain>',
    "xl/styles.xml": (
        '<_styleSheet @><_fonts count="1"><_font><_sz val="10"/></_font></_fonts><_fills count="2">'
        '<_fill><_patternFill/></_fill><_fill><_patternFill/></_fill></_fills><_borders count="1"><_border/></_borders>'
        '<_cellStyleXfs count="1"><_xf/></_cellStyleXfs><_cellXfs count="1"><_xf xfId="0"/></_cellXfs>'
        '<_dxfs count="0"/><_tableStyles count="0"/></_styleSheet>'
    ),
}


def by_hand(prefix="", strict=False):
    """A workbook as other programs write them: prefixes, empty containers, a calculation chain, names of one sheet."""
    main = "http://purl.oclc.org/ooxml/spreadsheetml/main" if strict else package.MAIN
    space = f'xmlns:{prefix}="{main}"' if prefix else f'xmlns="{main}"'
    parts = {
        name: HEAD
        + re.sub("(</?)_", rf"\1{prefix}:" if prefix else r"\1", xml.replace("@", space).replace("{office}", OFFICE))
        for name, xml in {**BY_HAND, "xl/worksheets/sheet2.xml": BY_HAND["xl/worksheets/sheet1.xml"]}.items()
    }
    types = "".join(
        f'<Override PartName="/xl/{n}.xml" ContentType="{SHEETS}.{kind}+xml"/>' for n, kind in KINDS.items()
    )
    parts["[Content_Types].xml"] = (
        f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{types}</Types>'
    )
    parts["_rels/.rels"] = relationships(("r", "officeDocument", "xl/workbook.xml"))
    parts["xl/_rels/workbook.xml.rels"] = relationships(*LINKS)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


def relationships(*links):
    items = "".join(f'<Relationship Id="{i}" Type="{OFFICE}/{kind}" Target="{target}"/>' for i, kind, target in links)
    return f'{HEAD}<Relationships xmlns="{RELS}">{items}</Relationships>'


WORKBOOKS = {"rich": theirs, "plain": by_hand, "prefixed": lambda: by_hand("x")}


@pytest.fixture(params=WORKBOOKS)
def workbook_of_theirs(request, tmp_path):
    target = tmp_path / "My years.xlsx"
    target.write_bytes(WORKBOOKS[request.param]())
    return target


class TestNew:
    def test_is_written_whole_and_found_again(self, tmp_path, plan):
        target = tmp_path / "new" / "folder" / "Chats.xlsx"
        found, result = deliver(target, plan)
        assert (found.exists, found.merges) == (False, ())
        assert target.read_bytes() == render(plan.steps[0].payload["spec"])
        assert names_in(target.parent) == ["Chats.xlsx"]
        assert inspect(target, plan, result) == "same"
        assert look_up(target, plan) == result
        assert set(result["sheets"]) == {sheet["key"] for sheet in plan.steps[0].payload["spec"]["sheets"]}
        links = open_target(target).links({"workbook": result})
        assert links.url == target.as_uri()
        assert "Home" in links.next[0]

    def test_is_removed_with_the_folders_made_for_it(self, tmp_path, plan):
        target = tmp_path / "new" / "folder" / "Chats.xlsx"
        _, result = deliver(target, plan)
        assert remove(target, plan, result).removed
        assert list(tmp_path.glob("new")) == []
        assert remove(target, plan, result).why == "it was gone already"

    def test_leaves_folders_in_which_something_else_is(self, tmp_path, plan):
        target = tmp_path / "new" / "Chats.xlsx"
        _, result = deliver(target, plan)
        (tmp_path / "new" / "mine.txt").write_text("mine")
        assert remove(target, plan, result).removed
        assert names_in(tmp_path / "new") == ["mine.txt"]

    def test_follows_new_answers_while_nobody_has_touched_it(self, tmp_path, plan):
        target = tmp_path / "Chats.xlsx"
        _, result = deliver(target, plan)
        more = plan_for(**MORE)
        _, again = deliver(target, more, result)
        assert target.read_bytes() == render(more.steps[0].payload["spec"])
        assert "kept" not in again
        assert names_in(tmp_path) == ["Chats.xlsx"]

    def test_saving_without_a_change_is_not_a_change(self, tmp_path, plan):
        target = tmp_path / "Chats.xlsx"
        _, result = deliver(target, plan)
        saved_anew(target)
        assert disk.sha256(target.read_bytes()) != result["sha256"]
        assert inspect(target, plan, result) == "same"
        more = plan_for(**MORE)
        _, again = deliver(target, more, result)
        assert target.read_bytes() == render(more.steps[0].payload["spec"])
        saved_anew(target)
        assert remove(target, more, again).removed
        assert names_in(tmp_path) == []

    def test_what_a_person_typed_stays_and_sheets_that_fit_are_added(self, tmp_path, plan):
        target = tmp_path / "Chats.xlsx"
        _, result = deliver(target, plan)
        saved_anew(target, lambda book: book["Chat Sessions"].__setitem__("A2", "My own chat"))
        before = target.read_bytes()
        assert inspect(target, plan, result) == "edited"
        more = plan_for(**MORE)
        found, again = deliver(target, more, result)
        assert any("what you changed stays" in note for note in found.notes)
        book = load(target.read_bytes())
        assert book["Chat Sessions"]["A2"].value == "My own chat"
        assert {"Templates", "Governance", "Data dictionary"} <= set(book.sheetnames)
        assert "Untagged" not in book.sheetnames, "its columns are not in the table"
        assert "you changed Chat Sessions" in again["kept"]
        assert "Templates" in again["kept"]
        assert "Untagged" in again["kept"]
        assert (tmp_path / "Chats.before-chatbuilder.xlsx").read_bytes() == before
        assert remove(target, plan, result) == remove(target, plan, result)
        assert target.exists()
        assert not remove(target, plan, result).removed

    def test_a_lost_file_is_made_again(self, tmp_path, plan):
        target = tmp_path / "Chats.xlsx"
        _, result = deliver(target, plan)
        target.unlink()
        assert inspect(target, plan, result) == "missing"
        _, again = deliver(target, plan, result)
        assert again == result

    def test_a_deleted_sheet_comes_back(self, tmp_path, plan):
        target = tmp_path / "Chats.xlsx"
        _, result = deliver(target, plan)
        saved_anew(target, lambda book: book.remove(book["Active"]))
        assert inspect(target, plan, result) == "missing"
        assert look_up(target, plan) is None
        _, again = deliver(target, plan)  # repair forgets the old result first
        assert "kept" not in again
        assert load(target.read_bytes()).sheetnames == load(render(plan.steps[0].payload["spec"])).sheetnames

    def test_renamed_sheets_are_still_ours(self, tmp_path, plan):
        target = tmp_path / "Chats.xlsx"
        _, result = deliver(target, plan)

        def rename(book):
            book["Chat Sessions"].title = "My chats"
            book["Active"].title = "Open ones"
            book["My chats"]["A2"] = "typed"

        saved_anew(target, rename)
        assert inspect(target, plan, result) == "edited"
        _, again = deliver(target, plan_for(**MORE), result)
        names = load(target.read_bytes()).sheetnames
        assert {"My chats", "Open ones"} <= set(names)
        assert not {"Chat Sessions", "Active"} & set(names)
        assert "My chats" in again["kept"]

    def test_renamed_sheets_keep_their_names_when_all_is_written_anew(self, tmp_path, plan):
        target = tmp_path / "Chats.xlsx"
        _, result = deliver(target, plan)
        saved_anew(target, lambda book: setattr(book["Chat Sessions"], "title", "My chats"))
        saved_anew(target, lambda book: setattr(book["Active"], "title", "Open ones"))
        assert inspect(target, plan, result) == "same"
        more = plan_for(**MORE)
        _, again = deliver(target, more, result)
        names = load(target.read_bytes()).sheetnames
        assert {"My chats", "Open ones", "Templates"} <= set(names)
        assert not {"Chat Sessions", "Active"} & set(names)
        assert look_up(target, more) == again
        assert remove(target, more, again).removed

    def test_a_sheet_of_theirs_in_it_survives_everything(self, tmp_path, plan):
        target = tmp_path / "Chats.xlsx"
        _, result = deliver(target, plan)

        def add(book):
            book.create_sheet("Mine", 0)["A1"] = "precious"

        saved_anew(target, add)
        _, again = deliver(target, plan_for(**MORE), result)
        assert load(target.read_bytes())["Mine"]["A1"].value == "precious"
        assert "Templates" in load(target.read_bytes()).sheetnames
        removal = remove(target, plan_for(**MORE), again)
        assert removal.removed
        assert load(target.read_bytes()).sheetnames == ["Mine"]

    def test_a_crash_while_writing_leaves_the_old_file(self, tmp_path, plan, monkeypatch):
        target = tmp_path / "Chats.xlsx"
        _, result = deliver(target, plan)
        before = target.read_bytes()

        def crash(self, other):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", crash)
        with pytest.raises(OSError, match="No space"):
            deliver(target, plan_for(**MORE), result)
        assert target.read_bytes() == before
        assert names_in(tmp_path) == ["Chats.xlsx"]

    def test_a_write_by_somebody_else_in_between_is_not_lost(self, tmp_path, plan, monkeypatch):
        target = tmp_path / "Chats.xlsx"
        _, result = deliver(target, plan)
        monkeypatch.setattr(
            "chatbuilder.generators.common.workbook.render", lambda spec: target.write_bytes(b"theirs") and b"ours"
        )
        with pytest.raises(RefusedError, match="changed while"):
            open_target(target).deliver(plan.steps[0], plan.steps[0].payload, result)
        assert target.read_bytes() == b"theirs"


class TestBesideTheirs:
    def test_adds_sheets_and_leaves_their_parts_alone(self, workbook_of_theirs, plan):
        target, before = workbook_of_theirs, workbook_of_theirs.read_bytes()
        found, result = deliver(target, plan)
        assert found.exists
        assert len(found.merges) == 1
        old, new = zipfile.ZipFile(io.BytesIO(before)), zipfile.ZipFile(target)
        touched = {"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"}
        for name in old.namelist():
            assert name in touched or new.read(name) == old.read(name)
        assert len(set(new.namelist())) == len(new.namelist())
        book, was = load(target.read_bytes()), load(before)
        assert book.sheetnames[: len(was.sheetnames)] == was.sheetnames
        assert book.active.title == was.active.title
        for page in was.worksheets:
            for row in page.iter_rows():
                for cell in row:
                    twin = book[page.title][cell.coordinate]
                    assert twin.value == cell.value
                    assert (twin.number_format, twin.font.b, twin.font.name) == (
                        cell.number_format,
                        cell.font.b,
                        cell.font.name,
                    )
                    assert twin.fill.fgColor.rgb == cell.fill.fgColor.rgb
        assert (target.parent / result["backup"]).read_bytes() == before
        assert inspect(target, plan, result) == "same"

    def test_looks_as_designed(self, workbook_of_theirs, plan):
        _, result = deliver(workbook_of_theirs, plan)
        book, alone = load(workbook_of_theirs.read_bytes()), load(render(plan.steps[0].payload["spec"]))
        for key, item in result["sheets"].items():
            sheet = next(sheet for sheet in plan.steps[0].payload["spec"]["sheets"] if sheet["key"] == key)
            page, twin = book[item["name"]], alone[sheet["name"]]
            assert page.sheet_state == twin.sheet_state
            assert len(page._charts) == len(twin._charts)
            assert len(page.data_validations.dataValidation) == len(twin.data_validations.dataValidation)
            rules, others = page.conditional_formatting, twin.conditional_formatting
            assert [r.dxf.fill.bgColor.rgb for f in rules for r in f.rules if r.dxf.fill] == [
                r.dxf.fill.bgColor.rgb for f in others for r in f.rules if r.dxf.fill
            ]
            for row in twin.iter_rows():
                for cell in row:
                    mine = page[cell.coordinate]
                    assert mine.number_format == cell.number_format
                    if cell._style.fontId:
                        assert (mine.font.b, mine.font.sz, mine.font.color) == (
                            cell.font.b,
                            cell.font.sz,
                            cell.font.color,
                        )

    def test_names_that_are_taken_get_a_number(self, tmp_path, plan):
        target = tmp_path / "My years.xlsx"
        target.write_bytes(theirs())
        found, result = deliver(target, plan)
        assert result["sheets"]["lists"]["name"] == "Lists (2)"
        assert result["idents"] == {"Sessions": "Sessions_2"}
        assert any("Lists → Lists (2)" in note and "Sessions → Sessions_2" in note for note in found.notes)
        book = load(target.read_bytes())
        assert book["Lists"].tables["Sessions"].ref == "A1:B3"
        assert "Sessions_2[" in book["Active"]["D5"].value
        ids = [table.id for page in book.worksheets for table in page.tables.values()]
        assert len(set(ids)) == len(ids)

    def test_taking_it_down_puts_the_very_file_back(self, workbook_of_theirs, plan):
        before = workbook_of_theirs.read_bytes()
        _, result = deliver(workbook_of_theirs, plan)
        removal = remove(workbook_of_theirs, plan, result)
        assert removal.removed
        assert workbook_of_theirs.read_bytes() == before
        assert names_in(workbook_of_theirs.parent) == [workbook_of_theirs.name]

    def test_their_later_work_stays_when_ours_goes(self, workbook_of_theirs, plan):
        _, result = deliver(workbook_of_theirs, plan)
        first = load(workbook_of_theirs.read_bytes()).sheetnames[0]
        saved_anew(workbook_of_theirs, lambda book: book[first].__setitem__("C9", "later"))
        assert inspect(workbook_of_theirs, plan, result) == "same"
        edited = workbook_of_theirs.read_bytes()
        removal = remove(workbook_of_theirs, plan, result)
        assert removal.removed
        book = load(workbook_of_theirs.read_bytes())
        assert book[first]["C9"].value == "later"
        assert not {item["name"] for item in result["sheets"].values()} & set(book.sheetnames)
        assert not [name for name in book.defined_names if name.startswith("list_")]
        assert (workbook_of_theirs.parent / "My years.before-removal.xlsx").read_bytes() == edited
        assert package.read(workbook_of_theirs.read_bytes()).parts.keys() >= {"xl/workbook.xml"}

    def test_what_they_changed_of_ours_stays_with_all_it_needs(self, tmp_path, plan):
        target = tmp_path / "My years.xlsx"
        target.write_bytes(theirs())
        _, result = deliver(target, plan)
        saved_anew(target, lambda book: book["Chat Sessions"].__setitem__("A2", "Mine now"))
        removal = remove(target, plan, result)
        assert not removal.removed
        assert "you changed Chat Sessions" in removal.why
        book = load(target.read_bytes())
        assert book["Chat Sessions"]["A2"].value == "Mine now"
        assert {"Lists (2)", "Home", "Chat Sessions"} <= set(book.sheetnames)
        assert not {"Active", "Dashboard", "By topic"} & set(book.sheetnames)
        assert "list_status" in book.defined_names

    def test_a_sheet_of_theirs_that_uses_ours_keeps_it(self, tmp_path, plan):
        target = tmp_path / "My years.xlsx"
        target.write_bytes(theirs())
        _, result = deliver(target, plan)
        saved_anew(target, lambda book: book["Lists"].__setitem__("F1", "=ROWS(Sessions_2[Title])+Active!A3"))
        removal = remove(target, plan, result)
        assert not removal.removed
        assert "your own sheets use" in removal.why
        names = load(target.read_bytes()).sheetnames
        assert {"Chat Sessions", "Active", "Lists (2)"} <= set(names)
        assert "By topic" not in names

    def test_new_answers_change_our_sheets_only(self, workbook_of_theirs, plan):
        before = workbook_of_theirs.read_bytes()
        _, result = deliver(workbook_of_theirs, plan)
        more = plan_for(**MORE)
        _, again = deliver(workbook_of_theirs, more, result)
        assert "Untagged" in load(workbook_of_theirs.read_bytes()).sheetnames
        assert (again["backup"], again["original"]) == (result["backup"], result["original"])
        assert remove(workbook_of_theirs, more, again).removed
        assert workbook_of_theirs.read_bytes() == before

    def test_new_answers_after_their_own_work(self, tmp_path, plan):
        target = tmp_path / "My years.xlsx"
        target.write_bytes(theirs())
        _, result = deliver(target, plan)
        saved_anew(target, lambda book: book["Lists"].__setitem__("C9", "later"))
        _, again = deliver(target, plan_for(**MORE), result)
        book = load(target.read_bytes())
        assert "kept" not in again
        assert book["Lists"]["C9"].value == "later"
        assert "Untagged" in book.sheetnames
        assert len([name for name in book.sheetnames if name.startswith("Active")]) == 1

    def test_a_crash_after_writing_is_recognised(self, workbook_of_theirs, plan):
        assert look_up(workbook_of_theirs, plan) is None
        _, result = deliver(workbook_of_theirs, plan)
        assert look_up(workbook_of_theirs, plan) == result
        assert look_up(workbook_of_theirs, plan_for(**MORE)) is None

    def test_a_crash_before_writing_reuses_the_copy(self, workbook_of_theirs, plan, monkeypatch):
        before = workbook_of_theirs.read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr(disk, "write", lambda place, data: (_ for _ in ()).throw(OSError(5, "I/O error")))
            with pytest.raises(OSError, match="I/O"):
                deliver(workbook_of_theirs, plan)
        assert workbook_of_theirs.read_bytes() == before
        deliver(workbook_of_theirs, plan)
        assert names_in(workbook_of_theirs.parent) == ["My years.before-chatbuilder.xlsx", "My years.xlsx"]

    def test_an_earlier_copy_is_never_overwritten(self, workbook_of_theirs, plan):
        earlier = workbook_of_theirs.with_name("My years.before-chatbuilder.xlsx")
        earlier.write_text("from last year")
        _, result = deliver(workbook_of_theirs, plan)
        assert result["backup"] == "My years.before-chatbuilder-2.xlsx"
        assert remove(workbook_of_theirs, plan, result).removed
        assert earlier.read_text() == "from last year"

    def test_their_rights_stay(self, tmp_path, plan):
        target = tmp_path / "My years.xlsx"
        target.write_bytes(by_hand())
        target.chmod(0o640)
        deliver(target, plan)
        assert target.stat().st_mode & 0o777 == 0o640

    @needs_office
    @pytest.mark.timeout(300)
    def test_libreoffice_works_out_both(self, tmp_path, plan):
        books = {}
        for name, make in WORKBOOKS.items():
            (tmp_path / f"{name}.xlsx").write_bytes(make())
            _, result = deliver(tmp_path / f"{name}.xlsx", plan)
            books[name] = (tmp_path / f"{name}.xlsx").read_bytes()
        saved_anew(tmp_path / "rich.xlsx", lambda book: book["Chat Sessions"].__setitem__("A2", "Mine now"))
        remove(tmp_path / "rich.xlsx", plan, result)
        books["left"] = (tmp_path / "rich.xlsx").read_bytes()
        found = recalculated(books, tmp_path / "office")
        for name, book in found.items():
            assert errors(book) == [], name
            assert book["Chat Sessions"]["A3"].value == "Why does my query scan the whole table?"
        for name in WORKBOOKS:
            assert found[name]["Active"]["C3"].value == "2 sessions"
            assert found[name]["Active"]["D5"].value == "Understand Bayes with coins"
        assert (found["rich"]["Lists"]["A5"].value, found["rich"]["Lists"]["A6"].value) == (3, 42)


class TestRefused:
    """Each says why, and leaves the file and its folder as they were."""

    def refused(self, target, plan):
        folder = next(place for place in target.parents if place.is_dir())
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        provisioner = open_target(target)
        with pytest.raises(InputError) as caught:
            provisioner.preflight(plan, {})
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
        assert caught.value.kept
        assert caught.value.hint
        return " ".join(caught.value.problems)

    def test_places_where_no_workbook_can_be(self, tmp_path, plan):
        (tmp_path / "folder.xlsx").mkdir()
        (tmp_path / "file").write_text("x")
        assert "is a folder" in self.refused(tmp_path / "folder.xlsx", plan)
        assert "is a folder" in self.refused(tmp_path, plan)
        assert "is a file, not a folder" in self.refused(tmp_path / "file" / "a.xlsx", plan)
        assert "macros" in self.refused(tmp_path / "a.xlsm", plan)
        assert ".xlsx" in self.refused(tmp_path / "a.ods", plan)

    @pytest.mark.parametrize("lock", ["~$Chats.xlsx", ".~lock.Chats.xlsx#"])
    def test_a_file_that_is_open(self, tmp_path, plan, lock):
        target = tmp_path / "Chats.xlsx"
        _, result = deliver(target, plan)
        (tmp_path / lock).write_text("somebody")
        assert "is open in" in self.refused(target, plan)
        provisioner, before = open_target(target), target.read_bytes()
        with pytest.raises(InputError):
            provisioner.deliver(plan.steps[0], plan_for(**MORE).steps[0].payload, result)
        with pytest.raises(InputError):
            provisioner.remove(plan.steps[0], plan.steps[0].payload, result)
        assert target.read_bytes() == before

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (lambda: b"PK but no zip", "is not an .xlsx workbook"),
            (lambda: b"", "is not an .xlsx workbook"),
            (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "has a password"),
            (lambda: theirs()[:-400], "is not an .xlsx workbook"),
            (lambda: with_parts(theirs(), {"xl/vbaProject.bin": b"x"}), "macros"),
            (lambda: with_parts(theirs(), {"_xmlsignatures/origin.sigs": b""}), "signed"),
            (lambda: with_parts(theirs(), {"xl/revisions/revisionHeaders.xml": b"<x/>"}), "shared in the old way"),
            (lambda: with_parts(theirs(), {"xl/workbook.xml": b"<nonsense"}), "not valid XML"),
            (lambda: with_parts(by_hand(), {"xl/styles.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'}), "XML of a kind"),
            (lambda: by_hand(strict=True), "Strict Open XML"),
            (lambda: protected(), "Protect Workbook"),
        ],
        ids=[
            "no zip", "empty", "encrypted", "cut off", "macros", "signed", "revisions", "broken", "dtd", "strict",
            "protected",
        ],
    )  # fmt: skip
    def test_workbooks_that_cannot_take_sheets(self, tmp_path, plan, data, says):
        target = tmp_path / "My years.xlsx"
        target.write_bytes(data())
        assert says in self.refused(target, plan)

    @pytest.mark.parametrize("coding", ["utf-8", "utf-16", "utf-16-be", "utf-32"])
    def test_a_sheet_with_a_dtd_in_any_coding(self, coding):
        text = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'
        with pytest.raises(package.Unusable, match="XML of a kind"):
            list(package.Package({"sheet": text.encode(coding)}).rows("sheet", []))

    def test_what_is_too_large(self, tmp_path, plan, monkeypatch):
        target = tmp_path / "My years.xlsx"
        target.write_bytes(theirs())
        monkeypatch.setattr(package, "SIZE_LIMIT", 1000)
        assert "is larger than" in self.refused(target, plan)
        monkeypatch.undo()
        monkeypatch.setattr(package, "CONTENT_LIMIT", 1000)
        assert "unpacks to more than" in self.refused(target, plan)

    def test_a_workbook_with_another_system(self, tmp_path, plan):
        target = tmp_path / "Chats.xlsx"
        deliver(target, plan_for(name="The other one", options=Options(sample_data=False)))
        assert "another system already: The other one" in self.refused(target, plan)

    def test_a_folder_that_may_not_be_written(self, tmp_path, plan, monkeypatch):
        monkeypatch.setattr("os.access", lambda path, mode: False)
        assert "may not be written to" in self.refused(tmp_path / "Chats.xlsx", plan)


def protected():
    data = by_hand()
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        xml = file.read("xl/workbook.xml").decode()
    return with_parts(
        data, {"xl/workbook.xml": xml.replace("<bookViews>", '<workbookProtection lockStructure="1"/><bookViews>')}
    )


def test_a_link_is_followed(tmp_path, plan):
    (tmp_path / "real").mkdir()
    link = tmp_path / "Chats.xlsx"
    try:
        link.symlink_to(tmp_path / "real" / "Chats.xlsx")
    except OSError:
        pytest.skip("no symbolic links here")
    (tmp_path / "real" / "Chats.xlsx").write_bytes(by_hand())
    deliver(link, plan)
    assert link.is_symlink()
    assert "Active" in load(link.read_bytes()).sheetnames


def test_names_in_any_script(tmp_path, plan):
    target = tmp_path / "محادثات 🚀 'x' & y.xlsx"
    _, result = deliver(target, plan)
    shutil.copy(target, tmp_path / "copy.xlsx")
    assert inspect(target, plan, result) == "same"
    assert remove(target, plan, result).removed


def test_what_excel_rewrites_is_not_a_change(plan):
    """Excel keeps texts in one list, and repeated formulas once."""
    from chatbuilder.provision.excel.digests import digests

    data = render(plan.steps[0].payload["spec"])
    book = package.read(data)
    sheets, strings = book.sheets(), []
    for part in sheets.values():
        xml = book.text(part)

        def shared(found):
            strings.append(found[2])
            return f'{found[1]}t="s"><v>{len(strings) - 1}</v></c>'

        xml = re.sub(r'(<c [^>]*?)t="inlineStr"><is>(.*?)</is></c>', shared, xml, flags=re.DOTALL)
        first = re.search(r'(<c r="D5"[^>]*>)<f>([^<]*)</f>', xml)
        if first:
            xml = xml.replace(first[0], f'{first[1]}<f t="shared" ref="D5:D12" si="0">{first[2]}</f>')
            xml = re.sub(r'(<c r="D(?:[6-9]|1[0-2])"[^>]*>)<f>[^<]*</f>', r'\1<f t="shared" si="0"/>', xml)
        book.put(part, xml)
    assert len(strings) > 100
    book.put(
        "xl/sharedStrings.xml", f'<sst xmlns="{package.MAIN}">' + "".join(f"<si>{s}</si>" for s in strings) + "</sst>"
    )
    links = package.links_of(book.workbook)
    more = f'<Relationship Id="rs" Type="{OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>'
    book.put(links, book.text(links).replace("</Relationships>", more))
    assert digests(book.data()) == digests(data)
    from chatbuilder.provision.excel import presence

    assert presence.find(book) == presence.find(package.read(data))
    part = sheets["Active"]
    book.put(part, book.text(part).replace("Title</t>", "Name</t>").replace(' si="0"/>', ' si="9"/>', 1))
    assert digests(book.data())["Active"] != digests(data)["Active"]
