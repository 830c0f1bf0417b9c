"""A system that stands in Notion while the library knows none: taken over as it stands, and nothing comes twice."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

import pytest

from chatbuilder.paths import locate
from tests.contract.notion_workspace import Workspace
from tests.provision.notion_site import contents
from tests.vendors.clock import FakeTime
from tests.vendors.notion import PARENT, NotionFake, serving

ANSWERS = f"""version = 1
platform = "notion"
priorities = ["organization"]
features = ["projects", "templates"]
[options]
topics = ["Work", "Learning"]
[target]
parent = "{PARENT}"
"""


_numbers = count()


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.toml"
    path.write_text(ANSWERS)
    return path


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch):
    clock = FakeTime()
    fake = NotionFake(limit=None)
    fake.clock = clock.now
    fake.token = f"ntn_lost_{next(_numbers)}"  # the pace is shared by token
    monkeypatch.setattr("chatbuilder.pipeline.outside.RealTime", lambda: clock)
    with serving(fake) as url:
        monkeypatch.setenv("CHATBUILDER_NOTION_URL", url)
        monkeypatch.setenv("NOTION_TOKEN", fake.token)
        yield fake


def lose(site):
    """The library is gone, with its journal and its marks."""
    for file in locate().library.parent.glob("library*"):
        file.unlink()
    site.log.clear()


def writes(site):
    reads = ("/query", "/search")
    return [(verb, path) for verb, path in site.log if verb != "GET" and not path.endswith(reads)]


@pytest.fixture
def apply(run_cli, answers):
    """Apply the answers from the command line: how it went, and the job."""

    def applied():
        done = run_cli("apply", "--answers", answers, "--yes", "--json")
        return done, json.loads(done.out) if done.out else None

    return applied


@pytest.fixture
def drift(run_cli):
    """What verify says of every part that is not as it was built."""

    def drifted(system):
        parts = run_cli("verify", system, "--json").data
        return {part["key"]: part["state"] for part in parts if part["state"] != "same"}

    return drifted


def source(site, title="Chat Sessions"):
    return next(found for found in site.workspace.sources.values() if found.title == title)


def title_of(row):
    found = next(value["title"] for value in row["properties"].values() if "title" in value)
    return "".join(item["text"]["content"] for item in found)


def test_it_is_taken_over_and_nothing_is_sent(site, apply, drift):
    done, job = apply()
    assert done.code == 0, done.err
    before = contents(site.workspace)
    lose(site)
    done, again = apply()
    assert done.code == 0, done.err
    assert writes(site) == []
    assert again["system"] == job["system"]
    assert again["result"]["url"] == job["result"]["url"]
    assert "taken over" in again["result"]["next"][0]
    assert len(again["result"]["next"]) == len(job["result"]["next"]) + 1
    assert contents(site.workspace) == before
    assert drift(job["system"]) == {}
    assert writes(site) == []


@pytest.mark.parametrize(("plan", "left"), [("business", set()), ("free", {"dashboard"})])
def test_a_dashboard_is_found_with_its_widgets(site, answers, apply, drift, plan, left):
    more = ANSWERS.replace('"projects"', '"dashboard", "projects"').replace('"templates"', '"timeline"')
    answers.write_text(more.replace('["organization"]', '["organization", "analytics"]'))
    site.plan = plan
    done, job = apply()
    assert done.code == 0, done.err
    before = contents(site.workspace)
    lose(site)
    done, again = apply()
    assert done.code == 0, done.err
    assert writes(site) == []
    assert contents(site.workspace) == before
    assert {key for key in drift(job["system"]) if not key.startswith("widget:")} == left
    assert not any("Dashboard" in text for text in again["result"]["next"])


def test_what_a_person_made_of_it_stays(site, apply, drift):
    _, job = apply()
    sessions = source(site)
    first, second = sessions.live()[:2]
    title = title_of(second)
    first["properties"]["Title"] = {"title": [{"type": "text", "text": {"content": "My dinners"}}]}
    second["in_trash"] = True
    sessions.properties["State"] = {**sessions.properties.pop("Status"), "name": "State"}
    for row in sessions.rows:
        row["properties"]["State"] = row["properties"].pop("Status")
    view = next(view for view in sessions.views.values() if view["name"] == "By topic")
    view["name"] = "By subject"
    before = contents(site.workspace)
    lose(site)
    done, again = apply()
    assert done.code == 0, done.err
    assert writes(site) == []
    told = again["result"]["next"][1]
    assert "the view By topic" in told
    assert title in told
    assert "Status" not in told
    states = drift(job["system"])
    assert states["view:by_topic"] == "missing"
    assert "edited" in states.values()
    assert apply()[0].code == 0
    assert writes(site) == []
    assert contents(site.workspace) == before


def test_a_part_that_is_gone_stops_it(site, apply):
    apply()
    source(site, "Projects").in_trash = True
    before = contents(site.workspace)
    lose(site)
    done, _ = apply()
    assert done.code == 5
    assert "The database Projects is not below its home page" in done.err
    assert "bring them back" in done.err
    assert writes(site) == []
    assert contents(site.workspace) == before


def test_a_half_built_system_is_finished(site, apply, run_cli):
    _, job = apply()
    whole = contents(site.workspace)
    for calls in (3, 9, 16, 24):
        site.workspace = Workspace()
        site.share("Somewhere", PARENT)
        lose(site)
        site.faults.storm(site.faults.count + calls, 400, "503-before")
        assert apply()[0].code != 0
        site.faults.clear()
        lose(site)
        done, _ = apply()
        if done.code == 5:  # some of the databases are there, and nobody knows why not the others
            assert "is not below its home page" in done.err
            continue
        assert done.code == 0, done.err
        assert run_cli("repair", job["system"]).code == 0
        assert contents(site.workspace) == whole, calls


def test_two_lost_systems_are_told_apart_by_the_person(site, apply):
    apply()
    page = next(page for page in site.workspace.pages.values() if page.title == "Chat Sessions")
    page.title = "Elsewhere"
    lose(site)
    apply()
    page.title = "Chat Sessions"
    lose(site)
    done, _ = apply()
    assert done.code == 5
    assert "Several systems called" in done.err
    assert writes(site) == []
