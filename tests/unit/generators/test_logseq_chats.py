"""Pages of chats as a person, or Logseq itself, left them: read, changed in place, and rules that were rewritten."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder.blueprint import TagRule
from chatbuilder.design import design
from chatbuilder.generators.common.fences import harmless_language, parts
from chatbuilder.generators.common.rows import RowMaker
from chatbuilder.generators.logseq import transcript
from chatbuilder.generators.logseq.chats import Pages
from chatbuilder.generators.logseq.names import Titles
from chatbuilder.generators.logseq.properties import PageProperties, top_value
from chatbuilder.generators.logseq.rules import rules_blocks, rules_of
from tests.helpers import config
from tests.unit.library.makers import chat, said

HEAD = "title:: T\nsource-id:: a:b\n\n"
INSIDE = (
    "- **You** · 2026-03-01 12:00\n\t- One\n\t  two\n\t\t- three\n- **ChatGPT**\n\t- ```py\n\t  - x\n\t    y\n\t  ```"
)


def told(text: str) -> list[str]:
    """What a message becomes below the name of who said it."""
    return transcript.transcript((said(0, text),), "x").split("\n")[1:]


# what the parser would read


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one\n\ntwo\nthree\n\n\n four ", ["\t- one", "\t- two", "\t  three", "\t- four"]),
        ("# A\ntext\n## B", ["\t- ### A", "\t- text", "\t- #### B"]),
        ("##### e\n###### f", ["\t- ###### e", "\t- ###### f"]),
        ("    # no heading", ["\t- \\# no heading"]), ("#tag", ["\t- \\#tag"]), ("# ", ["\t- \\#"]),
        ("- a\n  - b\n    - c\n  - d\n- e", ["\t- a", "\t\t- b", "\t\t\t- c", "\t\t- d", "\t- e"]),
        ("- a\n\tb\n\n  c\n\nd", ["\t- a", "\t  b", "\t\t- c", "\t- d"]),
        ("1. a\n2) b\n1234567890. c", ["\t- 1. a", "\t- 2) b", "\t  1234567890. c"]),
        ("* a\n\t* b", ["\t- a", "\t\t- b"]), ("-no item", ["\t- \\-no item"]), ("text\n- a", ["\t- text", "\t- a"]),
        ("a::b c::", ["\t- a:\\:b c:\\:"]), ("key:: v", ["\t- key:\\: v"]), ("a::::b", ["\t- a:\\:\\:\\:b"]),
        ("**a:: b**", ["\t- **a:\\: b**"]), ("TODO x\nnot TODO", ["\t- \\TODO x", "\t  not TODO"]),
        ("say `a::b` (`[[c]]`)", ["\t- say `a::b` (`[[c]]`)"]), ("see `x` here: [[y]]", ["\t- see `x` here: [[y]\\]"]),
        ("see `#x` here", ["\t- see `#x` here"]), ("x`#y` z", ["\t- x`\\#y` z"]), ("`#x` y", ["\t- `#x` y"]),
        ("``#x``", ["\t- \\``\\#x``"]), ("a \\[ b", ["\t- a \\\\[ b"]), ("~~~ x y", ["\t- ```text", "\t  ```"]),
        ("a |\n  | b |", ["\t- a |", "\t  \\| b |"]), ("x `a` y `#b` z", ["\t- x `a` y `#b` z"]),
        ("`a`#b", ["\t- \\`a`\\#b"]),
        ("| a |\n| b |\nc", ["\t- ```text", "\t  | a |", "\t  | b |", "\t  ```", "\t- c"]), ("| a |", ["\t- \\| a |"]),
        ("```calc\n1+1\n```", ["\t- ```text", "\t  1+1", "\t  ```"]),
        ("```PY\nx\n\ny", ["\t- ```py", "\t  x", "\t  ", "\t  y", "\t  ```"]),
        ("- a\n  ```sh\n  ls\n  ```\nb", ["\t- a", "\t\t- ```sh", "\t\t  ls", "\t\t  ```", "\t- b"]),
        (
            "```\na:: b\n~~~\n``\n ````",
            ["\t- ```text", "\t  a:\u200b: b", "\t  ~\u200b~\u200b~", "\t  `\u200b`", "\t  ```"],
        ),
        ("`a` ((b))", ["\t- \\`a` ((b)\\)"]), ("<b> {{x}} @@y@@", ["\t- \\<b> {\\{x}} @\\@y@\\@"]),
    ],
)  # fmt: skip
def test_foreign_markdown_as_blocks(text, lines):
    assert told(text) == lines


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("x" * 8_999, [8_999]), ("x" * 9_000, [9_000]), ("x" * 9_001, [9_000, 1]),
        ("a\n" + "x" * 8_990, [8_992]), ("a\n\n" + "x" * 9_000, [1, 9_000]), ("#" + "x" * 4_500, [4_501, 1]),
        ("```\n" + "x" * 4_450 + "\n```", [4_450 + 12]), ("```\n" + "x" * 4_451 + "\n```", [4_451 + 13]),
        ("```\n" + "xxxxxxxxx\n" * 1_000 + "```", [8_911, 1_111]),
    ],
    ids=range(9),
)  # fmt: skip
def test_no_block_is_too_long_for_logseq(text, sizes):
    """A block over 10,000 characters can neither be searched nor edited there."""
    blocks = "\n".join(line[1:] for line in told(text)).removeprefix("- ").split("\n- ")
    assert [len(block.replace("\n  ", "\n")) for block in blocks] == sizes


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["a", "```py", "b", "```", "c"], [(["a"], None, 0), (["b"], "py", 0), (["c"], None, 0)]),
        (["  ~~~", "   b", " c", "~~~~"], [([" b", "c"], "", 2)]), (["````", "```", "`````"], [(["```"], "", 0)]),
        (["```x", "a", "``` y", "b"], [(["a", "``` y", "b"], "x", 0)]),
        (["``` a`b", "c"], [(["``` a`b", "c"], None, 0)]),
        (["```{r}", "c", "```"], [(["c"], "", 0)]), (["``", "c"], [(["``", "c"], None, 0)]), ([], []),
        (["```", "```", "```", "```"], [([], "", 0), ([], "", 0)]), (["~~~", "```", "~~~"], [(["```"], "", 0)]),
    ],
)  # fmt: skip
def test_markdown_parts_into_code_and_the_rest(lines, found):
    assert [(list(inside), language, indent) for inside, language, indent in parts(lines)] == found


@pytest.mark.parametrize(
    ("language", "harmless"),
    [("Python", "python"), ("c++", "c++"), ("dataviewjs", "text"), ("query", "text"), ("", "text"), ("calc", "text")],
)
def test_only_languages_that_nothing_runs(language, harmless):
    assert harmless_language(language) == harmless


# a page as Logseq wrote it anew


def test_a_transcript_reads_the_same_however_logseq_writes_it():
    page = HEAD + transcript.block(INSIDE)
    assert transcript.read(page) == INSIDE
    assert transcript.read(page.replace("\n", "\r\n")) == INSIDE
    assert transcript.read(page.rstrip("\n")) == INSIDE
    assert transcript.read(page + "- mine\n\t- too\n") == INSIDE
    noted = page.replace("\t- One\n", "\t- One\n\t\t  collapsed:: true\n\t\t  id:: 64\n")
    assert transcript.read(noted) == INSIDE
    deeper = HEAD + "- mine\n\t" + transcript.block(INSIDE)[:-1].replace("\n", "\n\t") + "\n- end\n"
    assert transcript.read(deeper) == INSIDE
    moved = "\n".join(line.replace("\t", "  ") for line in page.split("\n"))
    assert transcript.read(moved) == INSIDE
    assert transcript.read(HEAD + "- no transcript\n\t- x\n") == ""
    assert transcript.read(HEAD) == ""
    assert transcript.read(page.replace("One", "Won")) != INSIDE
    assert transcript.read(HEAD + "- ## Transcript\n  chatbuilder:: transcript\n- next\n\t- x\n") == ""


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("before", "after"),
    [("", ""), ("- above\n", ""), ("- above\n", "- below\n\t- more\n"), ("- above\n\t- deep\n\n", "- below")],
)
def test_a_transcript_is_written_where_it_stands(ending, before, after):
    def page(inside: str) -> str:
        return (HEAD + before + transcript.block(inside) + after).replace("\n", ending)

    other = "- **You**\n\t- else"
    assert transcript.write(page(INSIDE), other) == page(other)
    assert transcript.write(page(other), INSIDE) == page(INSIDE)
    gone = transcript.write(page(INSIDE), "")
    assert transcript.read(gone) == ""
    assert transcript.write(gone, other) == page(other)


@pytest.mark.parametrize(
    ("page", "gap"),
    [(HEAD, ""), (HEAD.rstrip("\n"), "\n\n"), (f"{HEAD}- x", "\n"), (f"{HEAD}- x\n", ""), ("title:: T\n", "\n")],
)
def test_a_transcript_comes_to_the_end_of_a_page_without_one(page, gap):
    assert transcript.write(page, INSIDE) == page + gap + transcript.block(INSIDE)
    assert transcript.write(page, "") == page


# properties


@pytest.mark.parametrize(
    ("page", "key", "value"),
    [
        ("a:: x", "a", "x"), ("\ufeffa:: x\n", "a", "x"), ("A_b::  x  y \r\n", "a-b", "x y"), ("a::\nb:: 1", "a", ""),
        ("a:: 1\n\nb:: 2", "b", ""), ("a:: 1\n- b:: 2", "b", ""), ("\n\na:: 1", "a", "1"),
        ("a:: 1\nslip\nb:: 2", "b", "2"),
        ("  a:: 1\n\tb:: 2", "b", "2"), ("a::1\nb:: 2", "a", ""), ("a:: 1\n  -\nb:: 2", "b", ""),
        ("a:: b:: c", "a", "b:: c"),
        ("a:: 1\n-b:: 2", "-b", "2"),
        ("a:: 1 \r\nb:: 2\u2003\r\n", "b", "2"),
    ],
)  # fmt: skip
def test_properties_as_they_stand(page, key, value):
    assert PageProperties(page).value(key) == value
    assert top_value(page, key) == value


@pytest.mark.parametrize("page", ["", "text\n", "- a:: 1\n", "# a:: 1", "\n\n- x\na:: 1"])
def test_a_page_without_properties(page):
    with pytest.raises(ValueError, match="it has no properties any more"):
        PageProperties(page)
    assert top_value(page, "a") == ""


def test_a_property_that_is_there_twice_is_not_guessed_at():
    twice = PageProperties("a:: 1\nb:: 2\nA:: 3\n")
    assert (twice.first("a"), twice.value("b")) == ("1", "2")
    for read in (lambda: twice.value("a"), lambda: twice.with_values({"a": "4"})):
        with pytest.raises(ValueError, match="it has the property a twice"):
            read()
    assert twice.with_values({"b": "5"}) == "a:: 1\nb:: 5\nA:: 3\n"


@pytest.mark.parametrize(
    ("page", "values", "changed"),
    [
        ("a:: 1\nb:: 2\n\n- x", {"a": "3"}, "a:: 3\nb:: 2\n\n- x"), ("a:: 1\nb:: 2\n", {"a": ""}, "b:: 2\n"),
        ("a:: 1\n\n- x", {"b": "2", "c": "", "d": "4"}, "a:: 1\nb:: 2\nd:: 4\n\n- x"),
        ("\ufeff  a:: 1\r\nb:: 2\r\n", {"a": "3", "c": "4"}, "\ufeff  a:: 3\r\nb:: 2\r\nc:: 4\r\n"),
        ("a:: 1", {"b": "2"}, "a:: 1\nb:: 2"),
        ("\n\nx\na:: 1\n", {"b": "2", "a": ""}, "\n\nx\nb:: 2\n"),
        ("x:: 1\r\na:: 1\r", {"b": "2"}, "x:: 1\r\na:: 1\r\nb:: 2"),
        ("a:: 1\nslip\n", {"b": "2"}, "a:: 1\nb:: 2\nslip\n"),
    ],
)  # fmt: skip
def test_only_what_is_written_changes(page, values, changed):
    assert PageProperties(page).with_values(values) == changed


# how pages are found and named


def pages() -> Pages:
    return Pages(design(config("logseq", "organization", complexity="moderate")))


def test_pages_are_found_by_their_key_and_named_by_their_title():
    found = pages()
    assert found.key_of(HEAD) == "a:b"
    assert found.key_of("title:: T\n") is None
    assert found.key_of("source-id::\n") is None
    assert found.title_of("pages/a___b%3Ac.md") == "a/b:c"
    assert found.title_of("deep/down/x.y.md", "title:: Mine\n") == "Mine"
    assert found.title_of("no suffix") == "no suffix"
    assert found.path_of("a/b:c") == "pages/a___b%3Ac.md"


def test_a_page_that_comes_to_stand_elsewhere_says_its_full_title():
    found = pages()
    data = {"title": "Chat Sessions/T", "name": "T", "text": "title:: Chat Sessions/T\ntype:: x\nstatus:: y\n"}
    assert found.text_of(data, "pages/Chat Sessions___T.md") == data["text"]
    assert found.text_of(data, "pages/Chat Sessions___T (2).md") == (
        "title:: Chat Sessions/T (2)\ntype:: x\nfull-title:: T\nstatus:: y\n"
    )
    named = {**data, "text": "title:: Chat Sessions/T\ntype:: x\nfull-title:: T!\n"}
    assert found.text_of(named, "pages/Chat Sessions___T (2).md") == (
        "title:: Chat Sessions/T (2)\ntype:: x\nfull-title:: T!\n"
    )


@pytest.mark.parametrize(("size", "there"), [(2_000, True), (2_001, False)])
def test_an_address_that_would_be_cut_leads_nowhere_and_is_left_out(size, there):
    blueprint = design(config("logseq", "organization"))
    row = RowMaker(blueprint).row(chat("a", url="https://x.y/".ljust(size, "z")))
    dialect = Pages(blueprint)
    cells = dialect.cells(row)
    text = dialect.new(row, cells, {}).data["text"]
    assert (bool(cells["link"]), "\nlink:: " in text) == (there, there)


@pytest.mark.parametrize(("last", "kept"), [(88, 20), (89, 19)])
def test_as_many_tags_as_a_page_that_can_be_edited_has_room_for(last, kept):
    blueprint = design(config("logseq", "organization", features=["tags"]))
    tags = [f"{n:098}" for n in range(19)] + ["x" * (last + 10)]
    row = RowMaker(blueprint, ()).row(chat("a", tags=tuple(tags)))
    dialect = Pages(blueprint)
    text = dialect.new(row, dialect.cells(row), {}).data["text"]
    (line,) = re.findall("^tags:: (.*)$", text, re.MULTILINE)
    assert len(line.split(", ")) == kept


# rules


def rules(complexity: str = "moderate"):
    blueprint = design(config("logseq", "automation", "organization", features=["tags"], complexity=complexity))
    titles = Titles(blueprint)
    page = "".join(f"- {block.text}\n" for block in rules_blocks(blueprint, titles))
    return page, lambda text: rules_of(text, blueprint, titles), blueprint.automations[0].rules


@pytest.mark.parametrize("complexity", ["simple", "moderate"])
def test_rules_read_back_and_follow_what_a_person_writes(complexity):
    page, read, wanted = rules(complexity)
    assert read(page) == wanted
    assert read(page.replace("\n", "\r\n")) == wanted
    assert read("- nothing\n") == ()
    for line, rule in (
        ("\t* Words: a, b\\#c , c..  Set **Topic** to Garden  \r", TagRule(("a", "b#c", "c."), "topic", "Garden")),
        ("- Words: x. Set topic to [[Chat Sessions/Topics/Coding]]", TagRule(("x",), "topic", "Coding")),
        ("- Words: x. Set TAGS to [[a/New one]]", TagRule(("x",), "tags", "New one")),
        ("- Words: x. Set secondary-topics to [[y]]", TagRule(("x",), "secondary_topics", "y")),
        ("- Words: x. Set secondary_topics to a [[y]\\]", TagRule(("x",), "secondary_topics", "a [[y]]")),
    ):
        assert read(f"{page}{line}\n") == (*wanted, rule)
    for line in ("- Words: x", "- Words: x. Set Nothing to y", "- Words: x. Set Model to y", "- Words: . Set Topic to"):
        assert read(f"{page}{line}\n") is None


TEXTS = st.lists(
    st.sampled_from(
        ["- ", "\n", "\n\n", "  ", "\t", "```", "`", "x", "key:: ", "id:: 1", "# ", "|", "[[", "1. ", "\\"]
    ),
    max_size=14,
)


@given(st.lists(TEXTS.map("".join), min_size=1, max_size=3))
def test_whatever_was_said_reads_back_and_ends_where_it_ends(texts):
    inside = transcript.transcript(tuple(said(at, text) for at, text in enumerate(texts)), "ChatGPT")
    page = HEAD + "- above\n" + transcript.block(inside) + "- below\n"
    once = transcript.read(page)
    assert transcript.read(transcript.write(page, once)) == once
    assert transcript.write(page, "- **You**").endswith("collapsed:: true\n\t- **You**\n- below\n")
