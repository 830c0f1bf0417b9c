"""What all generators share: foreign text made harmless, data files, words for filters, and the guide."""

import csv
import io
import json
import re
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from chatbuilder import catalog
from chatbuilder.blueprint import Field, Table, to_data
from chatbuilder.design import design
from chatbuilder.filters import And, Cmp, Me, Not, Or, Today
from chatbuilder.generators.common.data import (
    csv_template,
    csv_text,
    data_files,
    dictionary_document,
    json_template,
    type_text,
)
from chatbuilder.generators.common.guide import GuideParts, build_guide
from chatbuilder.generators.common.text import clean, csv_cell, file_name, md, one_line, slug
from chatbuilder.generators.common.words import filter_text, view_text, views_text
from chatbuilder.pipeline import design_text
from chatbuilder.solution import ManualStep, OutputFile
from tests.helpers import config
from tests.strategies import HOSTILE_CHOICES, HOSTILE_NAMES, configs

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
anything = st.text(max_size=200) | st.sampled_from(HOSTILE_NAMES)


# text


@given(anything)
def test_a_file_name_is_one_plain_part_of_a_path(text):
    name = file_name(text)
    assert name
    assert PurePosixPath(name).parts == (name,)
    assert len(name) <= 121
    assert len(name.encode()) <= 201
    assert not re.search(r'[\x00-\x1f\x7f<>:"/\\|?*#^\[\]%]', name)
    assert name not in (".", "..")
    assert name == name.strip(" .")
    assert file_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("../../etc/passwd", "etc passwd"),
        ("..", "Untitled"),
        ("", "Untitled"),
        ("CON", "CON_"),
        ("nul.txt", "nul.txt_"),
        ("com1", "com1_"),
        ("console", "console"),
        ("a/b\\c:d", "a b c d"),
        (".hidden", "hidden"),
        ("x.", "x"),
        ("a\r\nb", "a b"),
        ("🗂️ Chats", "🗂️ Chats"),
        ("محادثات", "محادثات"),
        ("[[x]]", "x"),
        ("é" * 150, "é" * 100),
    ],
)
def test_file_names(text, name):
    assert file_name(text) == name


@given(anything)
def test_a_slug_is_a_plain_word(text):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug(text))
    assert len(slug(text)) <= 60


def test_slugs():
    assert slug("Ünïcode & Co") == "unicode-co"
    assert slug("🗂️") == "system"
    assert slug("🗂️", "notes") == "notes"


@given(anything)
def test_clean_text_has_no_control_characters(text):
    found = clean(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]", found)
    found.encode()
    assert clean(found) == found


@given(anything, st.integers(2, 50))
def test_one_line_is_one_line_of_a_length(text, limit):
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line == " ".join(line.split())


def inline_text(html_free_markdown: str) -> tuple[str, set[str]]:
    """The text a reader sees, and the kinds of markup that were found in it."""
    tokens = MARKDOWN.parse(html_free_markdown)
    inline = [child for token in tokens for child in token.children or ()]
    return "".join(child.content for child in inline), {child.type for child in inline} - {"text", "text_special"}


@given(st.text(st.sampled_from("aB1 *_`~[]()<>#|\\!&;=%${}\"'@^-+.:/é🗂"), max_size=40))
def test_markdown_shows_foreign_text_as_it_is(text):
    shown, markup = inline_text("x " + md(text) + " x")
    assert markup == set()
    assert shown == "x " + one_line(text) + " x" if one_line(text) else True


@pytest.mark.parametrize(
    "name",
    [
        *HOSTILE_NAMES,
        *HOSTILE_CHOICES,
        "&lt;b&gt;",
        "&amp;",
        "$x$",
        "==a==",
        "%%hidden%%",
        "<script>alert(1)</script>",
        "![x](http://e)",
    ],
)
def test_hostile_names_in_a_table_cell(name):
    html = MARKDOWN.render(f"| a | b |\n|---|---|\n| {md(name)} | end |\n")
    assert html.count("<td>") == 2
    assert "<td>end</td>" in html
    assert not re.search(r"<(script|img|a|em|strong|code|b)\b", html)


@pytest.mark.parametrize("mark", ["==", "%%"])
def test_marks_of_obsidian_are_taken_apart(mark):
    assert mark not in md(f"a {mark}b{mark} c")
    assert md("a = b, 50% off, 1 & 2") == "a = b, 50% off, 1 & 2"


@pytest.mark.parametrize(
    "cell", ["=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\n=1", "＝1+1", "=", "-", "+", "@me"]
)
def test_no_cell_is_a_formula(cell):
    assert csv_cell(cell) == f"'{cell}"


def test_line_ends_in_a_cell_are_newlines():
    assert csv_cell("a\r\nb\rc") == "a\nb\nc"
    assert csv_cell("\r=1") == "'\n=1"


