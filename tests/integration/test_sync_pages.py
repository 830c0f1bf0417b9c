"""Sync into a Logseq graph: what Logseq's own parser and queries make of it, and what a person did in a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbuilder.design import design
from chatbuilder.generators.logseq import transcript
from chatbuilder.generators.logseq.names import Titles
from tests.integration.filling import FULL, grown, hostile_chats, take_in
from tests.integration.places import GraphPlace
from tests.integration.places.graph import plain, title_of, top
from tests.unit.generators import logseq_graph as logseq
from tests.unit.generators.test_logseq import SYNTAX
from tests.unit.library.makers import DAY, chat

# What means something to Logseq anywhere in a page; emphasis, lists, links to the web and code may stay.
RUNS = (
    "Tag", "Macro", "Timestamp", "Custom", "Raw_Html", "Inline_Html", "Inline_Hiccup", "Hiccup", "Export_Snippet",
    "Drawer", "Footnote_Reference", "Footnote_Definition", "Nested_link", "Quote", "Example", "Directive", "Query",
    "Latex_Environment", "Displayed_Math",
)  # fmt: skip
CODE = (
    "`", "``", "```", "```calc", "~~~", "\n", "\n\n", "\n- ", "\n  - ", "\n1. ", "\n## ", "\n| a |", "\nkey:: v\n",
    "\nid:: x", "\ncollapsed:: true", "\n- ## Transcript\n  chatbuilder:: transcript\n", "\n```\n", "\n:PROPERTIES:\n",
    "\t", "    ", "`[[a", "b]]`", "((a", "#a", "\u00a0", "![x](y)", "\nSCHEDULED: <2026-02-12 Thu>", "[#A]", "$", "::",
)  # fmt: skip
said = st.lists(st.sampled_from(SYNTAX + CODE), min_size=1, max_size=14).map("".join)
BARE = {**FULL, "options": {**FULL["options"], "sample_data": False}}


@pytest.fixture(scope="module")
def mldoc() -> Iterator[logseq.Mldoc]:
    tool = logseq.Mldoc()
    yield tool
    tool.close()


@pytest.fixture(scope="module")
def engine() -> Iterator[logseq.Engine]:
    tool = logseq.Engine()
    yield tool
    tool.close()


def texts(place: GraphPlace) -> dict[str, str]:
    return {f"pages/{path.name}": path.read_bytes().decode() for path in sorted((place.file / "pages").iterdir())}


# what Logseq makes of it


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(found=st.lists(said, min_size=5, max_size=25))
def test_nothing_that_was_said_means_anything(mldoc, found):
    inside = [transcript.transcript(chat("a", one, f"ok {one}").active_path(), "ChatGPT") for one in found]
    pages = [f"title:: x\n\n-\n{transcript.block(one)}" for one in inside]
    for one, page, tree in zip(inside, pages, mldoc.parse(*pages), strict=True):
        assert transcript.read(page) == one
        heads = list(logseq.nodes(tree, "Heading"))
        assert [head["level"] for head in heads].count(1) == 2
        assert not any("marker" in head or "priority" in head for head in heads)
        assert len(list(logseq.nodes(tree, "Property_Drawer"))) == 2, page
        assert {kind for kind in RUNS if list(logseq.nodes(tree, kind))} == set(), page
        links = list(logseq.nodes(tree, "Link"))
        assert [link for link in links if link["url"][0] != "Complex" or link["full_text"][:1] == "!"] == [], page
        assert {code["language"] for code in logseq.nodes(tree, "Src")} <= {"text", "python"}


def test_what_was_said_reads_well(mldoc):
    text = (
        "Two ways:\n\n- use `List<T>`\n  - or `a[[0]]`\n- **bold**\n\n## Then\n\n1. first\n2. second\n\n```python\n"
        "def f():\n\n    return {{1}}  # x\n```\n\n| a | b |\n|---|---|\nSee std::vector, C# and [[this]]."
    )
    page = f"title:: x\n\n{transcript.block(transcript.transcript(chat('a', text).active_path(), 'ChatGPT'))}"
    (tree,) = mldoc.parse(page)
    heads = [(head["level"], words(head["title"])) for head in logseq.nodes(tree, "Heading")]
    assert heads[2:] == [
        (3, "Two ways:"), (3, "use List<T>"), (4, "or a[[0]]"), (3, "bold"), (3, "Then"), (3, "1. first"),
        (3, "2. second"), (3, ""), (3, ""), (3, "See std::vector, C# and [[this]]."),
    ]  # fmt: skip
    first, second = logseq.nodes(tree, "Src")
    assert first["language"] == "python"
    assert [line.removeprefix("\t\t  ") for line in first["lines"] if line != "\n"][-1] == "    return {{1}}  # x"
    assert second["language"] == "text"


def words(title: object) -> str:
    """The text of a heading as it shows."""
    if isinstance(title, list):
        if len(title) == 2 and title[0] in ("Plain", "Code"):
            return str(title[1])
        return "".join(words(part) for part in (title[1:] if title and title[0] == "Emphasis" else title))
    return ""


def test_a_filled_graph_has_exactly_the_properties_that_are_meant(tmp_path, mldoc):
    place = GraphPlace(tmp_path, BARE)
    take_in(*hostile_chats(), chat("a", "About python", "Ok", project="Garden", tags=("mine", "x, y")))
    assert place.sync(transcripts=True).failed == 0
    pages = place.pages()
    fields = {field.key.replace("_", "-") for field in design(place.config).sessions.fields}
    for (key, path), tree in zip(
        pages.items(), mldoc.parse(*(path.read_text("utf-8") for path in pages.values())), strict=True
    ):
        read = {name: value for name, value, _ in tree[0][1]}
        assert read == top(path.read_text("utf-8")), key
        assert set(read) <= fields | {"type", "full-title"} | {"title"}
        assert plain(read["source-id"]) == key
        rest = [{name for name, *_ in drawer} for drawer in logseq.nodes(tree[1:], "Property_Drawer")]
        assert rest in ([{"chatbuilder", "collapsed"}], []), key
        linked = {link["url"][1] for link in logseq.nodes(tree, "Link") if link["url"][0] == "Page_ref"}
        linked -= {f"{DAY:%Y-%m-%d}"}
        assert all(re.match(r"Chat Sessions/(Projects|Topics)/", link) for link in linked), (key, linked)
        assert {kind for kind in RUNS if list(logseq.nodes(tree[1:], kind))} == set(), key


def test_the_views_find_the_rows(tmp_path, engine):
    place = GraphPlace(tmp_path, BARE)
    chats = [
        chat("new", "A python error", "Ok", project="Garden", last_activity=DAY + timedelta(minutes=5)),
        chat("old", "Hello", "Hi", archived=True, started=DAY - timedelta(days=60)),
        chat("odd", "[[x]] {{y}}", "Ok", title="what? #1 [[x]]"),
    ]
    take_in(*chats)
    place.sync(transcripts=True)
    place.edit("chatgpt:odd", status="Completed")
    pages = logseq.read_pages(texts(place))
    titles = {key: title_of(path) for key, path in place.pages().items()}
    blueprint = design(place.config)
    found = {}
    for view in blueprint.views:
        page = next(page for page in pages if page.title == Titles(blueprint).view(view))
        (answer,) = engine.run(logseq.queries(page)[:1], pages, date(2026, 3, 2))
        found[view.key] = set(answer["found"]) & set(titles.values())
    assert found["all_sessions"] == {titles["chatgpt:new"], titles["chatgpt:odd"]}
    assert found["archive"] == {titles["chatgpt:old"]}
    assert found["active"] == {titles["chatgpt:new"]}
    assert found["by_topic"] >= {titles["chatgpt:new"]}
    (project,) = [page for page in pages if page.title.endswith("/Projects/Garden")]
    (answer,) = engine.run(logseq.queries(project), pages, date(2026, 3, 2))
    assert answer["found"] == [titles["chatgpt:new"]]


# what a person did


def test_a_page_keeps_everything_of_the_persons_byte_by_byte(tmp_path):
    place = GraphPlace(tmp_path, BARE)
    take_in(chat("a"), chat("b"))
    place.sync(transcripts=True)
    path = place.pages()["chatgpt:a"]
    text = path.read_text("utf-8").replace("title:: Chat Sessions/Chat a\n", "title:: My own page\nmood::  good \n")
    text = text.replace("status:: Active\n", "not a property\nstatus:: Active\n")
    text = text.replace("\n-\n", "\n\n- mine [[x]]\n\tid:: 1\n\n\t- below  \n")
    moved = place.file / "kept" / "My name.md"
    moved.parent.mkdir()
    moved.write_bytes(text.replace("\n", "\r\n").encode() + b"- after\r\n\r\n")
    path.unlink()
    take_in(grown(chat("a"), "More", "Sure"), exported=2.0)
    assert place.sync().updated == 1
    assert not path.exists()
    after = moved.read_bytes().decode()
    changed = text.replace("messages:: 2", "messages:: 4").replace(
        "last-activity:: 2026-03-01 12:00", "last-activity:: 2026-03-02 12:00"
    )
    ours = ("duration::", "words::", "keywords::")
    wanted = changed.replace("\n", "\r\n") + "- after\r\n\r\n"
    assert _without(after, ours) == _without(wanted, ours)
    assert "duration:: 1440\r\n" in after
    place.sync(transcripts=True)
    again = moved.read_bytes().decode()
    assert again.endswith("\t\t- Sure\r\n- after\r\n\r\n")
    assert again.count("\n") == again.count("\r\n")


def _without(text: str, names: tuple[str, ...]) -> list[str]:
    return [line for line in text.split("\n") if not line.startswith(names)]


def rewritten(text: str, indent: str) -> str:
    """A page as Logseq writes it when something on it was edited: another order, trimmed, states of its own."""
    head, _, body = text.partition("\n\n")
    first, *rest = head.split("\n")
    body = body.replace("  collapsed:: true\n", "  id:: 6421b1c5-0000-4000-8000-000000000000\n")
    body = re.sub(r"(- \*\*You.*)", r"\1\n\t  collapsed:: true", body, count=1).replace("\t", indent)
    lines = [f"{line.replace(':: ', '::   ')} " for line in reversed(rest)]
    return "\n".join((first, *lines)) + "\n\n" + "\n".join(line.rstrip() for line in body.rstrip().split("\n"))


@pytest.mark.parametrize("indent", ["\t", "  ", "    "])
def test_what_logseq_writes_anew_is_still_kept_up_to_date(tmp_path, indent):
    place = GraphPlace(tmp_path, BARE)
    old = chat("a", "Hello\n\n- one\n  - two\n\n```python\nif x:\n\n    y\n```", "Hi", model="gpt: 5")
    take_in(old)
    place.sync(transcripts=True)
    path = place.pages()["chatgpt:a"]
    path.write_text(rewritten(path.read_text("utf-8"), indent), "utf-8")
    take_in(replace(grown(old, "More", "Sure"), model="gpt-6"), exported=2.0)
    report = place.sync(transcripts=True)
    assert (report.updated, report.kept, report.transcripts) == (1, 0, 1)
    row = place.rows()["chatgpt:a"]
    assert (row["model"], row["messages"]) == ("gpt-6", "4")
    assert "- Sure" in row["text"]
    assert "  id:: 6421b1c5" in row["text"]
    assert place.sync(transcripts=True).requests == 0


def test_a_word_changed_in_a_transcript_makes_it_the_persons(tmp_path):
    place = GraphPlace(tmp_path, BARE)
    take_in(chat("a", "Hello", "Hi"), chat("b", "Hello", "Hi"), chat("c", "Hello", "Hi"))
    place.sync(transcripts=True)
    pages = place.pages()
    for key, old, new in (
        ("a", "\t\t- Hi\n", "\t\t- Hi\n\t\t- my thought\n"), ("b", "\t\t- Hi\n", ""), ("c", "## Transcript", "## Talk")
    ):  # fmt: skip
        path = pages[f"chatgpt:{key}"]
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    take_in(*(grown(chat(key, "Hello", "Hi"), "More", "Sure") for key in "abc"), exported=2.0)
    place.sync(transcripts=True)
    rows = place.rows()
    assert ["- Sure" in rows[f"chatgpt:{key}"]["text"] for key in "abc"] == [False, False, True]
    assert "my thought" in rows["chatgpt:a"]["text"]
    assert "- ## Talk\n" in rows["chatgpt:c"]["text"]


def test_old_versions_that_logseq_keeps_are_no_pages(tmp_path):
    place = GraphPlace(tmp_path, BARE)
    take_in(chat("a"), chat("b"))
    place.sync()
    for key, folder in (("chatgpt:a", "logseq/bak/pages/Chat a"), ("chatgpt:b", "logseq/.recycle")):
        aside = place.file / folder / "2026-03-01T00_00_00.md"
        aside.parent.mkdir(parents=True, exist_ok=True)
        place.pages()[key].rename(aside)
    take_in(*(grown(chat(key), "More") for key in "ab"), exported=2.0)
    report = place.sync()
    assert (report.created, report.updated, report.skipped) == (0, 0, 2)


def test_no_two_pages_have_the_same_title(tmp_path):
    place = GraphPlace(tmp_path, BARE)
    theirs = {"mine.md": "title:: chat sessions/NEW CHAT\n\n- mine", "Chat Sessions___old name.md": "title:: x\n\n- a"}
    for name, text in theirs.items():
        (place.file / "pages" / name).write_text(text, "utf-8")
    titles = ("New chat", "new CHAT", "Guide", "Views", "Projects", "old name", "a/b", "a b", "CON", "_", "50%")
    take_in(*(chat(f"c{n}", title=title) for n, title in enumerate(titles)))
    assert place.sync().created == len(titles)
    pages = [page.title.casefold() for page in logseq.read_pages(texts(place))]
    assert len(set(pages)) == len(pages)
    assert not {"chat sessions/views", "chat sessions/projects"} & set(pages)
    assert {name: (place.file / "pages" / name).read_text("utf-8") for name in theirs} == theirs
    assert {row["title"] for row in place.rows().values()} == set(titles)


def test_a_page_that_came_since_a_run_was_killed_keeps_its_title(tmp_path, monkeypatch):
    place = GraphPlace(tmp_path, BARE)
    take_in(chat("a", title="New chat"))

    def dies(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("chatbuilder.provision.notes._write_all", dies)
        with pytest.raises(KeyboardInterrupt):
            place.sync()
    mine = place.file / "pages" / "mine.md"
    mine.write_text("title:: Chat Sessions/new chat\n\n- mine", "utf-8")
    assert place.sync().created == 1
    assert title_of(place.pages()["chatgpt:a"]) == "Chat Sessions/New chat (2)"


def test_a_page_that_cannot_be_read_is_told_and_left_alone(tmp_path):
    place = GraphPlace(tmp_path, BARE)
    take_in(chat("a"), chat("b"))
    place.sync()
    path = place.pages()["chatgpt:a"]
    path.write_text(path.read_text("utf-8").replace("messages:: 2", "messages:: 2\nmessages:: 3", 1), "utf-8")
    before = path.read_bytes()
    take_in(grown(chat("a"), "More"), grown(chat("b"), "More"), exported=2.0)
    report = place.sync()
    assert (report.updated, report.failed) == (1, 1)
    assert "twice" in report.problems[0].reason
    assert path.read_bytes() == before


def test_a_property_that_became_empty_is_taken_out_and_comes_again(tmp_path):
    place = GraphPlace(tmp_path, BARE)
    take_in(chat("a", model="gpt-5"))
    place.sync()
    take_in(replace(chat("a"), model=None), exported=2.0)
    place.sync()
    assert "model::" not in place.rows()["chatgpt:a"]["text"]
    take_in(chat("a", model="gpt-6"), exported=3.0)
    place.sync()
    assert place.rows()["chatgpt:a"]["model"] == "gpt-6"
    place.edit("chatgpt:a", model="")
    take_in(chat("a", model="gpt-7"), exported=4.0)
    assert place.sync().kept == 1
    assert place.rows()["chatgpt:a"]["model"] == ""


def test_no_block_is_too_long_for_logseq(tmp_path):
    place = GraphPlace(tmp_path, BARE)
    long = "[[x]] " * 5_000
    code = "```python\n" + "x = 1\n" * 4_000 + "y" * 30_000 + "\n```"
    take_in(chat("a", "a" * 40_000, long, "line of words\n" * 3_000, code, title="T" * 2_000, tags=("t" * 100,) * 99))
    place.sync(transcripts=True)
    text = place.rows()["chatgpt:a"]["text"]
    blocks = re.split(r"\n\t*- |\n\n", text)
    assert max(len(re.sub(r"\n\t*  ", "\n", block)) for block in blocks) < 9_500
    assert text.count("[[x\\]]") + text.count("\\") > 4_000
    assert text.count("x = 1") == 4_000
    assert text.count("y" * 100) >= 290


def test_rules_are_those_that_the_person_left(tmp_path):
    place = GraphPlace(tmp_path)
    page: Path = place.file / "pages" / "Chat Sessions___Rules.md"
    text = page.read_text("utf-8")
    assert "- Words: " in text
    page.write_text(text.replace("Words: error", "Words:  zebra, error", 1).replace("\n", "\r\n"), "utf-8")
    first = re.search(r"- Words: +zebra.*Set \*\*(\w+)\*\* to (.*)\n", page.read_text("utf-8"))
    assert first is not None
    take_in(chat("a", "A zebra in the garden"))
    place.sync()
    row = place.rows()["chatgpt:a"]
    assert first[2].strip() in row[first[1].lower()]
    page.write_text(text.replace("- Words: ", "- "), "utf-8")
    take_in(chat("b", "An error of python"))
    place.sync()
    assert (place.rows()["chatgpt:b"]["topic"], place.rows()["chatgpt:b"]["tags"]) == ("", "")
    page.write_text(text.replace(". Set **", " then **"), "utf-8")
    take_in(chat("c", "An error of python"))
    place.sync()
    assert place.rows()["chatgpt:c"]["topic"] == "Coding"


def test_a_rule_of_the_persons_own(tmp_path):
    place = GraphPlace(tmp_path)
    page: Path = place.file / "pages" / "Chat Sessions___Rules.md"
    text = page.read_text("utf-8")
    page.write_text(text + "- Words: llama, alpaca. Set **Tags** to [[animals]]\n- Words: llama. Set topic to "
                    "[[Chat Sessions/Topics/Travel]]\n", "utf-8")  # fmt: skip
    take_in(chat("a", "An alpaca and a llama"))
    place.sync()
    row = place.rows()["chatgpt:a"]
    assert ("animals" in row["tags"], row["topic"]) == (True, "Travel")
