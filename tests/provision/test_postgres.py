"""A PostgreSQL server as a target: what is built, what a person did there stays, every way in which it goes wrong."""

from __future__ import annotations

import atexit
import io
import json
import threading
from collections.abc import Iterator
from functools import cache

import psycopg
import pytest

from chatbuilder import credentials, pipeline
from chatbuilder.errors import ChatbuilderError, CredentialsError, InputError, RefusedError, UnavailableError
from chatbuilder.paths import locate
from chatbuilder.pipeline import passwords
from chatbuilder.pipeline.syncing import sync
from chatbuilder.provision.custom.postgres import server as servers
from chatbuilder.provision.custom.postgres.catalogue import catalogue
from chatbuilder.secret import Secret
from chatbuilder.servers import server_of
from tests.databases import EVERYTHING, Server, needs_postgres
from tests.helpers import answers_file, complete, run, tree
from tests.integration.filling import take_in
from tests.integration.places.server import new_database
from tests.unit.library.makers import chat

pytestmark = needs_postgres
SMALL = {"platform": "custom", "priorities": ["organization"], "features": ["tags"], "complexity": "simple"}
PROJECT = {"table": "projects", "column": "name", "title": "P"}
PASSWORD = "canary7f3e9d21c0ffee"


@cache
def server() -> Server:
    """The server of these tests alone: roles belong to a whole server, and some tests count them."""
    running = Server()
    atexit.register(running.stop)
    return running


@pytest.fixture
def name() -> Iterator[str]:
    """A new database; it goes with its test, and the roles of its team do."""
    made = new_database(server())
    yield made
    roles = "chats_owner, chats_editor, chats_reader"
    server().run("postgres", f"DROP DATABASE IF EXISTS {made} WITH (FORCE);\nDROP ROLE IF EXISTS {roles};")


@pytest.fixture(scope="module")
def locked() -> Iterator[Server]:
    running = Server(locked=True)
    running.run("postgres", f"CREATE ROLE sam LOGIN PASSWORD '{PASSWORD}';\nCREATE DATABASE chats OWNER sam;")
    yield running
    running.stop()


def answers(database: str, user: str = "postgres", **more) -> dict:
    return {**SMALL, **more, "target": {"database": server().url(database, user=user)}}


def apply(answers: dict, **more):
    job = pipeline.apply(pipeline.check(answers), on_event=lambda event: None, cancelled=lambda: False, **more)
    assert job.status == "completed", job.error
    return job


def states(system: str) -> set[str]:
    return {drift.state for drift in pipeline.verify(system)}


def things(name: str) -> set[str]:
    with psycopg.connect(server().url(name)) as connection:
        return set(catalogue(connection))


# building


@pytest.mark.parametrize("size", ["solo", "large"])
def test_built_again_and_taken_down_without_a_trace(name, size):
    given = {**EVERYTHING, "team_size": size, "target": {"database": server().url(name)}}
    server().run(name, "CREATE TABLE mine (a int); INSERT INTO mine VALUES (1);")
    report = pipeline.inspect_target(pipeline.check(given))
    assert (report.ready, report.exists) == (True, False)
    assert "It also has 1 table of yours: nothing of that is changed." in report.notes
    system = apply(given).system
    assert states(system) == {"same"}
    before = things(name)
    assert {"view all_sessions", "function search_sessions", "column sessions.search_vector"} <= before
    apply(given)
    assert things(name) == before
    taken = pipeline.destroy(system)
    assert all(part.removed for part in taken), taken
    assert things(name) == {"table mine"}
    assert server().run("postgres", "SELECT rolname FROM pg_roles WHERE rolname LIKE 'chats%';") == []


def test_what_is_missing_comes_back_with_its_rights(name):
    system = apply(answers(name, team_size="medium", priorities=["organization", "search"])).system
    server().run(name, "DROP VIEW all_sessions; DROP FUNCTION search_sessions(text);")
    assert "missing" in states(system)
    job = pipeline.repair(system, on_event=lambda event: None, cancelled=lambda: False)
    assert job.status == "completed"
    assert states(system) == {"same"}
    assert server().run(name, "SELECT has_table_privilege('chats_reader', 'all_sessions', 'SELECT');") == ["t"]
    pipeline.destroy(system)


