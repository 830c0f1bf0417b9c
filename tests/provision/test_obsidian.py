"""A real vault: a new one, and one of years that must come out as it went in."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings

from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.errors import InputError
from chatbuilder.generators.obsidian import generate
from chatbuilder.provision.obsidian import open_target
from chatbuilder.solution import Solution
from tests.strategies import configs

YEARS = {
    "Daily/2019-05-01.md": "An old day, with [[Ideas]].\n",
    "Ideas.md": "---\nstatus:\n  - growing\n---\nMine.\n",
    "Templates/Mine.md": "{{title}}\n",
    ".obsidian/app.json": '{\n  "showLineNumber": true\n}',
    ".obsidian/core-plugins.json": '{\n  "bases": false,\n  "graph": false\n}',
    ".obsidian/types.json": '{\n  "types": {\n    "status": "multitext",\n    "aliases": "aliases"\n  }\n}',
    ".obsidian/templates.json": '{"folder":"Templates"}',
    ".obsidian/bookmarks.json": json.dumps({"items": [{"type": "file", "path": "Ideas.md"}]}, indent="\t"),
    ".obsidian/workspace.json": '{"main": {}}',
}


def solution(**answers: Any) -> Solution:
    given_answers: dict[str, Any] = {
        "priorities": ("organization", "search"), "features": ("tags", "projects"), "platform": "obsidian",
    }  # fmt: skip
    config = Config(**{**given_answers, **answers})
    return generate(config, design(config))


def deliver(root: Path, built: Solution, results: dict[str, Any] | None = None) -> dict[str, Any]:
    results = dict(results or {})
    provisioner = open_target(root)
    provisioner.preflight(built.plan, results)
    for step in built.plan:
        results[step.key] = json.loads(json.dumps(provisioner.deliver(step, step.payload, results.get(step.key))))
    provisioner.close()
    return results


def take_down(root: Path, built: Solution, results: dict[str, Any]) -> dict[str, Any]:
    provisioner = open_target(root)
    return {s.key: provisioner.remove(s, s.payload, results[s.key]) for s in reversed(built.plan.steps)}


def tree(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.fixture
def years(tmp_path):
    root = tmp_path / "Vault of years"
    for path, text in YEARS.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8", newline="\n")
    return root


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs("obsidian"))
def test_a_new_vault_is_the_exported_one_and_goes_without_a_trace(tmp_path_factory, config):
    root = tmp_path_factory.mktemp("vaults") / "New"
    built = generate(config, design(config))
    results = deliver(root, built)
    exported = {f.path.removeprefix("vault/"): f.data() for f in built.files if f.path.startswith("vault/")}
    assert tree(root) == exported
    provisioner = open_target(root)
    assert {provisioner.inspect(s, s.payload, results[s.key]) for s in built.plan} == {"same"}
    assert all(removal.removed for removal in take_down(root, built, results).values())
    assert not root.exists()


def test_into_a_vault_of_years_and_out_again(years):
    before = tree(years)
    built = solution()
    found = open_target(years).preflight(built.plan, {})
    assert {text.partition(":")[0] for text in found.merges} == {
        f".obsidian/{name}.json" for name in ("app", "core-plugins", "types", "bookmarks")
    }
    notes = "\n".join(found.notes)
    for words in (
        "existing vault",
        "Close Obsidian",
        "status is of type multitext",
        "bases",
        "template folder stays Templates",
    ):
        assert words in notes
    results = deliver(years, built)
    after = tree(years)
    own = {path for path in YEARS if not path.startswith(".obsidian/")} | {
        ".obsidian/workspace.json",
        ".obsidian/templates.json",
    }
    assert {path: after[path] for path in own} == {path: before[path] for path in own}
    assert {path.partition("/")[0] for path in set(after) - set(before)} == {"Chat Sessions"}
    plugins = json.loads(after[".obsidian/core-plugins.json"])
    assert (plugins["bases"], plugins["graph"], plugins["templates"]) == (False, False, True)
    types = json.loads(after[".obsidian/types.json"])["types"]
    assert (types["status"], types["aliases"], types["last_activity"]) == ("multitext", "aliases", "datetime")
    assert [item["type"] for item in json.loads(after[".obsidian/bookmarks.json"])["items"]] == ["file", "group"]
    take_down(years, built, results)
    assert tree(years) == before


def test_what_they_wrote_since_stays_when_it_is_taken_down(years):
    built = solution()
    results = deliver(years, built)
    mine = years / "Chat Sessions" / "Sessions" / "My chat.md"
    mine.write_text("---\nstatus: Active\n---\n")
    edited = years / "Chat Sessions" / "Home.md"
    edited.write_text("my own start page")
    removed = take_down(years, built, results)
    assert (mine.exists(), edited.read_text()) == (True, "my own start page")
    assert not removed["file:Home.md"].removed
    assert not removed["folder:Sessions"].removed
    assert removed["folder:Bases"].removed


def test_other_answers_update_what_is_untouched(years):
    results = deliver(years, solution())
    home = years / "Chat Sessions" / "Home.md"
    home.write_text("mine")
    built = solution(features=("tags", "projects", "reminders"))
    results = deliver(years, built, results)
    assert "kept" in results["file:Home.md"]
    assert "Needs follow-up" in (years / "Chat Sessions/Bases/Chat Sessions.base").read_text("utf-8")
    types = json.loads((years / ".obsidian/types.json").read_text())["types"]
    assert types["follow_up"] == "date"
    bookmarks = json.loads((years / ".obsidian/bookmarks.json").read_text())["items"]
    assert [item["type"] for item in bookmarks] == ["file", "group"]


def test_a_note_of_theirs_in_the_way_is_named(years):
    (years / "Chat Sessions").mkdir()
    (years / "Chat Sessions" / "Home.md").write_text("mine")
    with pytest.raises(InputError) as caught:
        open_target(years).preflight(solution().plan, {})
    assert "Chat Sessions/Home.md" in "\n".join(caught.value.lines())


def test_no_system_inside_the_settings(years):
    with pytest.raises(InputError, match=r"inside \.obsidian"):
        open_target(years / ".obsidian" / "here")


def test_a_folder_inside_a_vault_is_told(years):
    notes = open_target(years / "Daily" / "Chats").preflight(solution().plan, {}).notes
    assert any(str(years) in note for note in notes)


def test_old_list_of_core_plugins_stays(years):
    old = '["bases", "graph"]'
    (years / ".obsidian/core-plugins.json").write_text(old)
    built = solution()
    assert any("core-plugins.json" in note for note in open_target(years).preflight(built.plan, {}).notes)
    results = deliver(years, built)
    take_down(years, built, results)
    assert (years / ".obsidian/core-plugins.json").read_text() == old


@pytest.mark.parametrize("name", ["Chats", "Ünï & co #1", "محادثات"])
def test_the_link_opens_the_start_page(tmp_path, name):
    root = tmp_path / "a vault & more"
    built = solution(name=name)
    results = deliver(root, built)
    links = open_target(root).links(results)
    parts = urlsplit(links.url)
    assert (parts.scheme, parts.netloc) == ("obsidian", "open")
    opened = Path(parse_qs(parts.query, strict_parsing=True)["path"][0])
    assert opened == root.resolve() / built.notes["folder"] / "Home.md"
    assert opened.is_file()
    assert links.place == str(root.resolve())
    assert "Open folder as vault" in links.next[0]


@pytest.mark.skipif(os.name == "nt", reason="symbolic links")
def test_settings_that_live_elsewhere_are_left_alone(years, tmp_path):
    shared = tmp_path / "shared"
    (years / ".obsidian").rename(shared)
    (years / ".obsidian").symlink_to(shared)
    before = tree(shared)
    with pytest.raises(InputError) as caught:
        open_target(years).preflight(solution().plan, {})
    assert "leads out of the folder" in "\n".join(caught.value.lines())
    assert tree(shared) == before
