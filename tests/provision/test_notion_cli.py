"""The whole way from the command line to Notion, in processes of their own, with real kills."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from chatbuilder.config import Config
from tests.helpers import run, start
from tests.provision.notion_site import contents, wanted
from tests.vendors.notion import PARENT, NotionFake, serving

CONFIG = Config(platform="notion", priorities=("organization",), features=("projects",), target={"parent": PARENT})
ANSWERS = f"""version = 1
platform = "notion"
priorities = ["organization"]
features = ["projects"]
[target]
parent = "{PARENT}"
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is a POSIX thing")


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.toml"
    path.write_text(ANSWERS)
    return path


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch):
    """A fake Notion on loopback that the environment leads to; its limit is off, as every process counts anew."""
    fake = NotionFake(limit=None)
    with serving(fake) as url:
        monkeypatch.setenv("CHATBUILDER_NOTION_URL", url)
        monkeypatch.setenv("NOTION_TOKEN", fake.token)
        yield fake


def creates(fake: NotionFake) -> int:
    return sum(verb == "POST" and not path.endswith(("/query", "/search")) for verb, path in fake.log)


def test_build_verify_repair_change_and_take_down(site, answers):
    built = run("apply", "--answers", answers, "--yes", "--json")
    assert built.code == 0, built.err
    job = built.data
    assert job["status"] == "completed"
    assert job["result"]["url"].startswith("https://www.notion.so/")
    assert contents(site.workspace) == wanted(CONFIG)
    made = creates(site)
    assert run("apply", "--answers", answers, "--yes").code == 0
    assert creates(site) == made

    system = job["system"]
    assert run("verify", system).code == 0
    source = next(s for s in site.workspace.sources.values() if s.title == "Chat Sessions")
    del source.views[next(key for key, view in source.views.items() if view["name"] == "By topic")]
    assert run("verify", system).code == 6
    assert run("repair", system).code == 0
    assert run("verify", system).code == 0

    answers.write_text(ANSWERS.replace('["projects"]', '["projects", "tags"]'))
    changed = run("apply", "--answers", answers, "--yes")
    assert changed.code == 0, changed.err
    assert "Tags" in source.properties

    assert run("destroy", system, "--yes").code == 0
    assert all(site.workspace.trashed(s.database) for s in site.workspace.sources.values())


@posix
@pytest.mark.parametrize(("index", "after"), [(3, True), (6, False), (20, True)])
def test_kill_9_leaves_everything_once(index, after, site, answers, monkeypatch):
    real, victim = site.answer, []

    def killing(*call):
        number = site.faults.count
        if number == index and not after:
            os.kill(victim[0].pid, signal.SIGKILL)
        reply = real(*call)
        if number == index and after:
            os.kill(victim[0].pid, signal.SIGKILL)
        return reply

    with monkeypatch.context() as patch:
        patch.setattr(site, "answer", killing)
        victim.append(start("apply", "--answers", answers, "--yes"))
        victim[0].communicate(timeout=60)
        assert victim[0].returncode == -signal.SIGKILL
    again = run("apply", "--answers", answers, "--yes", "--json")
    assert again.code == 0, again.err
    assert contents(site.workspace) == wanted(CONFIG)


def test_a_page_that_is_not_shared_stops_with_exit_code_4(site, answers):
    site.kind = "internal"
    site.shared.clear()
    done = run("apply", "--answers", answers, "--yes")
    assert done.code == 4
    assert "Connections" in done.err
    assert creates(site) == 0
    assert site.token not in done.out + done.err


def test_the_token_is_in_no_file(site, answers, home):
    assert run("apply", "--answers", answers, "--yes").code == 0
    files = [path for path in home.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if site.token.encode() in path.read_bytes()]


def test_token_check_says_who(site, answers):
    done = run("token", "check", "notion", "--json")
    assert done.code == 0, done.err
    assert "Sam Doe" in json.dumps(done.data)
