"""The graph as Logseq reads it: every property there, no reference by accident, queries that find what they mean."""

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
from chatbuilder.generators.logseq import code, generate, markup, names, queries, results
from chatbuilder.generators.logseq.outline import outline
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
SYNTAX = (
    "[[", "]]", "((", "))", "{{", "}}", "#", "[", "]", "(", ")", "\\", "::", "key:: ", "<", ">", "TODO ", "DONE", "`",
    '"', "@@", "[:b", "[^1]", "<% x %>", "http://a.b/#c", "((6421b1c5-0000-4000-8000-000000000000))", "- ", "* ", "1. ",
    "|", "$$", "SCHEDULED: <2026-02-12 Thu>", "{{query (task TODO)}}", "#+BEGIN_QUERY", "[x](y)", "![x](http://a.b)",
    ":LOGBOOK:", " ", "word", "é", "🚀", "עברית", ",", "'", "---", "=", "~~", "^^", "**", "_",
)  # fmt: skip
foreign = st.lists(st.sampled_from(SYNTAX), min_size=1, max_size=8).map("".join).filter(str.strip)
quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
    found = {
        f.path.removeprefix("graph/"): f.data().decode() for f in solution.files if f.path.startswith("graph/pages/")
    }
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
        ("Chats/Views/All", "Chats___Views___All"), ("a:b*c?", "a%3Ab%2Ac%3F"), (".hidden", "%2Ehidden"),
        ("CON", "CON___"), ("end.", "end.___"), ("a_/b", "a%5F___b"), ("a___b", "a%5F%5F%5Fb"),
        ("100%25", "100%2525"), ("a_b", "a_b"), ("a/_b", "a___%5Fb"),
    ],
)  # fmt: skip
def test_file_names_are_those_that_logseq_gives(title, body):
    assert names.file_body(title) == body


@pytest.mark.parametrize(
    "name", ["2026-01-05", "20260105", "5th Jan 2026", "Jan 5th, 2026", "Contents", "TODO", "05.01.2026"]
)
def test_a_system_is_never_a_journal_day_or_a_page_of_logseqs_own(name):
    assert names.root_title(name).endswith(" chats")


@quick
@given(config=configs("logseq"))
def test_file_names_fit_every_disk_and_differ_without_regard_to_case(config):
    blueprint = design(config)
    rows = (
        {**row, "title": f"{name} {row['title']}"}
        for row, name in zip(blueprint.sessions.samples, ("🚀" * 99, "/", "a" * 99), strict=False)
    )
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
    ((drawer, *rest),) = mldoc.parse(page)
    assert [key for key, _, _ in drawer[1]] == ["title", *(f"key{n}" for n in range(len(texts)))]
    found = [ref for _, _, refs in drawer[1] for ref in refs]
    assert [ref for ref in found if ref[0] != "Link" or ref[1]["url"][0] != "Complex"] == []  # a web address may be
    heads = list(logseq.nodes(rest, "Heading"))
    assert len(heads) == 2 * len(texts)
    assert not any("marker" in head or "priority" in head for head in heads)
    assert all(isinstance(head["size"], type(None)) for head in heads)
    kinds = ("Tag", "Macro", "Property_Drawer", "Timestamp", "Custom", "Raw_Html", "Inline_Hiccup", "Export_Snippet",
             "Drawer", "Footnote_Reference", "Footnote_Definition", "Table", "Src", "Nested_link", "List", "Quote",
             "Example")  # fmt: skip
    assert {kind for kind in kinds if list(logseq.nodes(rest, kind))} == set()
    links = list(logseq.nodes(rest, "Link"))
    assert [link for link in links if link["url"][0] != "Complex"] == []


def test_a_long_text_stands_below_in_full(mldoc):
    text = "first\n\n- key:: value\n# head\n" + "x" * 12_000
    row = {"title": "Long", "summary": text}
    blueprint, _ = built()
    table = dataclasses.replace(blueprint.sessions, samples=(row,))
    solution = generate(
        Config(platform="logseq", **EVERYTHING), dataclasses.replace(blueprint, tables=(table, *blueprint.tables[1:]))
    )
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


