"""The database as people use it: what goes in, what the views show, what search finds, what is refused."""

from __future__ import annotations

import datetime
import json
import random
import sqlite3
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbuilder import filters
from chatbuilder.blueprint import Blueprint, Table
from chatbuilder.config import Config, CustomField, Options
from chatbuilder.design import design
from chatbuilder.filters import And, Cmp, Me, Not, Or, Today
from chatbuilder.generators.common.schema import column_name, literal
from chatbuilder.generators.custom import generate
from chatbuilder.generators.custom.expressions import SQLITE, condition
from tests.databases import (
    EVERYTHING,
    ME,
    Rows,
    everything,
    inserts,
    opened,
    random_rows,
    sample_rows,
    seen_rows,
    select,
    sqlite_of,
    wanted_rows,
)
from tests.strategies import HOSTILE_NAMES, configs, neighbours

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SEEDS = st.integers(0, 2**32)


def day_of(connection: sqlite3.Connection) -> datetime.date:
    return datetime.date.fromisoformat(connection.execute("SELECT date('now')").fetchone()[0])


def filled(config: Config, seed: int) -> tuple[Blueprint, sqlite3.Connection, Rows, datetime.date]:
    """A database with samples and random rows, and the same rows for the reference."""
    blueprint, connection = sqlite_of(config)
    rows, today = sample_rows(config, blueprint), day_of(connection)
    more = random_rows(blueprint, rows, random.Random(seed), today)
    for statement in inserts(blueprint, more, "sqlite"):
        connection.execute(statement)
    connection.execute("UPDATE chatbuilder_settings SET value = ? WHERE key = 'me'", (ME,))
    return blueprint, connection, {key: rows[key] + more[key] for key in rows}, today


def no_rules(config: Config) -> Config:
    """The same answers without rules that change rows as they come in."""
    kept = tuple(p for p in config.priorities if p != "automation") or ("search",)
    return Config(**{**{key: getattr(config, key) for key in Config.model_fields}, "priorities": kept})


@quick
@given(configs("custom"))
def test_the_database_is_sound_and_strict(config):
    _, connection = sqlite_of(config)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    tables = connection.execute("SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND schema = 'main'")
    assert [name for name, strict in tables if not strict and not name.startswith("sqlite_")] == []


@quick
@given(configs("custom"))
def test_every_reference_has_an_index(config):
    _, connection = sqlite_of(config)
    for (table,) in connection.execute("SELECT name FROM pragma_table_list WHERE type = 'table'").fetchall():
        for key in connection.execute(f'PRAGMA foreign_key_list("{table}")').fetchall():
            plan = connection.execute(f'EXPLAIN QUERY PLAN SELECT 1 FROM "{table}" WHERE "{key[3]}" = 1').fetchall()
            assert "SEARCH" in plan[0][3], (table, key)


@quick
@given(configs("custom"), SEEDS)
def test_views_show_what_the_filters_mean(config, seed):
    blueprint, connection, rows, today = filled(no_rules(config), seed)
    for view in blueprint.views:
        if any(column_name(key) != key for key in view.fields):
            continue
        seen = seen_rows(blueprint.table(view.table), select(connection, f'SELECT * FROM "{view.key}"'))
        assert seen == wanted_rows(view, blueprint, rows, today), view.key


@quick
@given(configs("custom", complexity="advanced"), SEEDS)
def test_the_overview_works_everything_out(config, seed):
    blueprint, connection, rows, today = filled(no_rules(config), seed)
    for table in blueprint.tables:
        fields = tuple(f.key for f in table.fields if column_name(f.key) == f.key)
        view = filters_free_view(table, fields)
        seen = seen_rows(table, select(connection, f'SELECT * FROM "{table.key}_overview" ORDER BY id'))
        short = [{"id": row["id"], **{key: row[key] for key in fields}} for row in seen]
        assert short == wanted_rows(view, blueprint, rows, today)


def filters_free_view(table: Table, fields: tuple[str, ...]):
    from chatbuilder.blueprint import View

    return View("x", "x", "table", "", fields, table.key)


# one filter, this dialect

DAYS = st.integers(-9, 9).map(Today)
ORDERS = st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"])
EMPTY = st.sampled_from(["empty", "not_empty"])


