"""The Notion solution as a person meets it: guide, files, scripts, and what every answer changes."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbuilder import catalog
from chatbuilder.blueprint import View
from chatbuilder.config import Config, Options
from chatbuilder.design import design
from chatbuilder.errors import InputError
from chatbuilder.filters import Cmp, Today
from chatbuilder.generators.notion import generate
from chatbuilder.generators.notion.place import page_parent
from chatbuilder.generators.notion.rich import TEXT_LIMIT, rich
from chatbuilder.generators.notion.views import table_looks, view_body
from chatbuilder.links import notion_page
from chatbuilder.solution import Ref, json_text
from tests.strategies import configs, neighbours

PAGE = "195de922-1179-449f-ab80-75a27c979105"
ALL = {
    "platform": "notion",
    "priorities": tuple(key for key in catalog.PRIORITIES if key != "simplicity"),
    "features": tuple(catalog.FEATURES),
    "team_size": "large",
    "complexity": "advanced",
}


def built(config):
    return generate(config, design(config))


def full(**changes):
    return Config(**{**ALL, **changes})


def files_of(solution):
    return {file.path: file.data() for file in solution.files}


@settings(max_examples=15, deadline=None)
@given(configs("notion"))
def test_same_answers_same_bytes(config):
    one, other = built(config), built(config)
    assert json_text(one.plan.data()) == json_text(other.plan.data())
    assert files_of(one) == files_of(other)
    assert one.guide == other.guide


@settings(max_examples=8, deadline=None)
@given(configs("notion"), st.booleans(), st.data())
def test_no_dead_answers(config, simple, data):
    if simple and "simplicity" not in config.priorities:
        config = config.model_copy(update={"priorities": (*config.priorities, "simplicity")})
    before = built(config)
    what, neighbour = data.draw(st.sampled_from(neighbours(config)))
    after = built(neighbour)
    kept = {"blueprint.json", "README.md"}
    assert before.guide.markdown != after.guide.markdown, what
    files = [{path: text for path, text in files_of(s).items() if path not in kept} for s in (before, after)]
    assert before.plan != after.plan or files[0] != files[1], what


@pytest.mark.parametrize("simple", [False, True])
@pytest.mark.parametrize("key", [*catalog.PRIORITIES, *catalog.FEATURES])
def test_every_answer_is_explained_for_notion(key, simple):
    priorities = [key] if key in catalog.PRIORITIES else ["organization"]
    priorities += ["simplicity"] if simple and key != "simplicity" else []
    features = (key,) if key in catalog.FEATURES else ()
    guide = built(Config(platform="notion", priorities=tuple(priorities), features=features)).guide.markdown
    choice = catalog.PRIORITIES.get(key) or catalog.FEATURES[key]
    line = next(line for line in guide.splitlines() if line.startswith(f"- **{choice.name}.**"))
    assert choice.summary not in line
    assert len(line) > 60


@settings(max_examples=25, deadline=None)
@given(configs("notion"))
def test_guide_names_only_what_is_there(config):
    solution = built(config)
    paths = {file.path for file in solution.files}
    texts = [solution.guide.markdown, *(page.markdown for page in solution.documents)]
    for text in texts:
        assert set(re.findall(r"\]\((notion/[^)]+)\)", text)) <= paths
        scripts = {f"scripts/{name}" for name in re.findall(r"scripts/(\w+\.(?:py|json))", text)}
        assert scripts <= paths
    kept = {view.name for view in solution.blueprint.views}
    for line in solution.guide.markdown.split("## How your answers show")[1].split("\n## Views")[0].splitlines():
        for name in ("Find", "High value", "By month", "My sessions", "Untagged", "Calendar", "Archive", "By topic"):
            assert f"**{name}**" not in line or name in kept or "Left out" in line


@settings(max_examples=25, deadline=None)
@given(configs("notion"))
def test_hostile_words_stay_data(config):
    """Names go into JSON as they are, and into Markdown only with their marks escaped."""
    solution = built(config)
    home = next(step for step in solution.plan if step.key == "home")
    assert home.payload["body"]["properties"]["title"]["title"][0]["text"]["content"] == config.name
    sessions = next(step for step in solution.plan if step.key == "database:sessions")
    properties = sessions.payload["body"]["initial_data_source"]["properties"]
    for item in config.options.custom_fields:
        assert item.name in properties
        kind = properties[item.name]["type"]
        if item.choices:
            assert [o["name"] for o in properties[item.name][kind]["options"]] == list(item.choices)
    for text in (solution.guide.markdown, *(page.markdown for page in solution.documents)):
        raw = [name for name in ("[[b]]", "<% tp %>", "[red]", "{{name}}", "{{y}}") if name in text]
        assert raw == []
    for path in files_of(solution):
        assert re.fullmatch(r"[a-z0-9./_-]+(\.[a-z]+)?", path), path
    for name, data in files_of(solution).items():
        if name.endswith(".json"):
            json.loads(data)


def test_requests_are_exported_in_order():
    solution = built(full())
    files = files_of(solution)
    steps = sorted(path for path in files if re.match(r"notion/\d+-", path))
    assert len(steps) == len(solution.plan.steps)
    assert [json.loads(files[path])["method"] for path in steps] == [s.payload["method"] for s in solution.plan]
    first = json.loads(files[steps[1]])
    assert first["body"]["parent"] == {"type": "page_id", "page_id": {"$ref": "home", "path": "id"}}
    assert {"optional", "marker", "makes"} & set(first) == set()
    order = files["notion/requests.md"].decode()
    assert [f"| {n} |" in order for n in range(1, len(steps) + 1)] == [True] * len(steps)


def test_markers_let_delivery_find_things():
    solution = built(full())
    databases = [step.payload for step in solution.plan if step.payload["makes"] == "database"]
    for payload in databases:
        assert payload["marker"] == Ref("target", "mark", f"chatbuilder:v1:{payload['key']}:")
        assert payload["body"]["description"][-1]["text"]["content"] == payload["marker"]
    assert {payload["key"] for payload in databases} == {table.key for table in solution.blueprint.tables}
    assert json_text(solution.plan.steps[0].payload).count("chatbuilder:v1:home") == 2
    assert all(step.payload["key"] for step in solution.plan)
    assert solution.notes["Notion-Version"] == "2026-03-11"


@pytest.mark.parametrize(
    "target",
    [
        PAGE,
        PAGE.replace("-", ""),
        PAGE.upper(),
        f"https://www.notion.so/My-Page-{PAGE.replace('-', '')}",
        f"https://www.notion.so/acme/Deadbeef-{PAGE.replace('-', '')}?pvs=4#top",
        f"www.notion.so/{PAGE}/",
        f"https://www.notion.so/acme/{'0' * 32}?v={'1' * 32}&p={PAGE.replace('-', '')}&pm=s",
    ],
)
def test_parent_page_is_understood(target):
    assert notion_page(target) == PAGE
    solution = built(full(target={"parent": target}))
    assert solution.plan.steps[0].payload["body"]["parent"] == {"type": "page_id", "page_id": PAGE}
    assert "below the page you named" in solution.guide.markdown


@pytest.mark.parametrize(
    "target", ["My page", "https://www.notion.so/acme", "195de9221179449fab8075a27c97910", "x" * 32]
)
def test_parent_that_is_no_page_is_explained(target):
    with pytest.raises(InputError) as caught:
        page_parent(target)
    assert "Copy link" in caught.value.hint
    assert target in caught.value.message


def test_without_parent_the_page_is_private_and_says_what_token_it_needs():
    solution = built(full())
    assert solution.plan.steps[0].payload["body"]["parent"] == {"type": "workspace", "workspace": True}
    assert "Only such a token may make a private page" in solution.guide.markdown


@given(st.text(max_size=5000))
def test_long_text_is_cut_into_pieces(text):
    pieces = rich(text)
    assert all(0 < len(piece["text"]["content"]) <= TEXT_LIMIT for piece in pieces)
    words = "".join(piece["text"]["content"] for piece in pieces)
    assert words == words.strip("\x00")
    assert len(rich("🚀" * 300_000)) == 100


def test_what_the_api_cannot_do_is_listed_by_hand():
    solution = built(full())
    steps = {step.key: step for step in solution.manual}
    assert set(steps) >= {
        "view_project_timeline_group", "single_links", "templates", "dashboard", "chart_limit", "archive", "reminders",
        "people", "share", "access",
    }  # fmt: skip
    for step in solution.manual:
        assert step.why.endswith(".")
        assert step.how
        assert step.title in solution.guide.markdown
    home = json_text(solution.plan.steps[0].payload["body"]["children"])
    assert all(json.dumps(step.title, ensure_ascii=False) in home for step in solution.manual)
    alone = built(Config(platform="notion", priorities=("search",), options=Options(sample_data=False)))
    assert alone.manual == ()
    bare = built(full(options=Options(sample_data=False)))
    assert "people" not in {step.key for step in bare.manual}


def test_views_the_api_cannot_finish_are_made_as_far_as_it_goes():
    blueprint = design(full())
    table = blueprint.sessions
    looks = table_looks(table, blueprint)
    old = View("old", "Old", "board", "", ("title",), filter=Cmp("follow_up", "le", Today(-30)))
    made = view_body(old, table, looks)
    assert made.kind == "table"
    assert dict(made.by_hand) == {"filter": "Follow-up is on or before 30 days ago", "kind": "board"}
    assert "filter" not in made.body
    line = View("line", "Line", "timeline", "", ("title",), date_field="started", group_by="project")
    assert dict(view_body(line, table, looks).by_hand) == {"group": "Project"}


@pytest.mark.parametrize(
    ("date_format", "shown"), [("iso", "year_month_day"), ("european", "day_month_year"), ("us", "month_day_year")]
)
def test_dates_look_as_answered(date_format, shown):
    solution = built(full(options=Options(date_format=date_format)))
    step = next(step for step in solution.plan if step.key == "view:all_sessions")
    looks = {str(p["property_id"]): p for p in step.payload["body"]["configuration"]["properties"]}
    assert looks["Started"]["date_format"] == shown
    assert looks["Started"]["time_format"] == ("12_hour" if date_format == "us" else "24_hour")


def test_import_files_are_in_notions_words():
    files = files_of(built(full()))
    rows = list(csv.DictReader(io.StringIO(files["notion/import/chat-sessions.csv"].decode())))
    assert rows[1]["Tags"] == "bug, reference"
    assert [row["Auto-filed"] for row in rows] == ["No", "Yes", "No", "No", "Yes", "No"]
    assert "Days idle" not in rows[0]
    by_hand = files["notion/by-hand.md"].decode()
    assert all(f"`{path}`" in by_hand for path in files if path.startswith("notion/import/"))


# Scripts ------------------------------------------------------------------------------------------------------------
class Fake(BaseHTTPRequestHandler):
    """Answers like the API for one home page with two databases."""

    def _answer(self):
        state = self.server.state
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        assert self.headers["Notion-Version"] == "2026-03-11"
        assert self.headers["Authorization"] == "Bearer secret"
        if state["busy"]:
            state["busy"] -= 1
            self.send_response(429)
            self.send_header("Retry-After", "0")
            self.end_headers()
            return
        state["calls"].append((self.command, self.path, body))
        data = json.dumps(self._data(self.path.split("?")[0], body, state)).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = _answer

    def _data(self, path, body, state):
        parts = path.split("/")
        if path.endswith("/children"):
            return {"results": [{"id": f"db-{n}", "type": "child_database"} for n in state["rows"]], "has_more": False}
        if parts[2] == "databases":
            source = parts[3].removeprefix("db-")
            return {"data_sources": [{"id": source, "name": state["names"][source]}]}
        if path.endswith("/query"):
            return self._query(state["rows"][parts[3]], body)
        return {"properties": state["fields"]} if parts[2] == "data_sources" else {}

    def _query(self, rows, body):
        if body.get("filter", {}).get("property") == "title":
            return {"results": [row for row in rows if row["title"] == body["filter"]["title"]["equals"]]}
        start = int(body.get("start_cursor", 0))
        page = rows[start : start + 2]
        more = start + 2 < len(rows)
        return {"results": page, "has_more": more, "next_cursor": str(start + 2) if more else None}

    def log_message(self, *_):
        pass


@pytest.fixture
def notion():
    server = HTTPServer(("127.0.0.1", 0), Fake)
    server.state = {"busy": 0, "calls": [], "rows": {}, "names": {}, "fields": {}}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def run_script(solution, name, folder, server, *args):
    for file in solution.files:
        if file.path.startswith("scripts/"):
            (folder / file.path.removeprefix("scripts/")).write_bytes(file.data())
    settings_ = {
        **os.environ, "NOTION_TOKEN": "secret",
        "NOTION_PAGE": f"https://www.notion.so/Home-{PAGE.replace('-', '')}?pvs=4",
        "NOTION_URL": f"http://127.0.0.1:{server.server_port}",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, name, *args], cwd=folder, env=settings_, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def row(number, **values):
    return {
        "id": f"row-{number}",
        "title": f"row {number}",
        "created_time": f"2026-01-0{number}T00:00:00Z",
        "properties": values,
    }


def test_backup_saves_every_row(notion, tmp_path):
    notion.state.update(busy=2, names={"a": "Chat Sessions", "b": "=x|../y"}, fields={"Title": {"type": "title"}})
    notion.state["rows"] = {"a": [row(n) for n in range(1, 6)], "b": [row(9)]}
    out = run_script(built(full()), "backup.py", tmp_path, notion, "copy")
    saved = {path.name: json.loads(path.read_text("utf-8")) for path in (tmp_path / "copy").iterdir()}
    assert set(saved) == {"chat-sessions-a.json", "x-y-b.json"}
    assert [page["id"] for page in saved["chat-sessions-a.json"]["pages"]] == [f"row-{n}" for n in range(1, 6)]
    assert saved["x-y-b.json"]["data_source"]["properties"] == {"Title": {"type": "title"}}
    assert "rows saved: 5" in out


def test_archive_changes_only_old_finished_sessions(notion, tmp_path):
    notion.state.update(names={"a": "Chat Sessions"}, rows={"a": [row(1), row(2), row(3)]})
    assert "Sessions to be archived: 3" in run_script(built(full()), "archive.py", tmp_path, notion, "--dry-run")
    assert not [call for call in notion.state["calls"] if call[0] == "PATCH"]
    run_script(built(full()), "archive.py", tmp_path, notion)
    changed = [(path, body) for method, path, body in notion.state["calls"] if method == "PATCH"]
    assert [path for path, _ in changed] == ["/v1/pages/row-1", "/v1/pages/row-2", "/v1/pages/row-3"]
    assert changed[0][1]["properties"]["Status"] == {"select": {"name": "Archived"}}
    asked = next(body for _, path, body in notion.state["calls"] if path.endswith("/query"))
    status, quiet = asked["filter"]["and"][0]["and"]
    assert status == {"property": "Status", "select": {"equals": "Completed"}}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", quiet["date"]["before"])


def text(words):
    return [{"plain_text": words}]


@pytest.mark.parametrize("complexity", ["simple", "moderate"])
def test_rules_fill_empty_fields_only(notion, tmp_path, complexity):
    linked = complexity == "moderate"
    kind = "relation" if linked else "select"
    empty = [] if linked else None
    topic = {"type": kind, kind: empty}
    mine = {"type": kind, kind: [{"id": "mine"}] if linked else {"name": "Mine"}}
    tags = {"type": "multi_select", "multi_select": []}

    def session(number, title, topic):
        return row(number, Title={"type": "title", "title": text(title)}, Topic=topic, Tags=tags)

    notion.state["rows"] = {
        "a": [session(1, "A PYTHON Error", topic), session(2, "python", mine), session(3, "Nothing", topic)],
        "t": [{**row(7), "title": "Coding"}],
    }
    notion.state.update(names={"a": "Chat Sessions", "t": "Topics"})
    notion.state["fields"] = {
        "Topic": {"type": kind, "relation": {"data_source_id": "t"}},
        "Tags": {"type": "multi_select"},
    }
    config = Config(
        platform="notion", priorities=("organization", "automation"), features=("tags",), complexity=complexity
    )
    out = run_script(built(config), "tag.py", tmp_path, notion)
    changed = {path: body["properties"] for method, path, body in notion.state["calls"] if method == "PATCH"}
    assert set(changed) == {"/v1/pages/row-1"}
    wanted = {"relation": [{"id": "row-7"}]} if linked else {"select": {"name": "Coding"}}
    assert changed["/v1/pages/row-1"] == {
        "Topic": wanted, "Tags": {"multi_select": [{"name": "bug"}]}, "Auto-filed": {"checkbox": True},
    }  # fmt: skip
    assert "Sessions filed: 1" in out


def test_scripts_say_what_is_missing(tmp_path):
    solution = built(full())
    for file in solution.files:
        if file.path.startswith("scripts/") and file.path.endswith(".py"):
            path = tmp_path / file.path.removeprefix("scripts/")
            path.write_bytes(file.data())
            clean = {key: value for key, value in os.environ.items() if not key.startswith("NOTION_")}
            done = subprocess.run([sys.executable, str(path)], env=clean, capture_output=True, text=True, check=False)
            assert done.returncode == 1
            assert "NOTION_TOKEN and NOTION_PAGE" in done.stderr
