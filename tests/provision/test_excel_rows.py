"""The rows of a sheet as text: cut, read, changed, and written as a stream, however a program has spelled them."""

import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder.generators.common.workbook_spec import cell_parts, cell_text, shown_text
from chatbuilder.provision.excel.archive import Archive
from chatbuilder.provision.excel.package import Unusable
from chatbuilder.provision.excel.rowxml import NOTHING, Value, cells, pieces, value, with_cells, without_results
from chatbuilder.provision.excel.shapes import Column, Shape, grown_ranges, grown_table

TABLE = Shape("Sessions", "t.xml", "s.xml", 2, 4, 9, 0, (Column("Title", 1), Column("Link", 2), Column("Key", 3)))


def no_strings(number):
    return f"shared {number}"


@pytest.mark.parametrize("prefix", ["", "x:"])
@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_a_sheet_is_cut_into_rows_wherever_its_pieces_end(prefix, size):
    rows = ['<_row r="1"><_c r="A1"><_v>1</_v></_c></_row>', '<_row r="2"/>', '<_row r="5" ht="3"><_c r="B5"/></_row>']
    text = f"<_sheetData>{rows[0]}\n{rows[1]}{rows[2]}</_sheetData><_rowBreaks/>".replace("_", prefix)
    found = list(pieces([text[at : at + size] for at in range(0, len(text), size)], prefix))
    assert [piece.number for piece in found] == [1, 2, 5, 0]
    assert "".join(piece.before + piece.row for piece in found) == text


@pytest.mark.parametrize(
    "sheet", ["<sheetData><row><c/></row></sheetData>", '<sheetData><row ht="1"></row></sheetData>']
)
def test_rows_without_numbers_are_refused(sheet):
    with pytest.raises(Unusable, match="no numbers"):
        list(pieces([sheet], ""))


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ('<c r="A1"/>', NOTHING),
        ('<c r="A1" s="3"></c>', NOTHING),
        ('<c r="A1"><v>4.5</v></c>', Value("n", "4.5")),
        ('<c r="A1" t="s"><v>3</v></c>', Value("s", "shared 3")),
        ('<c r="A1" t="b"><v>1</v></c>', Value("b", "1")),
        ('<c r="A1" t="e"><v>#REF!</v></c>', Value("e", "#REF!")),
        ('<c r="A1" t="str"><f>"a"&amp;"b"</f><v>ab</v></c>', Value("f", '"a"&"b"')),
        ('<c r="A1"><f t="shared" si="0"/><v>2</v></c>', Value("f", "")),
        ('<c r="A1" t="inlineStr"><is><r><t>a</t></r><r><t> b</t></r><rPh><t>no</t></rPh></is></c>',
         Value("s", "a b")),
        ('<c r="A1" t="inlineStr"><is><t>_x005F_x0041_ &lt;x&gt; &#x41;</t></is></c>', Value("s", "_x0041_ <x> A")),
    ],
)  # fmt: skip
def test_what_is_in_a_cell(cell, wanted):
    assert value(cells(f'<row r="1">{cell}</row>', "").get(1), no_strings, "") == wanted


def test_cells_go_where_they_belong_and_the_rest_stays():
    row = '<row r="7" spans="1:9" ht="20"><c r="A7" s="1"><v>1</v></c><c r="D7" s="9"/><extLst><ext/></extLst></row>'
    new = {2: 'r="B7"><v>2</v></c>', 4: 'r="D7" s="9"><v>4</v></c>', 30: 'r="AD7"/>'}
    assert with_cells(row, 7, new, "") == (
        '<row r="7" ht="20"><c r="A7" s="1"><v>1</v></c><c r="B7"><v>2</v></c><c r="D7" s="9"><v>4</v></c>'
        '<c r="AD7"/><extLst><ext/></extLst></row>'
    )
    assert with_cells('<row r="7"/>', 7, {1: 'r="A7"/>'}, "") == '<row r="7"><c r="A7"/></row>'
    assert with_cells('<x:row r="7"></x:row>', 7, {1: 'r="A7"/>'}, "x:") == '<x:row r="7"><x:c r="A7"/></x:row>'


def test_results_of_formulas_go_and_values_stay():
    row = '<c r="A1"><v>1</v></c><c r="B1"><f>A1</f><v>1</v></c><c r="C1"><f t="shared" si="0"/><v>2</v></c>'
    assert without_results(row, "") == (
        '<c r="A1"><v>1</v></c><c r="B1"><f>A1</f></c><c r="C1"><f t="shared" si="0"/></c>'
    )


def test_ranges_that_reached_the_last_row_grow_and_others_do_not():
    tail = (
        '</sheetData><conditionalFormatting sqref="B4:B9 F4:F9"/><conditionalFormatting sqref="B4:B8"/>'
        '<dataValidation type="list" sqref="C4:C9"/><dataValidation sqref="D2:D1048576"/><xm:sqref>B4:D9</xm:sqref>'
    )
    assert grown_ranges(tail, TABLE, 3) == (
        '</sheetData><conditionalFormatting sqref="B4:B12 F4:F9"/><conditionalFormatting sqref="B4:B8"/>'
        '<dataValidation type="list" sqref="C4:C12"/><dataValidation sqref="D2:D1048576"/><xm:sqref>B4:D12</xm:sqref>'
    )
    assert grown_ranges(tail, TABLE, 0) == tail
    xml = '<table ref="B3:D9" id="1"><autoFilter ref="B3:D9"><sortState ref="B4:D9"/></autoFilter></table>'
    assert grown_table(xml, TABLE, 2) == xml.replace("D9", "D11")


def test_a_heading_is_not_taken_for_another_when_numbers_are_not_those_it_was_built_with():
    names, ids = {"title": "Title", "link": "Address", "key": "Key"}, {"title": 1, "link": 2, "key": 3}
    assert TABLE.named(names, ids) == ({"title": 2, "link": 3, "key": 4}, {"link": "Link"})
    assert TABLE.named(names, {**ids, "key": 9}) == ({"title": 2, "key": 4}, {})


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), include_characters="\n_x0"), max_size=80))
def test_text_comes_back_as_it_was(text):
    whole = cell_text(text)
    assert "".join(map(shown_text, cell_parts(shown_text(whole)))) == shown_text(whole)


def test_text_beyond_a_cell_is_cut_where_a_sign_ends():
    text = "🚀" * 20_000 + "\n" * 600 + "_x0041_" * 9_000
    found = cell_parts(text)
    assert "".join(map(shown_text, found)) == text
    assert all(len(part.encode("utf-16-le")) <= 65_534 and part.count("\n") <= 253 for part in found)


@pytest.mark.parametrize(
    "content", [b"", b"nothing", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old", b"PK\x05\x06" + b"\0" * 18]
)
def test_what_is_no_workbook_is_refused(tmp_path, content):
    (tmp_path / "x.xlsx").write_bytes(content)
    with pytest.raises(Unusable):
        Archive(tmp_path / "x.xlsx")


def test_a_damaged_part_is_refused(tmp_path):
    place = tmp_path / "x.xlsx"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("_rels/.rels", "<Relationships")
    with pytest.raises(Unusable):
        Archive(place)