@few
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
    days = st.sampled_from(
        ["2026-01-12", "2026-01-13", "2026-02-05", "2026-02-12", "2026-04-01", "2026-05-18", "2026-05-25", "2026-05-26"]
    )
    times = days.flatmap(lambda day: st.sampled_from([f"{day}T00:00:00Z", f"{day}T23:59:30Z", f"{day}T12:00:00Z"]))
    if item.type == "relation":
        return st.lists(
            st.sampled_from(
                [str(row["name"]) for row in blueprint.table(item.relation.table).samples if "name" in row] or [""]
            ),
            max_size=1,
        ).map(lambda found: tuple(filter(None, found)))
    if item.type == "multi_select":
        return st.lists(st.sampled_from(item.option_names()), unique=True, max_size=3).map(tuple)
    values: dict[str, st.SearchStrategy[Any]] = {
        "date": days, "datetime": times, "checkbox": st.booleans(),
        "number": st.integers(1, 5) | st.just(3.5) | st.just(-2), "person": st.sampled_from(["Sam", queries.ME]),
        "select": st.sampled_from(item.option_names() or ("x",)), "url": st.just("https://a.b/c#d"),
    }  # fmt: skip
    found = values.get(
        item.type, st.sampled_from(["2026-02", "2026-W07", "07", "12", "true", *SYNTAX[:6], "plain words"])
    )
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
_OPS = {"date": _ORDER, "datetime": _ORDER, "number": _ORDER, "multi_select": ("has", "lacks"),
        "relation": ("has", "lacks"), "person": ("has", "lacks")}  # fmt: skip


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


def test_every_query_is_edn_and_asks_only_for_properties_that_exist():
    blueprint, solution = built()
    keys = preset_keys(blueprint) | {"page", "session-count", "latest"}
    seen = 0
    for page in logseq.read_pages(graph(solution)):
        for query in logseq.queries(page):
            form = logseq.edn(
                re.sub(r"\[\[(.*?)\]\]", r'"\1"', query.source) if query.kind == "simple" else query.source
            )
            columns = logseq.edn(query.properties.get("query-properties", "[]"))
            assert set(columns) <= keys
            assert query.kind == "simple" or set(form) <= {"title", "query", "inputs", "result-transform", "view"}
            seen += 1
    assert seen > 60


@pytest.mark.parametrize("text", ["[1 2", "{:a}", "(a]", '"\\x"', "[1] 2", "{:a 1 :a 2}", ")"])
def test_the_edn_reader_of_these_tests_is_strict(text):
    with pytest.raises(ValueError, match=r"."):
        logseq.edn(text)


def test_settings_are_edn_and_open_the_home_page():
    _, solution = built(name="a [[b]] c", options=Options(date_format="european"))
    settings_ = logseq.edn(file(solution, "graph/logseq/config.edn"))
    pages = {page.title for page in logseq.read_pages(graph(solution))}
    assert settings_["default-home"] == {"page": "a b c"}
    assert set(settings_["favorites"]) <= pages
    assert settings_["file/name-format"] == "triple-lowbar"
    assert settings_["journal/page-title-format"] == "dd-MM-yyyy"
    (query,) = settings_["default-queries"]["journals"]
    assert {"title", "query", "inputs"} <= set(query)


# queries in Logseq's own database


def in_order(view: View, blueprint: Blueprint, today: date) -> list[str]:
    """The rows of a view as its sorts want them: written again here, without a look at the generator."""
    table, titles = blueprint.table(view.table), names.Titles(blueprint)
    rows = filters.select_rows(view.filter, table.samples, today=today, me=queries.ME)
    for sort in reversed(view.sorts):
        filled = [row for row in rows if not filters.is_empty(row.get(sort.field))]
        empty = [row for row in rows if filters.is_empty(row.get(sort.field))]
        rows = sorted(filled, key=lambda row: sort_key(table, row, sort, titles), reverse=sort.descending) + empty
    return [shown_title(table, row, titles) for row in rows]


