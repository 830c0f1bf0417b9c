"""A graph on disk: a new one, one of years, killed and resumed runs, and taking it down again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chatbuilder import catalog
from chatbuilder.config import Config, Options
from chatbuilder.design import design
from chatbuilder.errors import InputError
from chatbuilder.generators.logseq import generate
from chatbuilder.provision.base import Result
from chatbuilder.provision.logseq import open_target
from chatbuilder.solution import Plan, Step


def plan_of(**answers: Any) -> Plan:
    everything = {
        "platform": "logseq", "priorities": tuple(key for key in catalog.PRIORITIES if key != "simplicity"),
        "features": tuple(catalog.FEATURES), "team_size": "large", "complexity": "advanced",
    }  # fmt: skip
    config = Config(**{**everything, **answers})
    return generate(config, design(config)).plan


def apply(plan: Plan, folder: Path, known: dict[str, Result] | None = None) -> dict[str, Result]:
    """Deliver a plan as the runner does, and return the results by step key."""
    provisioner = open_target(folder)
    known = known or {}
    provisioner.preflight(plan, known)
    results = {step.key: provisioner.deliver(step, step.payload, known.get(step.key)) for step in plan}
    provisioner.close()
    return results


def tree(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text("utf-8") for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def old_graph(tmp_path: Path) -> Path:
    """A graph of years, with settings of the person's own."""
    folder = tmp_path / "Years"
    for path, text in {
        "logseq/config.edn": "{:meta/version 1\n ;; :file/name-format :triple-lowbar\n :favorites []}\n",
        "pages/Book.md": "type:: Book\n\n- read it\n", "pages/Ideen___2024.md": "- x\n",
        "journals/2026_01_05.md": "- [[Book]]\n", "assets/a.png": "png",
    }.items():  # fmt: skip
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    return folder


def test_a_new_graph_is_exactly_what_the_plan_shows(tmp_path):
    plan = plan_of()
    apply(plan, tmp_path / "New")
    shown = {step.payload["path"]: step.payload["text"] for step in plan if step.kind == "file"}
    assert tree(tmp_path / "New") == shown
    assert (tmp_path / "New/journals").is_dir()


def test_an_existing_graph_keeps_every_file_of_its_own(old_graph):
    before = tree(old_graph)
    results = apply(plan_of(), old_graph)
    after = tree(old_graph)
    assert {path: after[path] for path in before} == before
    assert "kept" in results["config"]
    assert [key for key, result in results.items() if "kept" in result] == ["config"]
    assert all(path.startswith("pages/Chat Sessions") for path in set(after) - set(before))


def test_preflight_says_how_an_existing_graph_goes_together_with_it(old_graph, tmp_path):
    found = open_target(old_graph).preflight(plan_of(), {})
    assert found.exists
    text = "\n".join(found.notes)
    for words in ("existing graph", "logseq/config.edn is yours", "Close Logseq", "older way"):
        assert words in text
    (old_graph / "logseq/config.edn").write_text("{:file/name-format :triple-lowbar}\n", "utf-8")
    assert "older way" not in "\n".join(open_target(old_graph).preflight(plan_of(), {}).notes)
    fresh = open_target(tmp_path / "New").preflight(plan_of(), {})
    assert (fresh.exists, fresh.notes) == (False, ())


@pytest.mark.parametrize(
    "clash",
    ["pages/Chat Sessions.md", "pages/chat sessions.md", "pages/Chat Sessions.org", "pages/Chat Sessions%2FGuide.md"],
)
def test_a_page_of_the_same_name_stops_it_before_anything_is_written(old_graph, clash):
    (old_graph / clash).write_text("- mine\n", "utf-8")
    before = tree(old_graph)
    with pytest.raises(InputError) as caught:
        apply(plan_of(), old_graph)
    assert any(clash in problem for problem in caught.value.problems)
    assert caught.value.hint
    assert tree(old_graph) == before


def test_delivering_again_changes_nothing(old_graph):
    plan = plan_of()
    results = apply(plan, old_graph)
    before = tree(old_graph)
    again = apply(plan, old_graph, results)
    assert tree(old_graph) == before
    assert again["config"]["kept"]
    assert {key: result["path"] for key, result in again.items()} == {key: r["path"] for key, r in results.items()}


def test_other_answers_update_what_was_not_touched_and_keep_what_was(tmp_path):
    folder = tmp_path / "New"
    results = apply(plan_of(features=("tags",)), folder)
    home = folder / str(results["home"]["path"])
    view = folder / str(results["view:untagged"]["path"])
    view.write_text("- my own query\n", "utf-8")
    old = home.read_text("utf-8")
    newer = apply(plan_of(features=("tags", "dashboard")), folder, results)
    assert home.read_text("utf-8") != old
    assert view.read_text("utf-8") == "- my own query\n"
    assert newer["view:untagged"]["kept"] == "you changed it"