@pytest.mark.parametrize("cell", ["-1", "+1.5", "-3e5", "1=1", "a@b", "x-y", "'quoted", "", 5, -5, 1.5, None])
def test_numbers_and_plain_text_stay(cell):
    assert csv_cell(cell) == ("" if cell is None else str(cell))


# data files


@given(st.lists(st.lists(st.text(), min_size=1, max_size=4), max_size=5))
def test_csv_comes_back(rows):
    wanted = [[csv_cell(cell) for cell in row] for row in rows]
    assert list(csv.reader(io.StringIO(csv_text([list(row) for row in rows]), newline=""), strict=True)) == wanted


@given(configs())
def test_templates_hold_every_field_and_sample(found):
    blueprint = design(found)
    files = {file.path: file.data().decode() for file in data_files(blueprint)}
    assert json.loads(files["blueprint.json"]) == json.loads(json.dumps(to_data(blueprint)))
    for table in blueprint.tables:
        stored = [field for field in table.fields if field.owner != "computed"]
        rows = list(csv.reader(io.StringIO(files[f"templates/{slug(table.name)}.csv"], newline="")))
        assert rows[0] == [csv_cell(field.name) for field in stored]
        assert len(rows) == 1 + len(table.samples)
        assert not any(cell[:1] in ("=", "@") for row in rows for cell in row)
        data = json.loads(files[f"templates/{slug(table.name)}.json"])
        assert [field["key"] for field in data["fields"]] == [field.key for field in stored]
        assert data["rows"] == json.loads(json.dumps(to_data(table.samples)))
    dictionary = list(csv.DictReader(io.StringIO(files["data-dictionary.csv"], newline="")))
    assert len(dictionary) == sum(len(table.fields) for table in blueprint.tables)


def test_cells_of_every_kind():
    fields = tuple(Field(key, key, "text", "person", "") for key in ("a", "b", "c", "d", "e"))
    table = Table("t", "T", "T", "", fields, ({"a": ("x", "y"), "b": True, "c": False, "d": None, "e": 3},))
    assert csv_template(table) == "a,b,c,d,e\nx; y,yes,no,,3\n"
    assert json.loads(json_template(table))["rows"] == [{"a": ["x", "y"], "b": True, "c": False, "d": None, "e": 3}]


def test_a_file_gives_its_bytes_however_it_holds_them():
    for content in ("é\n", "é\n".encode(), lambda: "é\n".encode()):
        assert OutputFile("x", content).data() == b"\xc3\xa9\n"


FULL = config(
    "custom", *[p for p in catalog.PRIORITIES if p != "simplicity"], features=list(catalog.FEATURES), team_size="large",
    complexity="advanced", options={"custom_fields": [{"name": "a|b [x]", "type": "select", "choices": ["c|d", "=x"]}]},
)  # fmt: skip


def test_the_dictionary_names_every_field_with_its_type():
    blueprint = design(FULL)
    text = dictionary_document(blueprint).markdown
    html = MARKDOWN.render(text)
    assert html.count("<tr>") == sum(1 + len(table.fields) for table in blueprint.tables)
    for said in (
        "Choice: Active, On Hold, Completed, Archived", "Linked rows: Topics", "Number 1 to 5", "Number (minutes)",
        "Figure over linked rows: count of Chat Sessions", "Formula: days since", "Formula: yes or no", "a|b [x]",
        "Choice: c|d, =x", "sync once, then you",
    ):  # fmt: skip
        assert said in html


def test_a_type_in_words():
    blueprint = design(FULL)
    assert type_text(blueprint.sessions.field("link"), blueprint) == "Link"
    assert type_text(blueprint.sessions.field("words"), blueprint) == "Number (words)"


# words

TABLE = design(FULL).sessions


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        (None, ""),
        (Cmp("status", "eq", "Active"), "Status is Active"),
        (Cmp("status", "ne", "Active"), "Status is not Active"),
        (Cmp("tags", "empty"), "Tags is empty"),
        (Cmp("tags", "has", "bug"), "Tags contains bug"),
        (Cmp("value", "ge", 4), "Value is at least 4"),
        (Cmp("value", "lt", 2.5), "Value is less than 2.5"),
        (Cmp("last_activity", "ge", Today(-7)), "Last activity is on or after 7 days ago"),
        (Cmp("follow_up", "le", Today()), "Follow-up is on or before today"),
        (Cmp("follow_up", "lt", Today(1)), "Follow-up is before 1 day from now"),
        (Cmp("owner", "has", Me()), "Owner contains me"),
        (Cmp("auto_filed", "eq", True), "Auto-filed is checked"),
        (Cmp("auto_filed", "eq", False), "Auto-filed is not checked"),
        (Not(Cmp("tags", "empty")), "not (Tags is empty)"),
        (
            And((Cmp("tags", "empty"), Or((Cmp("value", "eq", 1), Cmp("value", "eq", 2))))),
            "Tags is empty and (Value is 1 or Value is 2)",
        ),
    ],
)
def test_filters_in_words(expr, said):
    assert filter_text(expr, TABLE) == said