def sort_key(table: Table, row: filters.Row, sort: Sort, titles: names.Titles) -> Any:
    item = table.field(sort.field)
    if item.type == "title":
        return shown_title(table, row, titles).lower()
    if item.type == "datetime":
        return markup.date_time(str(row[sort.field]))
    return row[sort.field] if item.type == "number" else str(row[sort.field])


def keys_of(view: View, blueprint: Blueprint, title: str) -> tuple[Any, ...]:
    """What decides the place of a row, so that rows that compare equal may stand in any order."""
    table, titles = blueprint.table(view.table), names.Titles(blueprint)
    row = next(row for row in table.samples if shown_title(table, row, titles) == title)
    return tuple(
        None if filters.is_empty(row.get(sort.field)) else sort_key(table, row, sort, titles) for sort in view.sorts
    )


@few
@given(config=configs("logseq"), today=DAYS, data=st.data())
def test_logseqs_own_database_finds_sorts_and_groups_the_same(engine, config, today, data):
    blueprint = with_rows(design(config), data.draw)
    pages = logseq.read_pages(graph(generate(config, blueprint)))
    asked = [view_query(view, pages, blueprint) for view in blueprint.views]
    for view, query, answer in zip(blueprint.views, asked, engine.run(asked, pages, today), strict=True):
        assert "error" not in answer, (view.key, answer)
        assert sorted(answer["found"]) == expected(view, blueprint, today), view.key
        wanted_order = in_order(view, blueprint, today)
        if answer.get("groups") is not None:
            assert sorted(title for _, rows in answer["groups"] for title in rows) == sorted(wanted_order)
            shown = [title for _, rows in answer["groups"] for title in rows]
            groups = [rows for _, rows in answer["groups"]]
        elif query.kind == "advanced":
            shown = [row["page"] for row in answer["rows"]]
            groups = [shown]
        else:
            assert_one_sort(view, blueprint.table(view.table), query)
            continue
        assert sorted(shown) == sorted(wanted_order)
        for rows in groups:
            order = [title for title in wanted_order if title in rows]
            assert [keys_of(view, blueprint, title) for title in rows] == [keys_of(view, blueprint, t) for t in order]


def assert_one_sort(view: View, table: Table, query: logseq.Query) -> None:
    """Logseq's table sorts a simple query by the properties of its block, empty values as empty text."""
    (sort,) = view.sorts
    title = table.field(sort.field).type == "title"
    assert query.properties["query-sort-by"] == ("page" if title else sort.field.replace("_", "-"))
    assert query.properties["query-sort-desc"] == ("true" if sort.descending else "false")
    assert sort.descending or title


def asked_of(page: str, pages: list[logseq.Page]) -> list[logseq.Query]:
    return logseq.queries(next(one for one in pages if one.title == page))


def answers_on(page: str, solution: Solution, engine: logseq.Engine, today: date = TODAY) -> dict[str, Any]:
    pages = logseq.read_pages(graph(solution))
    asked = asked_of(page, pages)
    found = engine.run(asked, pages, today)
    assert [answer for answer in found if "error" in answer] == []
    return {str(answer.get("title")): answer for answer in found}


def test_figures_and_bars_on_the_home_page_count(engine):
    _, solution = built()
    shown = {title: answer["view"] for title, answer in answers_on("Chat Sessions", solution, engine).items()}
    assert shown["Sessions"] == "[:h2 6]"
    assert shown["Active"] == "[:h2 2]"
    assert shown["Last 7 days"] == "[:h2 1]"
    assert shown["Average value"] == "[:h2 3.3]"
    assert shown["Minutes in all"] == "[:h2 5231]"
    assert shown["Follow-ups due"] == "[:h2 2]"
    assert re.findall(r'\[:td "([\w-]+)"\].*?█"\]\] \[:td (\d)\]', shown["Sessions by assistant"]) == [
        ("ChatGPT", "2"), ("Claude", "2"), ("Gemini", "1"), ("Other", "1"),
    ]  # fmt: skip
    weeks = re.findall(r"2026-W\d\d", shown["Sessions by week"])
    assert weeks == sorted(weeks)
    assert len(weeks) == 6