def leaves(table: Table) -> st.SearchStrategy[Cmp]:
    found = []
    for field in table.fields:
        build = {"op": ORDERS}
        if field.rollup or field.formula:
            continue
        if field.type in ("date", "datetime"):
            build["value"] = DAYS
        elif field.type == "number":
            build["value"] = st.integers(0, 6)
        elif field.type == "checkbox":
            build = {"op": st.sampled_from(["eq", "ne"]), "value": st.booleans()}
        elif field.type in ("multi_select", "relation"):
            build = {"op": st.sampled_from(["has", "lacks"]), "value": st.sampled_from(["Work", "bug", "it's", "=1+1"])}
        elif field.type == "person":
            build = {"op": st.sampled_from(["has", "lacks", "eq", "ne"]), "value": st.sampled_from([Me(), "Robin"])}
        else:
            build["value"] = st.sampled_from([*field.option_names(), "alpha", "it's", "日本", "z"])
        found += [st.builds(Cmp, st.just(field.key), **build), st.builds(Cmp, st.just(field.key), EMPTY)]
    return st.one_of(found)


def trees(table: Table) -> st.SearchStrategy[filters.Filter]:
    def grow(part):
        parts = st.lists(part, min_size=1, max_size=3).map(tuple)
        return st.one_of(st.builds(And, parts), st.builds(Or, parts), st.builds(Not, part))

    return st.recursive(leaves(table), grow, max_leaves=6)


@pytest.fixture(scope="module")
def chats():
    return filled(no_rules(everything()), 7)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_filter_selects_the_same_rows_as_the_reference(chats, data):
    blueprint, connection, rows, today = chats
    expr = data.draw(trees(blueprint.sessions))
    query = f"SELECT v.id FROM sessions_overview v WHERE {condition(expr, blueprint.sessions, SQLITE)} ORDER BY v.id"
    seen = [number for (number,) in connection.execute(query)]
    assert seen == [row["id"] for row in filters.select_rows(expr, rows["sessions"], today=today, me=ME)]


def test_checkboxes_are_never_empty(chats):
    blueprint, connection, _, _ = chats
    assert not blueprint.sessions.has("auto_filed")  # rules are off here: the next lines make one of their own
    _, connection = sqlite_of(everything())
    where = condition(Cmp("auto_filed", "empty"), design(everything()).sessions, SQLITE)
    assert connection.execute(f"SELECT count(*) FROM sessions_overview v WHERE {where}").fetchone() == (0,)


# search


def words(connection: sqlite3.Connection, query: str, index: str = "sessions_fts") -> list[int]:
    found = connection.execute(f"SELECT rowid FROM {index} WHERE {index} MATCH ? ORDER BY 1", (query,))
    return [number for (number,) in found]


@quick
@given(configs("custom"), SEEDS)
def test_search_keeps_up_with_every_change(config, seed):
    _, connection, rows, _ = filled(config, seed)
    for row in rows["sessions"][::2]:
        connection.execute("UPDATE sessions SET title = 'renamed', notes = 'zanzibar' WHERE id = ?", (row["id"],))
    if "prompts" in rows:
        connection.execute("DELETE FROM prompts")
    connection.execute("UPDATE sessions SET id = id + 1000 WHERE id % 3 = 0")
    connection.execute("DELETE FROM sessions WHERE id % 5 = 0")
    for index in ("sessions_fts", "sessions_trigram"):
        connection.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")
    wanted = [n for (n,) in connection.execute("SELECT id FROM sessions WHERE notes = 'zanzibar' ORDER BY id")]
    assert words(connection, "zanzibar") == words(connection, "anziba", "sessions_trigram") == wanted
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_search_finds_accents_parts_and_scripts_without_spaces():
    _, connection = sqlite_of(everything())
    connection.execute("INSERT INTO sessions (title, tags) VALUES ('Überblick 日本語の検索', '[\"to-share\"]')")
    (new,) = connection.execute("SELECT max(id) FROM sessions").fetchone()
    assert words(connection, "uberblick") == [new]
    assert words(connection, '"日本語"', "sessions_trigram") == [new]
    assert new in words(connection, '"to-share"')
    assert [r["id"] for r in select(connection, "SELECT * FROM search_sessions WHERE words MATCH 'index'")] == [2]
    assert [r["id"] for r in select(connection, "SELECT * FROM search_any_script WHERE words MATCH '本語の'")] == [new]


# rules of the tables


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("status", "Active", "Aktiv"),
        ("value", 5, 6),
        ("value", 1, 0),
        ("follow_up", "2026-02-28", "2026-02-30"),
        ("follow_up", None, "tomorrow"),
        ("started", "2026-01-01T00:00:00Z", "2026-01-01 00:00:00"),
        ("started", None, "2026-01-01T00:00:00+02:00"),
        ("last_activity", None, "2026-02-30T00:00:00Z"),
        ("last_activity", None, "yesterday"),
        ("last_activity", None, "now"),
        ("tags", '["a"]', '{"a": 1}'),
        ("tags", "[]", "not json"),
        ("auto_filed", 1, 2),
        ("topic_id", 1, 99),
        ("messages", 3, "many"),
    ],
)
def test_wrong_values_are_refused(column, good, bad):
    _, connection = sqlite_of(everything())
    connection.execute(f"INSERT INTO sessions (title, {column}) VALUES ('x', ?)", (good,))
    with pytest.raises(sqlite3.Error):
        connection.execute(f"INSERT INTO sessions (title, {column}) VALUES ('x', ?)", (bad,))


