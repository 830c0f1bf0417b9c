"""The graph as Logseq would read it: every property there, no reference by accident, queries that find what they mean."""

from __future__ import annotations

import csv
import dataclasses
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbuilder import catalog, filters
from chatbuilder.blueprint import Blueprint, Field, Sort, Table, View
from chatbuilder.config import Config, Options
from chatbuilder.design import design
from chatbuilder.filters import And, Cmp, Me, Not, Or, Today
from chatbuilder.generators.logseq import code, generate, markup, names, outline, queries, results
from chatbuilder.solution import Solution
from tests.strategies import HOSTILE_NAMES, configs, neighbours
from tests.unit.generators import logseq_graph as logseq

TODAY = date(2026, 5, 25)
DAYS = st.sampled_from([date(2026, 1, 12), date(2026, 2, 12), date(2026, 4, 1), TODAY])
EVERYTHING: dict[str, Any] = {
    "priorities": tuple(key for key in catalog.PRIORITIES if key != "simplicity"),
    "features": tuple(catalog.FEATURES),
    "team_size": "large",
    "complexity": "advanced",
}
SYNTAX = ("[[", "]]", "((", "))", "{{", "}}", "#", "[", "]", "(", ")", "\\", "::", "key:: ", "<", ">", "TODO ", "`", '"', "@@",
          "[:b", "[^1]", "<% x %>", "http://a.b/#c", "((6421b1c5-0000-4000-8000-000000000000))", "- ", "* ", "1. ", "|", "$$",
          "SCHEDULED: <2026-02-12 Thu>", "{{query (task TODO)}}", "#+BEGIN_QUERY", "[x](y)", "![x](http://a.b)", ":LOGBOOK:",
          " ", "word", "é", "🚀", "עברית", ",", "'", "---", "DONE", "=", "~~", "^^", "**", "_")  # fmt: skip
foreign = st.lists(st.sampled_from(SYNTAX), min_size=1, max_size=8).map("".join).filter(str.strip)
quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
few = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])


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


def built(**answers: Any) -> tuple[Blueprint, Solution]:
    config = Config(platform="logseq", **{**EVERYTHING, **answers})
    blueprint = design(config)
    return blueprint, generate(config, blueprint)


def graph(solution: Solution) -> dict[str, str]:
    """The pages of the graph by path."""
    found = {f.path.removeprefix("graph/"): f.data().decode() for f in solution.files if f.path.startswith("graph/pages/")}
    assert found
    return found


def file(solution: Solution, path: str) -> str:
    return next(f.data().decode() for f in solution.files if f.path == path)


def page_of(solution: Solution, key: str) -> str:
    """The text of the page that a step of the plan writes."""
    return next(str(step.payload["text"]) for step in solution.plan if step.key == key)


# names


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("/_%.:#A25fF"), max_size=30))
def test_a_title_comes_back_from_its_file_name(text):
    title = "/".join(part for part in __import__("unicodedata").normalize("NFC", text).split("/") if part)
    body = names.file_body(title)
    assert names.title_of(body) == title
    assert not set(body) & set('/:*?"<>|#\\')
    assert not body.startswith(".")


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Chats/Views/All", "Chats___Views___All"), ("a:b*c?", "a%3Ab%2Ac%3F"), (".hidden", "%2Ehidden"), ("CON", "CON___"),
        ("end.", "end.___"), ("a_/b", "a%5F___b"), ("a___b", "a%5F%5F%5Fb"), ("100%25", "100%2525"), ("a_b", "a_b"),
    ],
)  # fmt: skip
def test_file_names_are_those_that_logseq_gives(title, body):
    assert names.file_body(title) == body


@pytest.mark.parametrize("name", ["2026-01-05", "20260105", "5th Jan 2026", "Jan 5th, 2026", "Contents", "TODO", "05.01.2026"])
def test_a_system_is_never_a_journal_day_or_a_page_of_logseqs_own(name):
    assert names.root_title(name).endswith(" chats")


@quick
@given(config=configs("logseq"))
def test_file_names_fit_every_disk_and_differ_without_regard_to_case(config):
    blueprint = design(config)
    rows = ({**row, "title": f"{name} {row['title']}"} for row, name in zip(blueprint.sessions.samples, ("🚀" * 99, "/", "a" * 99), strict=False))
    sessions = dataclasses.replace(blueprint.sessions, samples=tuple(rows))
    blueprint = dataclasses.replace(blueprint, tables=(sessions, *blueprint.tables[1:]))
    paths = list(graph(generate(config, blueprint)))
    assert len({path.casefold() for path in paths}) == len(paths)
    assert max(len(path.removeprefix("pages/").encode()) for path in paths) <= 255