def test_without_rows_a_figure_is_zero_and_an_average_a_dash(engine):
    _, solution = built(options=Options(sample_data=False))
    shown = {title: answer["view"] for title, answer in answers_on("Chat Sessions", solution, engine).items()}
    assert shown["Sessions"] == "[:h2 0]"
    assert shown["Average value"] == '[:h2 "–"]'
    assert shown["Minutes in all"] == "[:h2 0]"


def test_linked_tables_are_counted(engine):
    _, solution = built()
    topics = answers_on("Chat Sessions/Views/All topics", solution, engine)["Topics, counted"]["rows"]
    assert {row["page"].rsplit("/", 1)[1]: row["session-count"] for row in topics} == {
        "Work": 1, "Learning": 1, "Coding": 1, "Writing": 1, "Research": 1, "Personal": 1,
    }  # fmt: skip
    projects = answers_on("Chat Sessions/Views/All projects", solution, engine)["Projects, counted"]["rows"]
    assert {row["page"].rsplit("/", 1)[1]: (row["session-count"], row["latest"]) for row in projects} == {
        "Household": (2, "2026-04-19 19:12"), "Thesis": (2, "2026-05-20 08:05"), "Website": (2, "2026-04-02 11:45"),
    }  # fmt: skip


def test_days_idle_are_counted_to_today(engine):
    _, solution = built()
    (answer,) = answers_on("Chat Sessions/Views/Stale", solution, engine, date(2026, 7, 1)).values()
    assert [(row["page"].rsplit("/", 1)[1], row["days-idle"]) for row in answer["rows"]] == [
        ("Why does my query scan the whole table", (date(2026, 7, 1) - date(2026, 2, 5)).days),
        ("Understand Bayes with coins", (date(2026, 7, 1) - date(2026, 5, 20)).days),
    ]


def test_a_topics_page_lists_its_sessions(engine):
    _, solution = built()
    pages = logseq.read_pages(graph(solution))
    sessions, parents = engine.run(asked_of("Chat Sessions/Topics/Work", pages), pages, TODAY)
    assert sessions["found"] == ["Chat Sessions/Plan a week of dinners"]
    assert parents["found"] == ["Chat Sessions/Topics/Personal"]


def test_groups_stand_in_the_order_of_the_choices_and_empty_ones_last(engine):
    blueprint, _ = built()
    rows = tuple(
        {**row, "category": category}
        for row, category in zip(
            blueprint.sessions.samples[:5], ("Idea", None, "Question", "Task", "My own"), strict=True
        )
    )
    sessions = dataclasses.replace(blueprint.sessions, samples=rows)
    blueprint = dataclasses.replace(blueprint, tables=(sessions, *blueprint.tables[1:]))
    solution = generate(Config(platform="logseq", **EVERYTHING), blueprint)
    (answer,) = answers_on("Chat Sessions/Views/By category", solution, engine).values()
    assert re.findall(r'\[:h4 "(.*?) \(1\)"\]', answer["view"]) == ["Question", "Idea", "My own", "–"]


def test_a_timeline_draws_bars_in_place(engine):
    _, solution = built()
    (answer,) = answers_on("Chat Sessions/Views/Timeline", solution, engine).values()
    bars = re.findall(r'\[:code "(·*)(█+)"\]', answer["view"])
    assert len(bars) == 5
    places = [len(before) for before, _ in bars]
    assert places == sorted(places)
    assert places[0] == 0
    assert places[-1] >= results.BAR - 2


def test_what_may_be_archived_is_listed_with_or_without_the_view(engine):
    for more, page in (({}, "Views/Archive"), ({"priorities": ("simplicity", "search", "analytics")}, "")):
        _, solution = built(**more)
        title = f"Chat Sessions/{page}".rstrip("/")
        found = answers_on(title, solution, engine, date(2026, 4, 12))["Ready to archive"]["found"]
        assert found == ["Chat Sessions/Plan a week of dinners"]
        assert answers_on(title, solution, engine, date(2026, 4, 11))["Ready to archive"]["found"] == []