def test_a_chat_gets_in_once():
    _, connection = sqlite_of(everything())
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO sessions (title, source_id) VALUES ('x', 'sample:1')")
    connection.execute("INSERT INTO sessions (title) VALUES ('by hand'), ('by hand, too')")


def test_deleting_a_topic_keeps_its_sessions_and_deleting_a_session_its_prompts():
    _, connection = sqlite_of(everything())
    connection.execute("DELETE FROM topics WHERE name = 'Work'")
    assert connection.execute("SELECT topic_id FROM sessions WHERE id = 1").fetchone() == (None,)
    connection.execute("DELETE FROM sessions")
    assert connection.execute("SELECT count(*) FROM prompts").fetchone() == (2,)
    assert connection.execute("SELECT count(*) FROM prompts_sessions").fetchone() == (0,)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_text_is_one_literal(text):
    assert opened().execute(f"SELECT {literal(text, 'sqlite')}").fetchone() == (text,)


def test_long_names_keep_apart_in_both_databases():
    fields = tuple(CustomField(name="x" * 90 + end) for end in ("a", "b"))
    config = everything(options=Options(custom_fields=fields))
    blueprint, connection = sqlite_of(config)
    columns = {row[1] for row in connection.execute("PRAGMA table_info(sessions)")}
    mine = [column_name(f.key) for f in blueprint.sessions.fields if f.source == "options"]
    assert len(set(mine)) == 2
    assert set(mine) <= columns
    assert all(len(name.encode()) <= 63 for name in columns)


# rules, archive, dashboard


def add(connection: sqlite3.Connection, **values: object) -> int:
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    return connection.execute(f"INSERT INTO sessions ({names}) VALUES ({marks})", list(values.values())).lastrowid


def overview(connection: sqlite3.Connection, number: int) -> dict:
    return select(connection, f"SELECT * FROM sessions_overview WHERE id = {number}")[0]


@pytest.mark.parametrize("complexity", ["simple", "moderate"])
def test_rules_file_a_new_session_once_and_never_over_a_persons_choice(complexity):
    _, connection = sqlite_of(everything(complexity=complexity))
    filed = overview(connection, add(connection, title="Python ERROR: how to read it", tags='["mine"]'))
    assert (filed["topic"], json.loads(filed["tags"]), filed["auto_filed"]) == ("Coding", ["mine", "how-to", "bug"], 1)
    quiet = overview(connection, add(connection, title="Nothing to see"))
    assert (quiet["topic"], quiet["tags"], quiet["auto_filed"]) == (None, "[]", 0)
    column, mine = ("topic", "Work") if complexity == "simple" else ("topic_id", 1)
    kept = overview(connection, add(connection, title="A recipe", **{column: mine}))
    assert (kept["topic"], kept["auto_filed"]) == ("Work", 0)
    connection.execute("UPDATE sessions SET title = 'python error' WHERE id = ?", (quiet["id"],))
    assert overview(connection, quiet["id"])["auto_filed"] == 0
    assert words(connection, '"how-to" AND error') == [filed["id"]]


def test_rules_can_be_edited_and_a_value_that_is_no_choice_harms_nothing():
    _, connection = sqlite_of(everything(complexity="simple"))
    connection.execute("DELETE FROM tag_rules")
    connection.execute("INSERT INTO tag_rules (word, field, value) VALUES ('zebra', 'topic', 'Zoo')")
    connection.execute("INSERT INTO tag_rules (word, field, value) VALUES ('ZEBRA', 'topic', 'Work')")
    assert overview(connection, add(connection, title="A zebra"))["topic"] == "Work"


def test_rules_write_into_notes_when_there_is_no_other_place():
    _, connection = sqlite_of(Config(platform="custom", priorities=("automation",), complexity="simple"))
    assert overview(connection, add(connection, title="How to fix a bug"))["notes"] == "how-to, bug"
    assert overview(connection, add(connection, title="How to", notes="mine"))["notes"] == "mine"


def test_the_archive_rule_takes_what_is_finished_and_quiet():
    config = everything()
    _, connection = sqlite_of(config)
    connection.execute("UPDATE sessions SET status = 'Completed'")
    connection.execute("UPDATE sessions SET last_activity = date('now') || 'T00:00:00Z' WHERE id = 2")
    due = [row["id"] for row in select(connection, "SELECT * FROM archive_due")]
    files = {file.path: file.data().decode() for file in generate(config, design(config)).files}
    connection.executescript(files["sql/sqlite/archive.sql"])
    archived = select(connection, "SELECT id, archived_on FROM sessions WHERE status = 'Archived' ORDER BY id")
    assert sorted(due) == [1, 3, 4, 5, 6]
    assert archived == [{"id": n, "archived_on": day_of(connection).isoformat()} for n in (1, 3, 4, 5, 6)]