# text that is not ours


@given(foreign)
def test_escaped_text_comes_back(text):
    assert markup.plain(markup.escape(text)) == " ".join(text.split())


@quick
@given(texts=st.lists(foreign, min_size=5, max_size=25))
def test_logseq_reads_nothing_into_foreign_text(mldoc, texts):
    properties = [f"key{n}:: {markup.text_value(text)}" for n, text in enumerate(texts)]
    blocks = [markup.block(markup.block_text(text)) for text in texts]
    blocks += [markup.block(f"Say {markup.escape(text)}") for text in texts]
    page = markup.page("x", dict(line.split(":: ", 1) for line in properties), blocks)
    (drawer, *rest), = mldoc.parse(page)
    assert [key for key, _, _ in drawer[1]] == ["title", *(f"key{n}" for n in range(len(texts)))]
    found = [ref for _, _, refs in drawer[1] for ref in refs]
    assert [ref for ref in found if ref[0] != "Link" or ref[1]["url"][0] != "Complex"] == []  # a web address may be
    heads = list(logseq.nodes(rest, "Heading"))
    assert len(heads) == 2 * len(texts)
    assert not any("marker" in head or "priority" in head for head in heads)
    assert all(isinstance(head["size"], type(None)) for head in heads)
    kinds = ("Tag", "Macro", "Property_Drawer", "Timestamp", "Custom", "Raw_Html", "Inline_Hiccup", "Export_Snippet", "Drawer",
             "Footnote_Reference", "Footnote_Definition", "Table", "Src", "Nested_link", "List", "Quote", "Example")  # fmt: skip
    assert {kind for kind in kinds if list(logseq.nodes(rest, kind))} == set()
    links = list(logseq.nodes(rest, "Link"))
    assert [link for link in links if link["url"][0] != "Complex"] == []


def test_a_long_text_stands_below_in_full(mldoc):
    text = "first\n\n- key:: value\n# head\n" + "x" * 12_000
    row = {"title": "Long", "summary": text}
    blueprint, _ = built()
    table = dataclasses.replace(blueprint.sessions, samples=(row,))
    solution = generate(Config(platform="logseq", **EVERYTHING), dataclasses.replace(blueprint, tables=(table, *blueprint.tables[1:])))
    page = next(text for path, text in graph(solution).items() if path.endswith("Long.md"))
    assert max(map(len, page.splitlines())) < 9_500
    assert page.count("x" * 100) == page.replace("\n\t- ", "").count("x" * 100)
    (tree,) = mldoc.parse(page)
    assert len(list(logseq.nodes(tree, "Property_Drawer"))) == 1
    assert "".join(re.findall("x+", page.split("\n\n", 1)[1])).count("x") == 12_000


# pages as the parser reads them


def preset_keys(blueprint: Blueprint) -> set[str]:
    return {"type"} | {item.key.replace("_", "-") for table in blueprint.tables for item in table.fields}


@quick
@given(config=configs("logseq"))
def test_every_page_parses_and_holds_only_what_is_meant(mldoc, config):
    blueprint = design(config)
    pages = graph(generate(config, blueprint))
    for text, tree in zip(pages.values(), mldoc.parse(*pages.values()), strict=True):
        head = text.split("\n\n", 1)[0].splitlines()
        assert tree[0][0] == "Property_Drawer"
        assert [f"{key}:: {value}" for key, value, _ in tree[0][1]] == head
        assert all(re.fullmatch("[a-z][a-z0-9-]*", key) for key, _, _ in tree[0][1])
        assert not list(logseq.nodes(tree, "Directive"))
        assert {macro["name"] for macro in logseq.nodes(tree, "Macro")} <= {"query"}
        keys = {key for drawer in logseq.nodes(tree[1:], "Property_Drawer") for key, *_ in drawer}
        if "/Templates\n" in text[:200]:
            assert keys <= preset_keys(blueprint) | {"template", "template-including-parent"}
        else:
            assert keys <= {"query-properties", "query-sort-by", "query-sort-desc"}