def test_names_that_are_taken_are_told_before_anything_is_made(name):
    server().run(name, "CREATE TABLE sessions (a int); CREATE VIEW recent AS SELECT 1 AS a;")
    with pytest.raises(InputError) as caught:
        apply(answers(name))
    assert set(caught.value.problems) == {"table sessions", "view recent"}
    assert things(name) == {"table sessions", "view recent"}


def test_two_systems_do_not_share_a_database(name):
    apply(answers(name, name="One"))
    database = {"database": server().url(name).replace("user=postgres", "user=postgres&application_name=x")}
    locate().library.unlink()
    with pytest.raises(InputError) as caught:
        apply({**answers(name, name="Two"), "target": database})
    assert "One" in caught.value.message


# other answers


def test_other_answers_only_add(name):
    first = answers(name, options={"assistants": ["ChatGPT", "Claude"], "sample_data": False})
    system = apply(first).system
    server().run(name, "INSERT INTO sessions (title, assistant) VALUES ('mine', 'Claude');")
    other = answers(
        name, priorities=["organization", "search", "analytics"], features=["tags", "projects"], complexity="moderate",
        options={"assistants": ["ChatGPT", "Gemini"], "sample_data": False},
    )  # fmt: skip
    apply(other)
    assert states(system) == {"same"}
    server().run(name, "INSERT INTO sessions (title, assistant) VALUES ('new', 'Gemini');")
    assert server().run(name, "SELECT assistant FROM sessions ORDER BY id;") == ["Claude", "Gemini"]
    with pytest.raises(AssertionError, match="violates check"):
        server().run(name, "INSERT INTO sessions (title, assistant) VALUES ('new', 'Nobody');")
    job = apply(first)
    assert job.status == "completed"
    assert server().run(name, "SELECT count(*) FROM sessions;") == ["2"]
    assert "table projects" in things(name)  # a table never goes by itself


def test_a_choice_becomes_a_row_and_its_values_move_along(name):
    simple = answers(name, options={"topics": ["Work", "Garden"], "sample_data": False})
    apply(simple)
    server().run(name, "INSERT INTO sessions (title, topic) VALUES ('a', 'Garden'), ('b', NULL);")
    apply({**simple, "complexity": "moderate"})
    assert server().run(name, "SELECT topic FROM sessions_overview ORDER BY title;") == ["Garden", ""]
    server().run(name, "UPDATE sessions SET topic_id = (SELECT id FROM topics WHERE name = 'Work') WHERE title = 'b';")
    apply(simple)
    assert server().run(name, "SELECT topic FROM sessions ORDER BY title;") == ["Garden", "Work"]


def test_a_type_is_never_changed(name):
    def given(kind: str) -> dict:
        return answers(name, options={"custom_fields": [{"name": "Client", "type": kind}], "sample_data": False})

    apply(given("text"))
    server().run(name, "INSERT INTO sessions (title, my_client) VALUES ('a', 'Acme');")
    job = apply(given("number"))
    assert any("stays text: turned into double precision, it could lose values" in why for why in job.result["kept"])
    assert server().run(name, "SELECT my_client FROM sessions;") == ["Acme"]


def test_an_edited_view_stays_and_one_that_something_needs_too(name):
    system = apply(answers(name)).system
    mine = "CREATE VIEW all_sessions AS SELECT id, title FROM sessions LIMIT 3;"
    server().run(name, f"DROP VIEW all_sessions; {mine} CREATE VIEW mine AS SELECT title FROM sessions_overview;")
    assert "edited" in states(system)
    job = apply(answers(name, priorities=["organization", "analytics"], features=["tags", "timeline", "reminders"]))
    said = " ".join(job.result["kept"])
    assert "view all_sessions was edited, so it stays" in said
    assert "view sessions_overview stays as it was: view mine depends on view sessions_overview" in said
    assert "LIMIT 3" in server().run(name, "SELECT pg_get_viewdef('all_sessions'::regclass);")[-1]
    taken = {part.title: part.why for part in pipeline.destroy(system) if not part.removed}
    assert any("view mine depends on" in why for why in taken.values())