def test_a_crash_after_a_page_was_written_is_found(tmp_path):
    plan = plan_of()
    folder = tmp_path / "New"
    apply(plan, folder)
    provisioner = open_target(folder)
    step = next(step for step in plan if step.key == "guide")
    assert provisioner.look_up(step, step.payload)["path"] == step.payload["path"]
    (folder / str(step.payload["path"])).unlink()
    assert provisioner.look_up(step, step.payload) is None


def test_inspect_minds_pages_but_not_settings_that_were_kept(old_graph):
    plan = plan_of()
    results = apply(plan, old_graph)
    provisioner = open_target(old_graph)
    steps = {step.key: step for step in plan}

    def state(key: str) -> str:
        return provisioner.inspect(steps[key], steps[key].payload, results[key])

    assert {state(step.key) for step in plan} == {"same"}
    (old_graph / "logseq/config.edn").write_text('{:favorites ["x"]}', "utf-8")
    assert state("config") == "same"
    (old_graph / str(results["home"]["path"])).write_text("- mine", "utf-8")
    assert state("home") == "edited"
    (old_graph / str(results["guide"]["path"])).unlink()
    assert state("guide") == "missing"


def test_taking_it_down_leaves_the_graph_as_it_was(old_graph):
    before = tree(old_graph)
    plan = plan_of()
    results = apply(plan, old_graph)
    provisioner = open_target(old_graph)
    for step in reversed(plan.steps):
        provisioner.remove(step, step.payload, results[step.key])
    assert tree(old_graph) == before
    assert (old_graph / "journals").is_dir()


def test_taking_a_new_graph_down_keeps_what_the_person_wrote(tmp_path):
    folder = tmp_path / "New"
    plan = plan_of()
    results = apply(plan, folder)
    mine = folder / "journals/2026_11_22.md"
    mine.write_text("- a day\n", "utf-8")
    changed = folder / str(results["guide"]["path"])
    changed.write_text("- changed\n", "utf-8")
    provisioner = open_target(folder)
    for step in reversed(plan.steps):
        provisioner.remove(step, step.payload, results[step.key])
    assert set(tree(folder)) == {"journals/2026_11_22.md", changed.relative_to(folder).as_posix()}


def test_two_systems_live_side_by_side(tmp_path):
    folder = tmp_path / "New"
    one = apply(plan_of(name="Work chats"), folder)
    two = apply(plan_of(name="Home chats"), folder)
    assert "kept" not in one["config"]
    assert "kept" in two["config"]
    assert {r["path"] for r in one.values()} & {r["path"] for r in two.values()} == {
        "pages", "journals", "logseq", "logseq/config.edn",
    }  # fmt: skip


def test_places_that_cannot_be_a_graph_are_refused_with_a_hint(old_graph, tmp_path):
    with pytest.raises(InputError) as inside:
        open_target(old_graph / "pages")
    assert str(old_graph) in inside.value.hint
    newer = tmp_path / "Two"
    newer.mkdir()
    (newer / "db.sqlite").write_bytes(b"SQLite format 3\0")
    with pytest.raises(InputError) as database:
        open_target(newer)
    assert "File to DB graph" in database.value.hint


def test_links_open_the_home_page_of_the_graph(tmp_path):
    folder = tmp_path / "My Graph"
    results = apply(plan_of(name="Über & Co 🗂️"), folder)
    links = open_target(folder).links(results)
    assert links.url == "logseq://graph/My%20Graph?page=%C3%9Cber%20%26%20Co%20%F0%9F%97%82%EF%B8%8F"
    assert links.place == str(folder)
    assert "Add new graph" in links.next[0]
    assert "Über & Co 🗂️" in links.next[-1]


@pytest.mark.parametrize("name", ["CON", "a/b", "../x y", "back\\slash", "x" * 100, "🚀" * 40, "محادثات"])
def test_awkward_names_stay_inside_the_folder(tmp_path, name):
    name = name.replace("../", "")
    folder = tmp_path / "New"
    apply(plan_of(name=name, options=Options(topics=("a/b", "..", "CON", "x" * 100))), folder)
    assert {path.name for path in tmp_path.iterdir()} <= {"New", "home"}
    assert all(path.startswith(("pages/", "logseq/")) for path in tree(folder))


def test_a_settings_step_without_settings_there_is_an_ordinary_file(tmp_path):
    step = Step("config", "Settings", "file", {"path": "logseq/config.edn", "text": "{}\n", "if_absent": True})
    folder = tmp_path / "New"
    results = apply(Plan((step,)), folder)
    assert results["config"]["created"]
    assert tree(folder) == {"logseq/config.edn": "{}\n"}