@quick
@given(config=configs("logseq"))
def test_every_reference_leads_to_a_page_a_day_or_a_tag(mldoc, config):
    blueprint = design(config)
    pages = logseq.read_pages(graph(generate(config, blueprint)))
    there = {page.title for page in pages}
    tags = {tag for page in pages for tag in page.properties.get("tags", ())}
    for page, tree in zip(pages, mldoc.parse(*(page.text for page in pages)), strict=True):
        outside = [node for node in tree if node[0] != "Custom"]
        refs = {link["url"][1] for link in logseq.nodes(outside, "Link") if link["url"][0] == "Page_ref"}
        refs |= {ref for value in page.properties.values() if isinstance(value, frozenset) for ref in value}
        unresolved = {ref for ref in refs - there - tags if not re.fullmatch(r"\d{4}-\d\d-\d\d", ref)}
        assert unresolved == set()
        assert list(logseq.nodes(outside, "Tag")) == []
        assert "Block_ref" not in {link["url"][0] for link in logseq.nodes(outside, "Link")}


@quick
@given(config=configs("logseq"))
def test_only_follow_ups_are_tasks_and_each_is_on_its_day(mldoc, config):
    blueprint = design(config)
    pages = graph(generate(config, blueprint))
    trees = mldoc.parse(*pages.values())
    due = sorted(str(row["follow_up"]) for row in blueprint.sessions.samples if row.get("follow_up"))
    markers = [head["marker"] for head in logseq.nodes(trees, "Heading") if head.get("marker")]
    assert len(markers) == len(due)
    assert set(markers) <= {"TODO", "DONE"}
    days = [stamp[1]["date"] for stamp in logseq.nodes(trees, "Timestamp") if stamp[0] == "Scheduled"]
    assert sorted(f"{d['year']}-{d['month']:02}-{d['day']:02}" for d in days) == due


def test_values_read_back_as_they_were(mldoc):
    blueprint, solution = built()
    pages = {page.title: page for page in logseq.read_pages(graph(solution))}
    page = pages["Chat Sessions/Why does my query scan the whole table"]
    row = blueprint.sessions.samples[1]
    assert page.properties["full-title"] == row["title"]
    assert page.properties["status"] == "Active"
    assert page.properties["started"] == "2026-02-03 09:15"
    assert page.properties["messages"] == 28
    assert page.properties["topic"] == {"Chat Sessions/Topics/Learning"}
    assert page.properties["day"] == {"2026-02-03"}
    assert page.properties["tags"] == {"bug", "reference"}
    assert page.properties["auto-filed"] is True
    assert page.properties["type"] == "Chat Sessions/Session"
    assert "link" not in page.properties


# queries