RIGHTS = """
SELECT c.relname, pg_get_userbyid(c.relowner), obj_description(c.oid),
  (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(c.relacl) a),
  (SELECT string_agg(attname || attacl::text, ',' ORDER BY attname) FROM pg_attribute WHERE attrelid = c.oid)
FROM pg_class c WHERE relname IN ('all_sessions', 'sessions_overview') ORDER BY 1;
SELECT proacl FROM pg_proc WHERE proname = 'search_sessions';
"""
NUMBERS = "SELECT oid FROM pg_class WHERE relname IN ('all_sessions', 'sessions_overview');"


def test_rights_that_a_person_gave_stay_when_a_view_is_made_anew(name):
    ann, bo = f"{name}_ann", f"{name}_bo"
    first = answers(name, priorities=["organization", "search"])
    system = apply(first).system
    given = (
        f"CREATE ROLE {ann} LOGIN", f"CREATE ROLE {bo} LOGIN", f"GRANT CREATE ON SCHEMA public TO {bo}",
        f"GRANT SELECT ON all_sessions, sessions TO {ann} WITH GRANT OPTION",
        "GRANT SELECT ON all_sessions TO PUBLIC", f"GRANT SELECT (id, title) ON sessions_overview TO {ann}",
        "REVOKE ALL ON FUNCTION search_sessions FROM PUBLIC", f"GRANT EXECUTE ON FUNCTION search_sessions TO {ann}",
        f"ALTER VIEW sessions_overview OWNER TO {bo}", "COMMENT ON VIEW sessions_overview IS 'bo’s'",
    )  # fmt: skip
    server().run(name, "".join(f"{statement};\n" for statement in given))
    before, numbers = server().run(name, RIGHTS), server().run(name, NUMBERS)
    job = apply({**first, "priorities": ["organization", "search", "analytics"], "features": ["tags", "reminders"]})
    assert job.result["kept"] == []
    assert not set(server().run(name, NUMBERS)) & set(numbers)  # they are others
    assert server().run(name, RIGHTS) == before
    assert states(system) == {"same"}
    assert server().run(name, "SELECT count(*) FROM all_sessions;", user=ann) == ["6"]
    server().run(name, "DROP FUNCTION search_any_script(text);")
    assert pipeline.repair(system, on_event=lambda event: None, cancelled=lambda: False).status == "completed"
    assert server().run(name, RIGHTS) == before
    server().run(name, f"DROP OWNED BY {ann}, {bo} CASCADE; DROP ROLE {ann}, {bo};")


def test_rights_that_cannot_be_given_back_are_told(name):
    boss, bo = f"{name}_boss", f"{name}_bo"
    given = (
        f"CREATE ROLE {boss} LOGIN", f"CREATE ROLE {bo}", f"GRANT CREATE ON SCHEMA public TO {boss}, {bo}",
        f"GRANT {bo} TO {boss}",
    )  # fmt: skip
    server().run(name, "".join(f"{statement};\n" for statement in given))
    apply(answers(name, user=boss))
    server().run(name, f"ALTER VIEW all_sessions OWNER TO {bo}; REVOKE CREATE ON SCHEMA public FROM {bo};")
    job = apply(answers(name, user=boss, priorities=["organization", "analytics"], features=["tags", "reminders"]))
    assert any(f"made anew, without “ALTER VIEW all_sessions OWNER TO {bo}”" in why for why in job.result["kept"])
    assert server().run(name, "SELECT count(*) FROM all_sessions;", user=boss) == ["6"]


# what goes wrong


def failure(given: dict) -> ChatbuilderError:
    with pytest.raises(ChatbuilderError) as caught:
        pipeline.apply(pipeline.check(given), on_event=lambda event: None, cancelled=lambda: False)
    assert caught.value.kept
    assert caught.value.hint
    return caught.value


def locked_answers(locked: Server, login: str = "sam@127.0.0.1", name: str = "chats", **more) -> dict:
    return {**SMALL, **more, "target": {"database": f"postgresql://{login}:{locked.port}/{name}"}}


