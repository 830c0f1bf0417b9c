"""The exported package: the tool, the server's settings, the description of its addresses, the guide's promises."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from ruamel.yaml import YAML

from chatbuilder.config import Config, CustomField, Options
from chatbuilder.design import design
from chatbuilder.generators.common.schema import column_name
from chatbuilder.generators.custom import generate
from chatbuilder.generators.custom.datasette import address, database_name
from chatbuilder.generators.custom.tool import commands
from tests.databases import everything, opened, package_of, select, sqlite_of
from tests.strategies import HOSTILE_NAMES, configs

quick = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def yaml(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


@quick
@given(configs("custom"))
def test_the_servers_settings_name_what_is_there(config):
    _, connection = sqlite_of(config)
    files = package_of(config)
    old, new = yaml(files["serve/metadata.yaml"]), yaml(files["serve/datasette.yaml"])
    assert old["title"] == config.name
    (name,) = old["databases"]
    assert list(new["databases"]) == [name] == [database_name(config)]
    for table, about in old["databases"][name]["tables"].items():
        columns = {row[1] for row in connection.execute(f'PRAGMA table_xinfo("{table}")')}
        facets = [next(iter(f.values())) if isinstance(f, dict) else f for f in about.get("facets", ())]
        named = {about[key] for key in ("sort", "sort_desc", "label_column") if key in about}
        assert columns, table
        assert {*facets, *about.get("columns", ()), *named} <= columns, table
        behaviour = {key: value for key, value in about.items() if key not in ("title", "description", "columns")}
        assert new["databases"][name]["tables"].get(table, {}) == behaviour
    assert new["databases"][name]["queries"] == old["databases"][name]["queries"]


def test_ready_made_queries_find_something():
    config = everything()
    _, connection = sqlite_of(config)
    # Datasette brings this function: every word becomes a phrase.
    connection.create_function("escape_fts", 1, lambda text: " ".join(f'"{w}"' for w in text.split()))
    found = yaml(package_of(config)["serve/metadata.yaml"])["databases"][database_name(config)]["queries"]
    boxes = {
        "search": {"words": "slow index"}, "search_parts": {"words": "ndex"}, "tagged": {"tag": "bug"},
        "changed_since": {"since": "2026-05-20T00:00:00Z"},
    }  # fmt: skip
    assert set(found) == set(boxes)
    for name, box in boxes.items():
        rows = connection.execute(found[name]["sql"], box).fetchall()
        assert [row[0] for row in rows] == [5 if name == "changed_since" else 2], name
    assert connection.execute(found["search_parts"]["sql"], {"words": 'x" OR "index'}).fetchall() == []


def api_of(config: Config) -> Any:
    return json.loads(package_of(config)["openapi.json"])


# The parts of the OpenAPI 3.1 schema (spec.openapis.org/oas/3.1/schema) that such a description uses.
REF = {
    "type": "object",
    "required": ["$ref"],
    "properties": {"$ref": {"pattern": "^#/components/"}},
    "maxProperties": 1,
}
PARAMETER = {
    "type": "object", "required": ["name", "in", "schema"], "additionalProperties": False,
    "properties": {
        "name": {"type": "string"}, "in": {"enum": ["query", "path"]}, "required": {"type": "boolean"},
        "description": {"type": "string"}, "schema": {"$ref": "https://json-schema.org/draft/2020-12/schema"},
    },
    "if": {"properties": {"in": {"const": "path"}}}, "then": {"required": ["required"]},
}  # fmt: skip
MEDIA = {"type": "object", "required": ["schema"], "properties": {"schema": PARAMETER["properties"]["schema"]}}
RESPONSE = {
    "type": "object", "required": ["description"], "additionalProperties": False,
    "properties": {"description": {"type": "string"}, "content": {"additionalProperties": MEDIA}},
}  # fmt: skip
OPERATION = {
    "type": "object", "required": ["operationId", "responses"], "additionalProperties": False,
    "properties": {
        "operationId": {"type": "string"}, "summary": {"type": "string"},
        "parameters": {"type": "array", "items": {"oneOf": [PARAMETER, REF]}},
        "responses": {"type": "object", "minProperties": 1, "patternProperties": {"^[1-5][0-9]{2}$": RESPONSE}},
    },
}  # fmt: skip
OPENAPI = {
    "type": "object", "required": ["openapi", "info", "paths"], "additionalProperties": False,
    "properties": {
        "openapi": {"pattern": r"^3\.1\.\d+$"}, "servers": {"items": {"required": ["url"]}},
        "info": {"required": ["title", "version"], "additionalProperties": {"type": "string"}},
        "paths": {"patternProperties": {"^/": {"properties": {"get": OPERATION}, "additionalProperties": False}},
                  "additionalProperties": False},
        "components": {
            "properties": {
                "parameters": {"additionalProperties": PARAMETER},
                "schemas": {"additionalProperties": PARAMETER["properties"]["schema"]},
            },
            "additionalProperties": False,
        },
    },
}  # fmt: skip


def test_the_description_of_addresses_is_valid():
    api = api_of(everything())
    jsonschema.Draft202012Validator(OPENAPI).validate(api)
    for item in api["paths"].values():
        assert item["get"]["responses"]["200"]
    broken = json.loads(json.dumps(api))
    del next(iter(broken["paths"].values()))["get"]["operationId"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(OPENAPI).validate(broken)


@quick
@given(configs("custom"))
def test_the_description_of_addresses_is_true(config):
    _, connection = sqlite_of(config)
    api = api_of(config)
    root = f"/{address(database_name(config))}/"
    assert len({item["get"]["operationId"] for item in api["paths"].values()}) == len(api["paths"])
    for path, item in api["paths"].items():
        assert path.startswith(root)
        name = path.removeprefix(root).removesuffix(".json").removesuffix("/{id}")
        for parameter in item["get"]["parameters"]:
            assert parameter.get("$ref", "shape").rpartition("/")[2] in api["components"]["parameters"]
        schema = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]["items"]
        if "$ref" in schema:
            properties = api["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
            assert set(properties) == {row[1] for row in connection.execute(f'PRAGMA table_xinfo("{name}")')}, name
            validator = jsonschema.Draft202012Validator({"properties": properties})
            for row in select(connection, f'SELECT * FROM "{name}"'):
                validator.validate(row)


@pytest.mark.parametrize(
    ("name", "wanted"), [("chats", "chats"), ("my chats'x", "my+chats~27x"), ("é", "~C3~A9"), ("a-b_C1", "a-b_C1")]
)
def test_addresses_are_written_as_datasette_reads_them(name, wanted):
    assert address(name) == wanted


# the tool


class Package:
    """An exported package on disk, and its tool."""

    def __init__(self, folder: Path, config: Config) -> None:
        self.folder = folder
        for path, text in package_of(config).items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8", newline="")

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        call = [sys.executable, "-X", "utf8", "manage.py", *arguments]
        return subprocess.run(call, cwd=self.folder, capture_output=True, encoding="utf-8", check=False)

    def run(self, *arguments: str, fails: bool = False) -> str:
        """What it printed, or what it complained about."""
        done = self.call(*arguments)
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stderr if fails else done.stdout


def lines_of(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text("utf-8"), newline="")))


@pytest.fixture
def package(tmp_path: Path) -> Package:
    made = Package(tmp_path / "package", everything(target={"database": f"sqlite:///{tmp_path / 'it’s mine.db'}"}))
    made.run("create", "--samples")
    return made


def database(package: Package) -> sqlite3.Connection:
    return opened(package.folder.parent / "it’s mine.db")


def test_create_leaves_an_existing_file_alone(package):
    before = (package.folder.parent / "it’s mine.db").read_bytes()
    assert "exists already" in package.run("create", fails=True)
    assert (package.folder.parent / "it’s mine.db").read_bytes() == before


def test_show_and_search(package):
    assert "active\n" in package.run("show")
    assert "Understand Bayes" in package.run("show", "active")
    assert "There is no view" in package.run("show", 'nothing"; DROP TABLE sessions; --', fails=True)
    assert "scan the whole table" in package.run("search", "slow", "index")
    assert "scan the whole table" in package.run("search", "nde")
    assert "(0 rows)" in package.run("search", '" OR "', "NEAR(")


def test_a_filled_template_loads_once_and_bad_lines_are_listed(package):
    path = package.folder / "templates" / "chat-sessions.csv"
    header = lines_of(path)[0]
    assert "0 added, 6 there already" in package.run("load", str(path))
    row = dict.fromkeys(header, "") | {
        "Title": "'=1+1", "Status": "Completed", "Topic": "Gardening", "Tags": "a; b", "Value": "4", "Source ID": "x:1",
        "Started": "2026-11-01T10:00:00Z", "Auto-filed": "yes",
    }  # fmt: skip
    wrong = row | {"Source ID": "x:2", "Status": "Nonsense"}
    untitled = row | {"Source ID": "x:3", "Title": ""}
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[r[name] for name in header] for r in (row, wrong, untitled)])
    said = package.run("load", str(path), fails=True)
    assert "line 9" in said
    assert "line 10" in said
    seen = select(database(package), "SELECT * FROM sessions_overview WHERE source_id LIKE 'x:%'")
    wanted = {"title": "=1+1", "topic": "Gardening", "tags": '["a", "b"]', "value": 4, "auto_filed": 1}
    assert [{key: r[key] for key in wanted} for r in seen] == [wanted]
    assert "0 added, 7 there already, 2 refused" in package.call("load", str(path)).stdout


def test_a_backup_is_a_whole_database_and_never_overwrites_one(package):
    for _ in range(2):
        assert "Saved and checked" in package.run("backup")
    copies = list((package.folder / "backups").iterdir())
    assert len(copies) == 2
    for copy in copies:
        assert opened(copy).execute("SELECT count(*) FROM sessions").fetchone() == (6,)


def test_an_export_has_everything_and_no_formula(package):
    connection = database(package)
    connection.execute("INSERT INTO sessions (title) VALUES ('=cmd|x')")
    package.run("export", "out")
    data = json.loads((package.folder / "out" / "sessions.json").read_text("utf-8"))
    assert data == select(connection, "SELECT * FROM sessions")
    assert lines_of(package.folder / "out" / "sessions.csv")[-1][1] == "'=cmd|x"
    names = {path.stem for path in (package.folder / "out").glob("*.csv")}
    assert {"sessions", "topics", "projects", "prompts", "prompts_sessions", "sessions_overview"} <= names
    package.run("export", "out", fails=True)


def test_jobs_of_the_tool(package):
    connection = database(package)
    assert "Plan a week" in package.run("archive", "--dry-run")
    assert connection.execute("SELECT status FROM sessions WHERE id = 1").fetchone() == ("Completed",)
    package.run("archive")
    assert connection.execute("SELECT status FROM sessions WHERE id = 1").fetchone() == ("Archived",)
    connection.execute("UPDATE sessions SET keep_until = NULL WHERE id = 5")
    assert "Plan a week" in package.run("retention")
    assert connection.execute("SELECT keep_until FROM sessions WHERE id = 5").fetchone() == ("2028-05-18",)
    package.run("retention", "--delete")
    assert connection.execute("SELECT min(id) FROM sessions").fetchone() == (2,)
    assert "Cover letter" in package.run("due")
    package.run("me", "Robin")
    assert {r["owner"] for r in select(connection, "SELECT * FROM my_sessions")} == {"Robin"}


def test_a_new_session_starts_from_its_template(package):
    package.run("new", "deep_dive", "Why “=x”?")
    seen = select(database(package), "SELECT title, status, category, notes FROM sessions ORDER BY id DESC LIMIT 1")[0]
    assert (seen["title"], seen["status"], seen["category"]) == ("Why “=x”?", "Active", "Reference")
    assert seen["notes"].startswith("## Goal\n")
    assert "There is no template 'x'. There are: " in package.run("new", "x", "y", fails=True)


def test_the_calendar_is_one_that_calendars_read(package):
    connection = database(package)
    connection.execute("UPDATE sessions SET title = 'a, b; c\\d ' || ? WHERE id = 1", ("é" * 90,))
    package.run("calendar", "c.ics")
    raw = (package.folder / "c.ics").read_bytes()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 75
    unfolded = raw.decode("utf-8").replace("\r\n ", "")
    assert f"SUMMARY:a\\, b\\; c\\\\d {'é' * 90}\r\n" in unfolded
    assert unfolded.count("BEGIN:VEVENT") == unfolded.count("END:VEVENT") == 9


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_the_tool_survives_any_name(name, tmp_path):
    quotes = '"' * 3
    fields = (CustomField(name=name), CustomField(name="Pick", type="select", choices=("It's", quotes, "{x}")))
    config = everything(name=name, options=Options(custom_fields=fields))
    made = Package(tmp_path, config)
    made.run("create", "--samples")
    header = lines_of(tmp_path / "templates" / "chat-sessions.csv")[0]
    mine = next(f for f in design(config).sessions.fields if f.name == "Pick")
    with (tmp_path / "new.csv").open("w", encoding="utf-8", newline="") as file:
        values = {"Title": "new", "Pick": quotes}
        csv.writer(file).writerows([header, [values.get(column, "") for column in header]])
    assert "1 added" in made.run("load", "new.csv")
    connection = opened(tmp_path / f"{database_name(config)}.db")
    query = f"SELECT {column_name(mine.key)} FROM sessions WHERE id = 7"
    assert connection.execute(query).fetchone() == (quotes,)


def test_a_missing_server_is_said(package, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert "pip install datasette" in package.run("serve", fails=True)


# the guide


@quick
@given(configs("custom"))
def test_the_guide_promises_only_what_the_package_has(config):
    blueprint = design(config)
    solution = generate(config, blueprint)
    _, connection = sqlite_of(config)
    files = {file.path for file in solution.files}
    pages = [solution.guide.markdown, *(page.markdown for page in solution.documents)]
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    for text in pages:
        assert set(re.findall(r"\]\(([a-z][\w/.-]*)\)", text)) <= files
        assert {path for path in re.findall(r"`((?:sql|serve|templates)/[\w./-]+)`", text) if path[-1] != "/"} <= files
        assert set(re.findall(r"manage\.py ([a-z]+)", text)) <= set(commands(blueprint))
        assert set(re.findall(r'SELECT \* FROM "?(\w+)"?', text)) <= names
    for view in blueprint.views:
        assert f'SELECT * FROM "{view.key}"' in solution.guide.markdown


SERVER = {"database": "postgresql://me@host/chats"}


@quick
@given(configs("custom"))
def test_the_pages_for_a_server_promise_only_what_its_package_has(config):
    config = Config.model_validate({**config.data(), "target": SERVER})
    solution = generate(config, design(config))
    package = package_of(config)
    made = set(re.findall(r'CREATE (?:TABLE|VIEW|FUNCTION) "(\w+)"', package["sql/postgresql/schema.sql"]))
    for text in (solution.guide.markdown, *(page.markdown for page in solution.documents)):
        assert not re.search("manage\\.py|[Dd]atasette", text)
        assert set(re.findall(r"\]\(([a-z][\w/.-]*)\)", text)) <= set(package)
        named = re.findall(r"((?:sql|serve)/[\w./-]+\.\w+)", text)
        assert set(named) <= set(package), text
        assert set(re.findall(r'SELECT (?:\* FROM )?"?(\w+)"?(?:\(|;)', text)) - {"setval"} <= made
    assert not {"manage.py", "serve/metadata.yaml", "integrations/n8n.json"} & set(package)
    assert "sh serve/serve.sh" in solution.guide.markdown


def test_a_file_and_a_server_have_a_page_on_governance_only_for_large_teams():
    for target in (None, SERVER):
        for size in ("solo", "small", "medium", "large"):
            package = package_of(everything(team_size=size, **({"target": target} if target else {})))
            assert ("governance.md" in package) == (size == "large")