@settings(max_examples=200)
@given(st.dates(datetime.date(1990, 1, 1), datetime.date(2060, 12, 31)))
def test_weeks_are_iso_weeks(day):
    year, week, _ = day.isocalendar()
    query = f"SELECT {SQLITE.period(literal(f'{day}T23:30:00Z', 'sqlite'), 'datetime', 'week')}"
    assert opened().execute(query).fetchone() == (f"{year}-W{week:02d}",)


@quick
@given(configs("custom"), SEEDS)
def test_the_dashboard_counts_what_the_filters_mean(config, seed):
    blueprint, connection, rows, today = filled(no_rules(config), seed)
    if blueprint.dashboard is None:
        return
    seen = {row["key"]: row["value"] for row in select(connection, "SELECT * FROM dashboard_figures")}
    for figure in blueprint.dashboard.figures:
        found = filters.select_rows(figure.filter, rows[figure.table], today=today, me=ME)
        numbers = [row[figure.field] for row in found if figure.field and row.get(figure.field) is not None]
        wanted = {"count": len(found), "sum": sum(numbers), "average": sum(numbers) / (len(numbers) or 1)}
        assert seen[figure.key] == (pytest.approx(wanted[figure.aggregate]) if figure.field and numbers else len(found))
    for chart in blueprint.dashboard.charts:
        counted = select(connection, f"SELECT * FROM dashboard_{chart.key}")
        if not chart.limit and not chart.interval:
            assert sum(row["rows"] for row in counted) == len(rows["sessions"])
            assert [row["rows"] for row in counted] == sorted((row["rows"] for row in counted), reverse=True)


# the whole


@quick
@given(configs("custom"))
def test_the_same_answers_give_the_same_bytes(config):
    first, second = generate(config, design(config)), generate(config, design(config))
    assert first == second
    assert [f.data() for f in first.files] == [f.data() for f in second.files]
    assert first.plan.data() == second.plan.data()


def everything_but_design(config: Config) -> object:
    solution = generate(config, design(config))
    return solution.plan.data(), {f.path: f.data() for f in solution.files if f.path != "blueprint.json"}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configs("custom"))
def test_no_dead_answers(config):
    here, guide = everything_but_design(config), generate(config, design(config)).guide.markdown
    for toggled, other in neighbours(config):
        assert generate(other, design(other)).guide.markdown != guide, toggled
        assert everything_but_design(other) != here, toggled


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize("database", ["sqlite:///chats.db", "postgresql://me@host/chats"])
def test_names_from_outside_stay_text(name, database):
    config = everything(name=name, target={"database": database}, options=Options(topics=(name.replace(",", ""),)))
    if database.startswith("sqlite"):
        _, connection = sqlite_of(config)
        assert connection.execute("SELECT value FROM chatbuilder_settings WHERE key = 'name'").fetchone() == (name,)
        assert ("Work",) not in connection.execute("SELECT name FROM topics").fetchall()
    dialects = {step.payload["dialect"] for step in generate(config, design(config)).plan}
    assert dialects == {database.partition(":")[0]}


@quick
@given(configs("custom"))
def test_steps_come_after_what_they_stand_on(config):
    done: set[str] = set()
    for step in generate(config, design(config)).plan:
        assert step.key not in done
        assert set(step.depends_on) <= done
        done.add(step.key)


def test_the_schema_file_builds_what_the_plan_builds():
    config = everything()
    files = {file.path: file.data().decode() for file in generate(config, design(config)).files}
    _, planned = sqlite_of(config)
    loaded = opened()
    for name in ("schema", "samples"):
        loaded.executescript(files[f"sql/sqlite/{name}.sql"])
    query = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    assert loaded.execute(query).fetchall() == planned.execute(query).fetchall()
    for (view,) in planned.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall():
        if "search" not in view:
            assert select(loaded, f'SELECT * FROM "{view}"') == select(planned, f'SELECT * FROM "{view}"'), view


def test_making_it_loads_no_database_library():
    code = (
        "import sys\nfrom chatbuilder.config import Config\nfrom chatbuilder.design import design\n"
        "from chatbuilder.generators.custom import generate\n"
        f"config = Config(**{EVERYTHING!r})\n[f.data() for f in generate(config, design(config)).files]\n"
        "print(*{'sqlalchemy', 'sqlite3', 'psycopg', 'yaml'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