def test_rules_list_what_is_not_filed_yet(engine):
    blueprint, _ = built()
    rows = tuple({**row, "topic": ()} for row in blueprint.sessions.samples)
    sessions = dataclasses.replace(blueprint.sessions, samples=rows)
    solution = generate(
        Config(platform="logseq", **EVERYTHING),
        dataclasses.replace(blueprint, tables=(sessions, *blueprint.tables[1:])),
    )
    pages = logseq.read_pages(graph(solution))
    found = engine.run(asked_of("Chat Sessions/Rules", pages), pages, TODAY)
    rules = [rule for item in blueprint.automations for rule in item.rules]
    assert len(rules) == len(found)
    for rule, answer in zip(rules, found, strict=True):
        fitting = [
            row
            for row in rows
            if not row[rule.field]
            and any(word in f"{row['title']} {row['first_prompt']} {row['keywords']}".lower() for word in rule.words)
        ]
        titles = names.Titles(blueprint)
        assert sorted(answer["found"]) == sorted(shown_title(sessions, row, titles) for row in fitting)
    assert sum(len(answer["found"]) for answer in found) >= 4


def test_rules_take_any_word_literally(engine):
    topics = ("a.b*", "(x", "c++", "[z]", 'say "hi"', "back\\", "a|b", "{{y}}")
    _, solution = built(options=Options(topics=topics))
    pages = logseq.read_pages(graph(solution))
    found = engine.run(asked_of("Chat Sessions/Rules", pages), pages, TODAY)
    assert [answer for answer in found if "error" in answer or answer["found"]] == []


def test_numbers_count_as_such_and_words_do_not(engine):
    _, solution = built()
    typed = iter(("4.5", "many", "4", "-5", "[[5]]", "few"))
    texts = {
        path: re.sub(r"(?<=\nvalue:: )\S+", lambda _: next(typed), text)
        for path, text in sorted(graph(solution).items())
    }
    pages = logseq.read_pages(texts)
    values = {page.title: page.properties["value"] for page in pages if "value" in page.properties}
    assert sorted(map(str, values.values())) == ["-5", "4", "4.5", "few", "frozenset({'5'})", "many"]
    asked = [one for one in asked_of("Chat Sessions", pages) if '"High value"' in one.source]
    (answer,) = engine.run(asked, pages, TODAY)
    assert sorted(answer["found"]) == sorted(title for title, value in values.items() if str(value) in ("4", "4.5"))


def test_a_day_from_the_calendar_counts_as_a_day(engine):
    _, solution = built()
    pages = logseq.read_pages(graph(solution))
    written = {"2026-02-12": "[[Feb 12th, 2026]]", "2030-01-15": "[[2030-01-15]]"}
    texts = {
        page.path: re.sub(r"(?<=follow-up:: )(\S+)", lambda found: written.get(found[1], found[1]), page.text)
        for page in pages
    }
    pages = logseq.read_pages(texts)
    query = asked_of("Chat Sessions/Views/Needs follow-up", pages)
    journals = {"Feb 12th, 2026": 20260212, "2030-01-15": 20300115}
    (answer,) = engine.run(query, pages, date(2026, 2, 12), journals)
    assert answer["found"] == ["Chat Sessions/Why does my query scan the whole table"]
    (answer,) = engine.run(query, pages, date(2026, 2, 11), journals)
    assert answer["found"] == []


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_name_gives_queries_that_run(engine, name):
    _, solution = built(name=name)
    pages = logseq.read_pages(graph(solution))
    asked = [query for page in pages for query in logseq.queries(page)][::5]
    assert [answer for answer in engine.run(asked, pages, TODAY) if "error" in answer] == []


# templates


def test_a_template_gives_a_page_that_the_views_know(mldoc):
    blueprint, solution = built()
    (tree,) = mldoc.parse(page_of(solution, "templates"))
    drawers = list(logseq.nodes(tree[1:], "Property_Drawer"))
    named = [{key: value for key, value, _ in drawer} for drawer in drawers]
    templates = [found["template"] for found in named if "template" in found]
    assert templates == [
        "Chat Sessions: New session", "Chat Sessions: New topic", "Chat Sessions: New project",
        "Chat Sessions: New prompt", *(f"Chat Sessions: {template.name}" for template in blueprint.templates),
    ]  # fmt: skip
    presets = [found for found in named if "type" in found]
    assert len(presets) == len(templates)
    quick_question = presets[4]
    assert quick_question["type"] == "Chat Sessions/Session"
    assert quick_question["status"] == "Completed"
    assert quick_question["started"] == "<% today %>"
    assert quick_question["summary"] == ""