def test_views_in_words():
    blueprint = design(FULL)
    views = {view.key: view for view in blueprint.views}
    text = view_text(views["project_timeline"], blueprint)
    assert "Group by: Project" in text
    assert "Dates: Started to Last activity" in text
    assert "Sort: Started ascending" in text
    assert "Columns: Title, Status" in text
    assert all(view.name in views_text(blueprint) for view in blueprint.views)


@given(configs())
def test_the_design_as_text_names_everything(found):
    blueprint = design(found)
    text = design_text(blueprint)
    for item in (*blueprint.views, *blueprint.tables, *(field for table in blueprint.tables for field in table.fields)):
        assert md(item.name) in text


# the guide

PARTS = GuideParts(
    result="It stands there.", setup=("First.", "Second."), views="Views are tabs.",
    view_notes={"all_sessions": "The first tab."}, answers={"search": "Press Ctrl-F."},
    automations={"tagging": "Paste the rule."}, team="Share it.", sync="Import a CSV.",
    manual=(ManualStep("m", "Make a chart", "the API cannot", ("Click here.", "Then there.")),), limits=("No charts.",),
)  # fmt: skip


def headings(markdown):
    return re.findall(r"^## (.+)$", markdown, re.M)


def test_the_guide_has_everything_in_reading_order():
    blueprint = design(FULL)
    text = build_guide(blueprint, PARTS).markdown
    assert headings(text) == [
        "What you get",
        "Set it up",
        "How your answers show",
        "Views",
        "Fields",
        "Templates",
        "Dashboard",
        "What happens by itself",
        "Working together",
        "Routine",
        "Getting your chats in",
        "To do by hand",
        "Good to know",
    ]
    for said in (
        "It stands there.",
        "1. First.",
        "2. Second.",
        "Views are tabs.",
        "The first tab.",
        "Press Ctrl-F.",
        "Paste the rule.",
        "Share it.",
        "Import a CSV.",
        "Why by hand: the API cannot",
        "2. Then there.",
        "- No charts.",
        "Topic = Work",
        "Empty **Untagged**.",
        "Save a backup.",
        "Clear **Needs follow-up**.",
        "Governance",
    ):
        assert said in text, said
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_answers_are_told_in_the_persons_order():
    text = build_guide(design(config("custom", "search", "organization")), PARTS).markdown
    assert text.index("**Search.**") < text.index("**Organization.**")


def test_simplicity_gets_a_short_guide():
    short = build_guide(design(config("custom", "simplicity", "search")), PARTS).markdown
    long = build_guide(design(config("custom", "organization", "search")), PARTS).markdown
    assert len(short) < len(long)
    assert "Fields" not in headings(short)
    assert headings(short)[-1] == "Left out to keep it simple"
    assert "- Field Key insights\n" in short
    assert "- Field Keywords" not in short
    assert "- View Active\n" not in short


def test_a_guide_without_extras_has_no_empty_parts():
    bare = GuideParts(result="It.", setup=("Do.",), views="Tabs.")
    found = headings(build_guide(design(config("custom", "search", complexity="simple")), bare).markdown)
    assert found == ["What you get", "Set it up", "How your answers show", "Views", "Fields", "Routine"]


@given(configs())
def test_the_guide_is_sound_markdown_whatever_the_names(found):
    blueprint = design(found)
    text = build_guide(blueprint, PARTS).markdown
    tokens = MARKDOWN.parse(text)
    assert [t for t in tokens if t.type == "html_block"] == []
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {"text", "text_special", "strong_open", "strong_close", "softbreak", "code_inline"}
    titles = [tokens[n + 1] for n, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h1"]
    shown = "".join(child.content for child in titles[0].children)
    assert shown == f"{one_line(found.name)} in {catalog.PLATFORMS[found.platform].name}"
    assert len(titles) == 1


@given(configs())
def test_every_answer_is_named_in_the_guide(found):
    text = build_guide(design(found), PARTS).markdown
    for key in (*found.priorities, *found.features):
        choice = catalog.PRIORITIES.get(key) or catalog.FEATURES[key]
        assert f"**{choice.name}.**" in text
    assert f"**{catalog.TEAM_SIZES[found.team_size].name}.**" in text
    assert f"**{catalog.COMPLEXITIES[found.complexity].name}.**" in text


def test_the_routine_speaks_only_of_what_is_there():
    text = build_guide(
        design(config("custom", "simplicity", "organization", "search", "analytics", features=["tags"])), PARTS
    ).markdown
    views = {
        view.name
        for view in design(
            config("custom", "simplicity", "organization", "search", "analytics", features=["tags"])
        ).views
    }
    routine = text[text.index("## Routine") : text.index("## Getting")]
    assert set(re.findall(r"\*\*(.+?)\*\*", routine)) <= views
