"""The same design in PostgreSQL: it loads, its views agree with SQLite and the reference, its roles hold."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chatbuilder import filters
from chatbuilder.config import Config, Options
from chatbuilder.design import design
from chatbuilder.generators.custom.expressions import POSTGRES, condition
from tests.databases import (
    ME,
    Rows,
    Server,
    everything,
    inserts,
    needs_postgres,
    package_of,
    random_rows,
    sample_rows,
    seen_rows,
    wanted_rows,
)
from tests.strategies import configs
from tests.unit.generators.test_custom import no_rules, trees

pytestmark = needs_postgres
NUMBERS = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


def database(server: Server, config: Config, *more: str) -> str:
    """A new database from the exported files; its user Sam may do everything."""
    name, files = f"chats{next(NUMBERS)}", package_of(config)
    server.run("postgres", f"CREATE DATABASE {name};")
    scripts = [files["sql/postgresql/schema.sql"], files.get("sql/postgresql/samples.sql", ""), *more]
    server.run(name, "\n".join(scripts))
    return name


def filled(server: Server, config: Config, seed: int) -> tuple[str, Rows]:
    blueprint = design(config)
    rows = sample_rows(config, blueprint)
    today = today_of(server)
    more = random_rows(blueprint, rows, random.Random(seed), today)
    name = database(server, config, ";\n".join(inserts(blueprint, more, "postgresql")) + ";")
    server.run(
        name, f"UPDATE sessions SET owner = 'postgres' WHERE owner = '{ME}';" if blueprint.sessions.has("owner") else ""
    )
    return name, {key: rows[key] + more[key] for key in rows}


def today_of(server: Server):
    import datetime

    return datetime.date.fromisoformat(server.run("postgres", "SELECT (now() AT TIME ZONE 'utc')::date;")[0])


def renamed(rows: Rows) -> Rows:
    """The person who looks is the role postgres here."""
    for row in rows["sessions"]:
        if row.get("owner") == ME:
            row["owner"] = "postgres"
    return rows


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.explicit, Phase.generate]
)
@given(configs("custom"), st.integers(0, 2**32))
def test_views_show_what_the_filters_mean(server, config, seed):
    config = no_rules(config)
    blueprint = design(config)
    name, rows = filled(server, config, seed)
    rows, today = renamed(rows), today_of(server)
    for view in blueprint.views:
        if any(len(key) > 56 for key in view.fields):
            continue
        seen = seen_rows(blueprint.table(view.table), server.rows(name, f'SELECT * FROM "{view.key}"'))
        wanted = wanted_rows(me_is_postgres(view), blueprint, rows, today)
        assert seen == wanted, view.key


def me_is_postgres(view):
    """The reference is asked with the name ME; put the role's name in its place."""
    import dataclasses

    def swap(expr):
        match expr:
            case filters.Cmp(value=filters.Me()):
                return dataclasses.replace(expr, value="postgres")
            case filters.And(parts=parts) | filters.Or(parts=parts):
                return type(expr)(tuple(swap(part) for part in parts))
            case filters.Not(part=part):
                return filters.Not(swap(part))
        return expr

    return dataclasses.replace(view, filter=swap(view.filter))


def test_any_filter_selects_the_same_rows_as_the_reference(server):
    config = no_rules(everything())
    blueprint = design(config)
    name, rows = filled(server, config, 11)
    rows, today = renamed(rows), today_of(server)
    found = []

    @settings(max_examples=80, deadline=None, database=None, phases=[Phase.generate])
    @given(trees(blueprint.sessions))
    def collect(expr):
        found.append(expr)

    collect()
    queries = [
        f"SELECT v.id FROM sessions_overview v WHERE {condition(e, blueprint.sessions, POSTGRES)}" for e in found
    ]
    script = "".join(f"SELECT coalesce(string_agg(id::text, ' ' ORDER BY id), '') FROM ({q}) x;\n" for q in queries)
    for expr, line in zip(found, server.run(name, script), strict=True):
        wanted = filters.select_rows(expr, rows["sessions"], today=today, me="postgres")
        assert line.split() == [str(row["id"]) for row in wanted], expr


def test_search_finds_words_phrases_and_scripts_without_spaces(server):
    name = database(server, everything())
    server.run(
        name, "INSERT INTO sessions (title, summary) VALUES ('日本語の検索', 'about search'), ('It''s slow', 'x');"
    )
    assert [r["id"] for r in server.rows(name, "SELECT * FROM search_sessions('index')")] == [2]
    assert [r["id"] for r in server.rows(name, "SELECT * FROM search_sessions('\"wrong column\" -bayes')")] == [2]
    assert [r["id"] for r in server.rows(name, "SELECT * FROM search_sessions('語の')")] == [7]
    server.run(name, "UPDATE sessions SET notes = 'zanzibar' WHERE id = 3; DELETE FROM sessions WHERE id = 2;")
    assert [r["id"] for r in server.rows(name, "SELECT * FROM search_sessions('zanzibar')")] == [3]
    assert server.rows(name, "SELECT * FROM search_sessions('index')") == []


def test_the_longest_texts_fit_into_the_index(server):
    name = database(server, everything())
    # Two different rare characters a word: the most places and bytes that a text of its length can need.
    dense = "(SELECT string_agg(chr(131072 + n / 250) || chr(131584 + n % 250), ' ') FROM generate_series(1, 62000) n)"
    for text in (dense, "repeat('𠀀', 400000)", "(SELECT string_agg(n::text, ' ') FROM generate_series(1, 200000) n)"):
        server.run(name, f"INSERT INTO sessions (title, notes, summary) VALUES ('long', {text}, {text});")