# the guide in the graph


def test_the_guide_becomes_an_outline_with_all_its_words(mldoc):
    _, solution = built(name="a [[b]] #c {{d}}")
    page = page_of(solution, "guide")
    (tree,) = mldoc.parse(page)
    heads = list(logseq.nodes(tree, "Heading"))
    sizes = [head for head in heads if head["size"]]
    assert {head["size"] for head in sizes} == {2, 3}
    assert len(sizes) == len(re.findall("^##", solution.guide.markdown, re.MULTILINE))
    assert len(list(logseq.nodes(tree, "Table"))) == len(re.findall(r"^\|---", solution.guide.markdown, re.MULTILINE))
    words = set(re.findall(r"[a-z]{4,}", solution.guide.markdown)) - set(re.findall(r"[a-z]{4,}", page))
    assert words == set()


def test_markdown_that_logseq_would_read_is_escaped_in_the_outline():
    blocks = outline(
        "# T\n\n## One\n\n- key:: \\[\\[x\\]\\] `{{query}}`\n  - \\#tag\n\n1. first\n\n"
        "| a | b |\n|---|---|\n| c | \\# |\n"
    )
    (one,) = blocks
    assert one.text == "## One"
    assert [child.text for child in one.children] == [
        "key:\\: [[x]\\] `{{query}}`", "1. first", "\n| a | b |\n|---|---|\n| c | # |",
    ]  # fmt: skip
    assert one.children[0].children[0].text == "\\#tag"


# files beside the graph


@pytest.fixture
def graph_on_disk(tmp_path):
    def write(solution: Solution) -> Any:
        for one in solution.files:
            place = tmp_path / one.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(one.data())
        return tmp_path

    return write


def run_tool(folder: Any, *arguments: Any) -> str:
    command = [sys.executable, str(folder / "tools/logseq_csv.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONUTF8": "1"})
    assert done.returncode == 0, done.stderr
    return done.stdout


def table_of(text: str) -> list[list[str]]:
    return sorted(csv.reader(io.StringIO(text)))


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(config=configs("logseq", features=("tags", "projects", "reminders", "timeline"), complexity="advanced"))
def test_the_tool_writes_the_rows_that_the_templates_have(graph_on_disk, config):
    solution = generate(config, design(config))
    folder = graph_on_disk(solution)
    for page in (folder / "graph/pages").iterdir():
        if f"graph/pages/{page.name}" not in {one.path for one in solution.files}:
            page.unlink()  # of the example before
    run_tool(folder, "export", folder / "graph", folder / "out")
    for table in solution.blueprint.tables:
        name = f"{table.name.lower().replace(' ', '-')}.csv"
        assert table_of((folder / "out" / name).read_text("utf-8")) == table_of(file(solution, f"templates/{name}"))