def rows_for(table: Table, blueprint: Blueprint) -> st.SearchStrategy[tuple[dict[str, Any], ...]]:
    titles = ("One", "Two", "a/b", "what?", "[[x]]", "#tag", "100%", "TODO later", "🚀")
    fields = {item.key: value_for(item, blueprint) for item in table.fields[1:] if item.owner != "computed"}

    def named(rows: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
        return tuple({table.title.key: title, **row} for title, row in zip(titles, rows, strict=False))

    return st.lists(st.fixed_dictionaries(fields), max_size=6).map(named)


def value_for(item: Field, blueprint: Blueprint) -> st.SearchStrategy[Any]:
    days = st.sampled_from(["2026-01-12", "2026-01-13", "2026-02-05", "2026-02-12", "2026-04-01", "2026-05-18", "2026-05-25", "2026-05-26"])
    times = days.flatmap(lambda day: st.sampled_from([f"{day}T00:00:00Z", f"{day}T23:59:30Z", f"{day}T12:00:00Z"]))
    if item.type == "relation":
        return st.lists(st.sampled_from([str(row["name"]) for row in blueprint.table(item.relation.table).samples if "name" in row] or [""]), max_size=1).map(lambda found: tuple(filter(None, found)))
    if item.type == "multi_select":
        return st.lists(st.sampled_from(item.option_names()), unique=True, max_size=3).map(tuple)
    values: dict[str, st.SearchStrategy[Any]] = {
        "date": days, "datetime": times, "checkbox": st.booleans(),
        "number": st.integers(1, 5) | st.just(3.5) | st.just(-2), "person": st.sampled_from(["Sam", queries.ME]),
        "select": st.sampled_from(item.option_names() or ("x",)), "url": st.just("https://a.b/c#d"),
    }  # fmt: skip
    found = values.get(item.type, st.sampled_from(["2026-02", "2026-W07", "07", "12", "true", *SYNTAX[:6], "plain words"]))
    return found if item.type == "checkbox" else st.none() | found


def with_rows(blueprint: Blueprint, draw: Callable[[Any], Any]) -> Blueprint:
    filled = dataclasses.replace(blueprint.sessions, samples=draw(rows_for(blueprint.sessions, blueprint)))
    # Prompts point to sample sessions, which are not there any more.
    others = (dataclasses.replace(t, samples=()) if t.key == "prompts" else t for t in blueprint.tables[1:])
    return dataclasses.replace(blueprint, tables=(filled, *others))


def shown_title(table: Table, row: filters.Row, titles: names.Titles) -> str:
    return titles.entry(table, str(row[table.title.key]))


def expected(view: View, blueprint: Blueprint, today: date) -> list[str]:
    table, titles = blueprint.table(view.table), names.Titles(blueprint)
    rows = filters.select_rows(view.filter, table.samples, today=today, me=queries.ME)
    return sorted(shown_title(table, row, titles) for row in rows)


def view_query(view: View, pages: list[logseq.Page], blueprint: Blueprint) -> logseq.Query:
    title = names.Titles(blueprint).view(view)
    return logseq.queries(next(page for page in pages if page.title == title))[0]


@quick
@given(config=configs("logseq"), today=DAYS, data=st.data())
def test_every_view_finds_the_rows_that_its_filter_means(config, today, data):
    blueprint = with_rows(design(config), data.draw)
    pages = logseq.read_pages(graph(generate(config, blueprint)))
    for view in blueprint.views:
        found = logseq.run(view_query(view, pages, blueprint), pages, today)
        assert found == expected(view, blueprint, today), view.key


@st.composite
def conditions(draw: st.DrawFn, table: Table, depth: int = 2) -> filters.Filter:
    """Any filter over a table, also such as no design uses yet."""
    kind = draw(st.sampled_from(["cmp", "cmp", "and", "or", "not"])) if depth else "cmp"
    if kind in ("and", "or"):
        parts = tuple(draw(conditions(table, depth - 1)) for _ in range(draw(st.integers(1, 3))))
        return And(parts) if kind == "and" else Or(parts)
    if kind == "not":
        return Not(draw(conditions(table, depth - 1)))
    item = draw(st.sampled_from([f for f in table.fields[1:] if f.owner != "computed"]))
    if item.type == "checkbox":
        return Cmp(item.key, draw(st.sampled_from(["eq", "ne"])), draw(st.booleans()))
    op = draw(st.sampled_from(["empty", "not_empty", *_OPS.get(item.type, ("eq", "ne"))]))
    return Cmp(item.key, op, None if "empty" in op else draw(wanted(item)))  # type: ignore[arg-type]


_ORDER = ("eq", "ne", "lt", "le", "gt", "ge")
_OPS = {"date": _ORDER, "datetime": _ORDER, "number": _ORDER, "multi_select": ("has", "lacks"), "relation": ("has", "lacks"),
        "person": ("has", "lacks")}  # fmt: skip


def wanted(item: Field) -> st.SearchStrategy[Any]:
    if item.type in ("date", "datetime"):
        return st.sampled_from([Today(), Today(-7), Today(30), Today(1)])
    if item.type == "number":
        return st.sampled_from([-2, 3, 3.5, 4])
    if item.type == "person":
        return st.just(Me()) | st.just("Sam")
    if item.type == "relation":
        return st.sampled_from(["Work", "Website"])
    return st.sampled_from([*item.option_names(), "2026-02", "12", "true", "plain words", "[["])


@quick
@given(today=DAYS, data=st.data(), config=configs("logseq", complexity="advanced"))
def test_any_filter_means_the_same_in_datalog(config, today, data):
    blueprint = with_rows(design(config), data.draw)
    table = blueprint.sessions
    expr = data.draw(conditions(table))
    view = View("any", "Any", "table", "", ("title",), filter=expr)
    blueprint = dataclasses.replace(blueprint, views=(view,))
    pages = logseq.read_pages(graph(generate(config, blueprint)))
    assert logseq.run(view_query(view, pages, blueprint), pages, today) == expected(view, blueprint, today)