def test_rules_file_a_new_session_once(server):
    for complexity in ("simple", "moderate"):
        name = database(server, everything(complexity=complexity))
        server.run(
            name, "INSERT INTO sessions (title, tags) VALUES ('Python ERROR: how to', '[\"mine\"]'), ('Quiet', '[]');"
        )
        seen = server.rows(name, "SELECT topic, tags, auto_filed FROM sessions_overview WHERE id > 6 ORDER BY id")
        assert seen == [
            {"topic": "Coding", "tags": ["mine", "how-to", "bug"], "auto_filed": True},
            {"topic": None, "tags": [], "auto_filed": False},
        ]
        assert server.rows(name, "SELECT auto_filed FROM sessions WHERE id IN (1, 2) ORDER BY id") == [
            {"auto_filed": False}, {"auto_filed": True},
        ]  # fmt: skip


def test_rules_write_into_notes_when_there_is_no_other_place(server):
    name = database(server, Config(platform="custom", priorities=("automation",), complexity="simple"))
    server.run(name, "INSERT INTO sessions (title, notes) VALUES ('How to fix a bug', NULL), ('How to', 'mine');")
    assert [r["notes"] for r in server.rows(name, "SELECT notes FROM sessions WHERE id > 6 ORDER BY id")] == [
        "how-to, bug",
        "mine",
    ]


def test_jobs_run(server):
    name = database(server, everything())
    assert server.run(name, "SELECT run_archive();") == ["1"]
    assert server.run(
        name, "SELECT status, archived_on = (now() AT TIME ZONE 'utc')::date FROM sessions WHERE id = 1;"
    ) == ["Archived|t"]
    assert server.run(name, "SELECT run_retention(), (SELECT count(*) FROM retention_due);") == ["1|1"]
    assert server.run(name, "SELECT run_retention_delete(), (SELECT count(*) FROM sessions);")[0].startswith("1|")
    assert server.run(name, "SELECT count(*) FROM sessions;") == ["5"]
    server.run(name, package_of(everything())["sql/postgresql/new-session.sql"])
    assert server.run(name, "SELECT status, notes LIKE '## Question%' FROM sessions WHERE title = 'New session';") == [
        "Completed|t"
    ]


def test_wrong_values_are_refused(server):
    name = database(server, everything())
    for column, bad in (
        ("status", "'Aktiv'"),
        ("value", "6"),
        ("tags", "'{}'"),
        ("topic_id", "99"),
        ("source_id", "'sample:1'"),
    ):
        with pytest.raises(AssertionError, match="violates"):
            server.run(name, f"INSERT INTO sessions (title, {column}) VALUES ('x', {bad});")


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_roles_may_do_what_they_should_and_no_more(server, size):
    config = everything(team_size=size)
    name = database(server, config)
    roles = package_of(config)["sql/postgresql/roles.sql"]
    server.run(name, "CREATE TABLE theirs (secret text);" + roles + roles)
    people = {"ed": "chats_editor"} | ({} if size == "small" else {"rita": "chats_reader", "olga": "chats_owner"})
    for person, role in people.items():
        server.run(name, f"DROP ROLE IF EXISTS {person}; CREATE ROLE {person} LOGIN; GRANT {role} TO {person};")
    server.run(name, "INSERT INTO sessions (title, owner) VALUES ('of ed', 'ed');", user="ed")
    with pytest.raises(AssertionError, match="permission denied"):
        server.run(name, "SELECT * FROM theirs;", user="ed")
    for person in people:
        for view in ("all_sessions", "sessions_overview", "dashboard_figures", "my_sessions", "archive_due"):
            server.run(name, f"SELECT * FROM {view};", user=person)
    if size == "small":
        return
    for statement in (
        "INSERT INTO sessions (title) VALUES ('x')",
        "DELETE FROM sessions",
        "UPDATE topics SET name = 'x'",
    ):
        with pytest.raises(AssertionError, match="permission denied"):
            server.run(name, f"{statement};", user="rita")
    with pytest.raises(AssertionError, match="permission denied"):
        server.run(name, "DELETE FROM tag_rules;", user="ed")
    server.run(name, "INSERT INTO tag_rules (word, field, value) VALUES ('w', 'tags', 'v');", user="olga")
    if size == "large":
        private = "SELECT count(*) FROM all_sessions WHERE title = 'of ed';"
        assert [server.run(name, private, user=person) for person in ("ed", "rita", "olga")] == [["1"], ["0"], ["1"]]
        assert server.run(name, "SELECT count(*) FROM search_sessions('of ed');", user="rita") == ["0"]


@pytest.mark.parametrize(
    "topic", ["$chatbuilder$", "$chatbuilder_$ $chatbuilder$", "'; DROP TABLE sessions; --", "back\\slash"]
)
def test_choices_cannot_leave_a_function_body(server, topic):
    config = everything(complexity="simple", options=Options(topics=(topic, "Other")))
    name = database(server, config)
    server.run(name, f"INSERT INTO sessions (title) VALUES ($q${topic}$q$);")
    assert server.rows(name, "SELECT topic FROM sessions WHERE id = 7") == [{"topic": topic}]