@pytest.mark.parametrize("name", ["Chat Sessions", "a [[b]] #c", "CON"])
def test_rows_of_a_csv_become_the_same_pages_and_nothing_is_overwritten(graph_on_disk, name, tmp_path):
    _, solution = built(name=name, options=Options(topics=("Work", "=1+1", "#x", "{{y}}", "a]] b", "עברית")))
    folder = graph_on_disk(solution)
    empty = tmp_path / "empty"
    (empty / "pages").mkdir(parents=True)
    for table in ("chat-sessions", "topics", "projects", "prompts"):
        assert "pages added" in run_tool(folder, "add", empty, folder / f"templates/{table}.csv")
    made = {
        path.name: logseq.read_pages({path.name: path.read_text("utf-8")})[0].properties
        for path in (empty / "pages").iterdir()
    }
    entries = {step.payload["path"]: step.payload["text"] for step in solution.plan if step.key.startswith("entry:")}
    wanted_ = {page.path.removeprefix("pages/"): page.properties for page in logseq.read_pages(entries)}
    assert made == wanted_
    some = next((empty / "pages").iterdir())
    some.write_text("mine", "utf-8")
    assert "kept as it is" in run_tool(folder, "add", empty, folder / "templates/chat-sessions.csv") + run_tool(
        folder, "add", empty, folder / "templates/topics.csv"
    )
    assert some.read_text("utf-8") == "mine"


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_the_backup_holds_every_page(graph_on_disk, tmp_path):
    _, solution = built()
    folder = graph_on_disk(solution)
    subprocess.run(
        ["sh", str(folder / "backup/backup.sh"), str(folder / "graph"), str(tmp_path / "copies")], check=True
    )
    (copy,) = (tmp_path / "copies").iterdir()
    listed = subprocess.run(["tar", "-tzf", str(copy)], capture_output=True, text=True, check=True).stdout
    assert listed.count(".md") == len(graph(solution))
    refused = subprocess.run(
        ["sh", str(folder / "backup/backup.sh"), str(tmp_path / "nothing")], capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0
    assert "not a Logseq graph" in refused.stderr


# the solution


def test_the_plan_writes_exactly_the_files_of_the_graph():
    _, solution = built()
    steps = {f"graph/{s.payload['path']}": s.payload["text"] for s in solution.plan if s.kind == "file"}
    assert steps == {f.path: f.data().decode() for f in solution.files if f.path.startswith("graph/")}
    keys = [step.key for step in solution.plan]
    assert len(set(keys)) == len(keys)
    for number, step in enumerate(solution.plan):
        assert set(step.depends_on) <= set(keys[:number])


@quick
@given(config=configs("logseq"))
def test_the_same_answers_give_the_same_bytes(config):
    one, two = (generate(config, design(config)) for _ in range(2))
    assert [(f.path, f.data()) for f in one.files] == [(f.path, f.data()) for f in two.files]
    assert one.plan.data() == two.plan.data()
    assert one.guide == two.guide


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs("logseq"))
def test_no_answer_is_dead(config):
    def made(one: Config) -> tuple[str, Any]:
        solution = generate(one, design(one))
        return solution.guide.markdown, {
            f.path: f.data() for f in solution.files if f.path != "blueprint.json" and "Guide" not in f.path
        }

    guide, files = made(config)
    for name, other in neighbours(config):
        other_guide, other_files = made(other)
        assert other_guide != guide, name
        assert other_files != files, name


def test_the_guide_speaks_of_every_answer_in_words_for_logseq():
    _, solution = built()
    text = solution.guide.markdown
    for words in (
        "**Organization.** `topic` links", "**Exports and backup.** `backup/backup.sh`", "Add new graph",
        "File to DB graph", "found again by `source-id`", "YOUR NAME", "Governance", "Ready to archive",
        "SCHEDULED:",
    ):  # fmt: skip
        assert words in text, words
    assert [step.key for step in solution.manual] == ["me", "settings", "share"]
    for key in (*catalog.PRIORITIES, *catalog.FEATURES):
        name = (catalog.PRIORITIES.get(key) or catalog.FEATURES[key]).name
        if key != "simplicity":
            assert f"- **{name}.** " in text
    summaries = [
        (catalog.PRIORITIES.get(key) or catalog.FEATURES[key]).summary
        for key in (*catalog.PRIORITIES, *catalog.FEATURES)
    ]
    assert [words for words in summaries if f".** {words}" in text] == []


def test_what_a_file_is_said_to_hold_is_there():
    """Every file that the guide or the recipes name exists in the package."""
    _, solution = built()
    paths = {one.path for one in solution.files}
    texts = solution.guide.markdown + file(solution, "integration/README.md")
    named = set(re.findall(r"(?<![\w/])((?:tools|backup|integration)/[\w-]+\.\w+)", texts))
    assert len(named) >= 6
    assert named <= paths


def test_helpers_come_before_what_needs_them():
    names_ = list(code.HELPERS)
    for name, needs in code._NEEDS.items():
        assert all(names_.index(need) < names_.index(name) for need in needs), name