def test_no_password_and_a_wrong_one(locked, monkeypatch):
    error = failure(locked_answers(locked))
    assert isinstance(error, CredentialsError)
    assert any("chatbuilder token set custom --account sam@127.0.0.1" in way for way in error.problems)
    monkeypatch.setenv("PGPASSWORD", "wrong")
    error = failure(locked_answers(locked))
    assert (type(error), error.title) == (CredentialsError, "Password refused")
    report = pipeline.inspect_target(pipeline.check(locked_answers(locked)))
    assert (report.ready, report.code) == (False, 4)


def test_no_such_user_database_or_server(locked, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert isinstance(failure(locked_answers(locked, login="nobody@127.0.0.1")), CredentialsError)
    error = failure(locked_answers(locked, name="nothing"))
    assert isinstance(error, RefusedError)
    assert f"createdb -h 127.0.0.1 -p {locked.port} -U sam nothing" in error.hint
    silent = {**SMALL, "target": {"database": "postgresql://sam@127.0.0.1:1/chats"}}
    assert isinstance(failure(silent), UnavailableError)
    unknown = {**SMALL, "target": {"database": "postgresql:///?service=nowhere"}}
    assert isinstance(failure(unknown), InputError)


def test_a_server_that_cannot_hold_it(name, monkeypatch):
    server().run("postgres", f"CREATE DATABASE {name}_old TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C';")
    assert "LATIN1" in failure(answers(f"{name}_old")).message
    monkeypatch.setattr(servers, "OLDEST", 990_000)
    assert failure(answers(name)).title == "The server is too old"


def test_no_right_to_make_tables(name):
    server().run(name, f"CREATE ROLE {name}_guest LOGIN;")
    error = failure(answers(name, user=f"{name}_guest"))
    assert isinstance(error, CredentialsError)
    assert f'GRANT CREATE ON SCHEMA "public" TO "{name}_guest"' in error.hint


def test_without_the_right_to_make_roles_the_rest_is_built(name):
    server().run(name, f"CREATE ROLE {name}_boss LOGIN;\nGRANT CREATE ON SCHEMA public TO {name}_boss;")
    given = answers(name, user=f"{name}_boss", team_size="medium")
    job = apply(given)
    assert any("CREATEROLE" in why for why in job.result["kept"])
    server().run("postgres", f"ALTER ROLE {name}_boss CREATEROLE;")
    apply(given)
    assert server().run("postgres", "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'chats%';") == ["3"]
    pipeline.destroy(job.system)


@pytest.mark.parametrize("url", ["postgresql://a@h1,h2/d", "postgresql://h/d#x", "postgresql://h/d?nonsense=1"])
def test_addresses_that_are_none(url):
    report = pipeline.inspect_target(pipeline.check({**SMALL, "target": {"database": url}}))
    assert (report.ready, report.code) == (False, 3)


def test_a_password_in_disguise_is_refused():
    url = "postgresql://sam@host/chats?pass%77ord=" + PASSWORD
    with pytest.raises(InputError) as caught:
        servers.address(url)
    assert PASSWORD not in "\n".join(caught.value.lines())


def test_a_lost_connection_in_a_build_is_finished_by_the_next(name):
    given, seen = answers(name), []

    def cut(event) -> None:
        seen.append(event)
        if len(seen) == 9:
            server().run("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                         f" datname = '{name}' AND application_name = 'chatbuilder';")  # fmt: skip

    job = pipeline.apply(pipeline.check(given), on_event=cut, cancelled=lambda: False)
    assert (job.status, job.error["title"], job.error["exit_code"]) == ("failed", "Connection lost", 6)
    system = apply(given).system
    assert states(system) == {"same"}


def test_a_lost_connection_in_a_sync_is_finished_by_the_next(name):
    system = apply(answers(name)).system
    take_in(*(chat(f"c{n}", f"Question {n}", "Answer") for n in range(1200)))
    seen = []

    def cut(event) -> None:
        if not seen:
            server().run("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                         f" datname = '{name}' AND application_name = 'chatbuilder';")  # fmt: skip
        seen.append(event)

    with pytest.raises(UnavailableError) as caught:
        sync(system, on_event=cut)
    assert caught.value.title == "Connection lost"
    report = sync(system)
    assert (report.created + report.unchanged, report.failed) == (1200, 0)
    assert server().run(name, "SELECT count(DISTINCT source_id) FROM sessions WHERE source_id LIKE 'chatgpt:%';") == [
        "1200"
    ]


def test_a_transcript_that_the_table_refuses_does_not_stop_the_others(name):
    system = apply(answers(name)).system
    take_in(chat("first"))
    sync(system, transcripts=True)
    server().run(name, "ALTER TABLE transcripts ADD CONSTRAINT mine CHECK (text NOT LIKE '%forbidden%');")
    take_in(*(chat(f"c{n}", "Question", "forbidden" if n == 7 else "Answer") for n in range(20)))
    report = sync(system, transcripts=True)
    assert (report.created, report.failed) == (19, 1)
    (problem,) = report.problems
    assert problem.key == "chatgpt:c7"
    assert "mine" in problem.reason
    query = "SELECT count(*), count(DISTINCT source_id) FROM transcripts;"
    assert server().run(name, query) == ["40|20"]
    assert server().run(name, "SELECT count(*) FROM sessions WHERE source_id = 'chatgpt:c7';") == ["0"]


# passwords


def test_every_way_to_give_a_password(locked, monkeypatch, keyring_in_memory, tmp_path, run_cli):
    given = locked_answers(locked, features=[])
    check = pipeline.check(given)
    assert not pipeline.inspect_target(check).ready
    with monkeypatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        assert pipeline.inspect_target(check).ready
    with monkeypatch.context() as patch:
        file = tmp_path / "pgpass"
        file.write_text(f"127.0.0.1:{locked.port}:*:sam:{PASSWORD}\n", "utf-8")
        file.chmod(0o600)
        patch.setenv("PGPASSFILE", str(file))
        assert pipeline.inspect_target(check).ready
    with monkeypatch.context() as patch:
        file = tmp_path / "services"
        lines = ("[chats]", "host=127.0.0.1", f"port={locked.port}", "user=sam", "dbname=chats", f"password={PASSWORD}")
        file.write_text("\n".join(lines) + "\n", "utf-8")
        patch.setenv("PGSERVICEFILE", str(file))
        served = pipeline.check({**given, "target": {"database": "postgresql:///?service=chats"}})
        assert pipeline.inspect_target(served).ready
    pipeline.token_set("custom", PASSWORD, "sam@127.0.0.1")
    report = pipeline.inspect_target(check)
    assert (report.ready, report.credentials) == (True, "the password of sam@127.0.0.1 is in your keyring")
    place = answers_file(tmp_path, "custom", target=given["target"])
    done = run_cli("token", "check", "custom", "--answers", place, "--json")
    assert (done.code, done.data["usable"]) == (0, True)
    assert "sam in the database chats" in done.data["who"]


def test_a_password_belongs_to_one_user_on_one_server(keyring_in_memory, run_cli):
    with pytest.raises(InputError):
        pipeline.token_set("custom", PASSWORD)
    pipeline.token_set("custom", PASSWORD, "sam@db.example.org")
    assert passwords.find("postgresql://sam@db.example.org/x") == Secret(PASSWORD)
    for other in ("sam@elsewhere.example.org", "robin@db.example.org"):
        assert passwords.find(f"postgresql://{other}/x") is None
    assert ("custom", "sam@db.example.org", "keyring") in {
        (info.platform, info.account, info.where) for info in credentials.accounts()
    }
    assert run_cli("token", "check", "custom", "--account", "sam@db.example.org").code == 3
    assert pipeline.token_rm("custom", "sam@db.example.org")


def test_without_a_keyring_there_are_other_ways(run_cli, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD))
    done = run_cli("token", "set", "custom", "--account", "sam@db.example.org")
    assert done.code == 4
    assert "PGPASSWORD" in done.err
    assert PASSWORD not in done.err


def test_who_holds_the_database_for_too_long_is_told_of(name, monkeypatch):
    monkeypatch.setattr(servers, "_PATIENCE", "100ms")
    with psycopg.connect(server().url(name)) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (servers._LOCK,))
        job = pipeline.apply(pipeline.check(answers(name)), on_event=lambda event: None, cancelled=lambda: False)
    assert (job.error["title"], job.error["exit_code"]) == ("The database is busy", 5)
    apply(answers(name))


@pytest.mark.parametrize(
    ("url", "account", "identity"),
    [
        ("postgresql://sam@DB.example.org:5432/x", "sam@db.example.org", "postgresql://db.example.org/x"),
        ("postgres://db.example.org/x?user=sam&sslmode=require", "sam@db.example.org", "postgresql://db.example.org/x"),
        ("postgresql://sam@h:5433/x", "sam@h", "postgresql://h:5433/x"),
        ("postgresql://sam@%2Ftmp%2Fs/x", "sam@localhost", "postgresql:///tmp/s/x"),
        ("postgresql://sam@[::1]/x", "sam@::1", "postgresql://::1/x"),
        ("postgresql:///?service=work", "work", "postgresql service work"),
    ],
)
def test_addresses_are_told_apart_by_the_place_not_by_the_spelling(url, account, identity):
    assert (server_of(url).account(), server_of(url).identity) == (account, identity)


def test_the_password_is_nowhere(locked, monkeypatch, keyring_in_memory, run_cli, tmp_path, home, caplog):
    caplog.set_level("DEBUG")
    pipeline.token_set("custom", PASSWORD, "sam@127.0.0.1")
    place = answers_file(tmp_path, "custom", target=locked_answers(locked)["target"], priorities=["organization"])
    said = []
    take_in(chat("a"), chat("b"))
    for line in ("token list", "token check custom --answers {}", "plan --answers {}", "apply --answers {} --yes",
                 "apply --answers {} --yes --json", "systems", "jobs --json", "log --json", "doctor"):  # fmt: skip
        done = run_cli(*line.format(place).split())
        assert done.code == 0, done.err
        said += [done.out, done.err]
    (system,) = pipeline.systems()
    for words in (("sync", system.id), ("verify", system.id), ("destroy", system.id, "--yes")):
        done = run_cli(*words)
        said += [done.out, done.err]
    locked.run("postgres", "ALTER ROLE sam PASSWORD 'another';")
    done = run_cli("apply", "--answers", place, "--yes")
    locked.run("postgres", f"ALTER ROLE sam PASSWORD '{PASSWORD}';")
    assert done.code == 4
    assert complete(done.err)
    provisioner = pipeline.targets.open_provisioner(pipeline.check(locked_answers(locked)))
    said += [
        done.out,
        done.err,
        caplog.text,
        repr(provisioner),
        repr(vars(provisioner)),
        repr(vars(provisioner._database)),
    ]
    provisioner.close()
    assert PASSWORD not in "".join(said)
    for name, data in tree(home.parent).items():
        assert PASSWORD.encode() not in data, name
    assert "keyring" in json.dumps([info.where for info in credentials.accounts()])


def test_a_driver_that_cannot_be_loaded_is_told(tmp_path, home):
    # psycopg's own way to ask for a part of it that is not there, as without libpq.
    missing = {"PSYCOPG_IMPL": "c"}
    place = answers_file(tmp_path, "custom", target={"database": "postgresql://sam@127.0.0.1:1/chats"})
    for words in (("apply", "--answers", place, "--yes"), ("token", "check", "custom", "--answers", place)):
        done = run(*words, env=missing)
        assert done.code == 5, done.err
        assert complete(done.err)
        assert "psycopg[binary]" in done.err
    done = run("doctor", "--json", env=missing)
    (check,) = (check for check in done.data if check["name"] == "PostgreSQL driver")
    assert (check["state"], "psycopg[binary]" in check["hint"]) == ("note", True)


def test_sync_without_a_driver_is_told(name, home):
    system = apply(answers(name)).system
    take_in(chat("a"))
    done = run("sync", system, env={"PSYCOPG_IMPL": "c"})
    assert (done.code, complete(done.err)) == (5, True), done.err


# a team


def test_who_may_see_and_do_what(name, monkeypatch, tmp_path):
    boss, editor, reader = f"{name}_olga", f"{name}_ed", f"{name}_rita"
    server().run(name, "".join(f"CREATE ROLE {who} LOGIN;\n" for who in (boss, editor, reader))
                 + f"GRANT CREATE ON SCHEMA public TO {boss};\nALTER ROLE {boss} CREATEROLE;")  # fmt: skip
    given = answers(name, user=boss, team_size="large", priorities=["organization", "collaboration"])
    system = apply(given).system
    server().run(name, f"GRANT chats_editor TO {editor};\nGRANT chats_reader TO {reader};")
    take_in(chat("secret", "My private question", "Answer"), chat("open", "Hello", "Answer"))
    sync(system, transcripts=True)
    server().run(name, "UPDATE sessions SET access = 'Team' WHERE source_id = 'chatgpt:open';")
    count = "SELECT count(*) FROM {} WHERE source_id LIKE 'chatgpt:%';"
    for who, seen in ((boss, "2"), (editor, "1"), (reader, "1")):
        assert server().run(name, count.format("sessions"), user=who) == [seen]
        told = "SELECT count(DISTINCT source_id) FROM transcripts;"
        assert server().run(name, told, user=who) == [seen]
        assert server().run(name, "SELECT count(*) FROM all_sessions WHERE title = 'Chat secret';", user=who) == [
            "1" if who == boss else "0"
        ]
    for change in ("UPDATE sessions SET title = 'x'", "DELETE FROM sessions", "DROP TABLE sessions",
                   "INSERT INTO sessions (title) VALUES ('x')", "UPDATE transcripts SET text = 'x'"):  # fmt: skip
        with pytest.raises(AssertionError, match=r"permission denied|must be owner"):
            server().run(name, f"{change};", user=reader)

    # Others join with the same answers: they find all of it there, and have a library of their own.
    def join(person: str) -> None:
        monkeypatch.setenv("CHATBUILDER_HOME", str(tmp_path / person))
        assert apply(given | {"target": {"database": server().url(name, user=person)}}).result["kept"] == []

    join(editor)
    take_in(chat("mine", "The editor's", "Answer"), chat("secret", "Mine as well", "Answer"))
    report = sync(system, transcripts=True)
    assert report.created == 1
    assert [problem.key for problem in report.problems] == ["chatgpt:secret"]  # somebody's private chat, not told more
    assert server().run(name, "SELECT owner FROM sessions WHERE source_id = 'chatgpt:mine';") == [editor]
    assert server().run(name, count.format("sessions"), user=reader) == ["1"]
    join(reader)
    take_in(chat("more", "More", "Answer"))
    with pytest.raises(CredentialsError) as caught:
        sync(system)
    assert "not write" in caught.value.message


def test_two_people_at_once_neither_wait_for_ever_nor_write_twice(name):
    from chatbuilder.provision.custom.postgres.filling import PostgresStore
    from chatbuilder.provision.rows import Delivery, Related

    apply(answers(name, features=["tags", "projects"], complexity="moderate"))
    url, problems, places = server().url(name), [], []

    def person(keys: list[int]) -> None:
        store = PostgresStore(url, None, ["source_id", "title"], ())
        store.check()
        for at in range(0, len(keys), 50):
            part = [f"x:{key}" for key in keys[at : at + 50]]
            rows = [Delivery(key, "", {"values": {"source_id": key, "title": "same"}}) for key in part]
            problems.extend(written.problem for written in store.write(rows) if written.problem)
            places.append(
                tuple(store.related([Related({"table": "projects", "column": "name", "title": "P"}, "", True)]))
            )
        store.close()

    both = [threading.Thread(target=person, args=(keys,)) for keys in (list(range(500)), list(range(499, -1, -1)))]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
        assert not one.is_alive()
    assert problems == []
    assert server().run(name, "SELECT count(*) FROM sessions WHERE title = 'same';") == ["500"]
    assert server().run(name, "SELECT count(*) FROM projects WHERE name = 'P';") == ["1"]
    assert len(set(places)) == 1
