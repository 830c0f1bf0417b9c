"""The use-cases over a platform in memory: build, interrupt, verify, repair, take down, and what is on record."""

import contextlib
import json

import pytest

from chatbuilder import pipeline
from chatbuilder.blueprint import Blueprint
from chatbuilder.design import design
from chatbuilder.errors import CredentialsError, ExitCode, InputError, PartlyDoneError, RefusedError
from chatbuilder.library import Journal, Library
from chatbuilder.paths import locate
from chatbuilder.pipeline import evolving, provisioning, tidying, upkeep
from chatbuilder.solution import Document, ManualStep, Solution
from tests.fakes import Crash, MemoryProvisioner, World, crash, plan_of, refusal
from tests.helpers import config

PLAN = plan_of(a="one", b="two", c="three")
BY_HAND = ManualStep("m", "Make a chart", "it cannot be made from outside", ("Click.",))


class Machine:
    """The pipeline with a platform in memory in place of the real ones."""

    def __init__(self, monkeypatch, tmp_path):
        self.world = World()
        self.plan = PLAN
        self.opened = []
        self.refuse = {}
        self.answers = config("obsidian", "search", target={"path": str(tmp_path / "vault")})
        for module in (provisioning, upkeep, tidying):
            monkeypatch.setattr(module, "open_provisioner", self.open)
        for module in (provisioning, upkeep, tidying, evolving):
            monkeypatch.setattr(module, "build", self.build)

    def open(self, answers, desk=None):
        provisioner = MemoryProvisioner(self.world)
        provisioner.refuse = self.refuse
        self.opened.append(provisioner)
        return provisioner

    def build(self, answers) -> Solution:
        blueprint: Blueprint = design(answers)
        return Solution("obsidian", blueprint, Document("guide", "Guide", ""), (), (), self.plan, (BY_HAND,))

    def apply(self, cancelled=lambda: False, on_event=lambda event: None, answers=None):
        return pipeline.apply(answers or self.answers, on_event=on_event, cancelled=cancelled)

    def repair(self, system):
        return pipeline.repair(system, on_event=lambda event: None, cancelled=lambda: False)


@pytest.fixture
def machine(monkeypatch, tmp_path):
    return Machine(monkeypatch, tmp_path)


def states(system):
    return {drift.key: drift.state for drift in pipeline.verify(system)}


# building


def test_a_built_system_is_on_record(machine):
    job = machine.apply()
    assert job.status == "completed"
    assert (job.platform, job.error) == ("obsidian", None)
    assert job.started <= job.finished
    assert job.result == {
        "steps": 3, "of": 3, "kept": [], "url": "memory://x", "place": "memory", "next": ["Look at it."],
        "by_hand": ["Make a chart"],
    }  # fmt: skip
    (system,) = pipeline.systems()
    assert (system.id, system.status, system.url, system.place) == (job.system, "ready", "memory://x", "memory")
    assert pipeline.jobs() == [job]
    assert [entry["action"] for entry in pipeline.audit_entries()] == ["apply"]
    assert machine.opened[-1].closed


def test_a_job_is_plain_json(machine):
    data = machine.apply().data()
    assert json.loads(json.dumps(data)) == data
    assert list(data) == ["id", "system", "platform", "status", "started", "finished", "result", "error"]


def test_before_anything_is_built_there_is_nothing(home):
    assert pipeline.systems() == []
    assert pipeline.jobs() == []
    assert pipeline.audit_entries() == []
    assert not home.exists()


def test_progress_reaches_the_caller(machine):
    events = []
    machine.apply(on_event=events.append)
    assert [type(event).__name__ for event in events] == ["StepStarted", "StepDone"] * 3


@pytest.mark.parametrize(
    "name", ["deliver", "look_up", "intent", "done", "start_job", "finish_job", "save_system", "set_system"]
)
@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("after", [False, True])
def test_applying_again_after_a_crash_completes(machine, monkeypatch, name, index, after):
    owner = next(kind for kind in (MemoryProvisioner, Journal, Library) if hasattr(kind, name))
    with crash(monkeypatch, owner, name, index, after=after), contextlib.suppress(Crash):
        machine.apply()
    assert machine.apply().status == "completed"
    assert machine.world.content() == {"a": "one", "b": "two", "c": "three"}
    assert machine.world.created == ["a", "b", "c"]
    (system,) = pipeline.systems()
    assert system.status == "ready"
    assert {job.status for job in pipeline.jobs()} <= {"completed", "failed"}


def test_a_refusal_is_in_the_job(machine):
    machine.refuse = {"c": refusal()}
    job = machine.apply()
    assert job.status == "failed"
    assert job.error == {
        "title": "Refused", "message": "No.", "problems": [], "kept": "", "hint": "ask again.",
        "exit_code": int(ExitCode.PARTLY),
    }  # fmt: skip
    assert job.result == {"steps": 2, "of": 3, "kept": []}
    (system,) = pipeline.systems()
    assert system.status == "building"


def test_cancelling_keeps_what_is_done(machine):
    job = machine.apply(cancelled=lambda: len(machine.world.created) == 1)
    assert (job.status, job.result["steps"], job.error) == ("cancelled", 1, None)
    assert machine.apply().result["steps"] == 3


def test_a_second_ctrl_c_is_a_cancelled_job_not_a_defect(machine):
    def impatient(event):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        machine.apply(on_event=impatient)
    (job,) = pipeline.jobs()
    assert (job.status, job.error) == ("cancelled", None)


def test_a_defect_is_on_record_without_its_values(machine):
    machine.refuse = {"b": ValueError("secret-1")}
    with pytest.raises(ValueError, match="secret-1"):
        machine.apply()
    (job,) = pipeline.jobs()
    assert (job.status, job.error["title"], job.error["message"]) == ("failed", "Defect", "ValueError")
    assert job.error["exit_code"] == ExitCode.DEFECT
    assert "secret" not in json.dumps(job.data())


def test_when_it_cannot_start_nothing_is_on_record(machine, monkeypatch):
    def clash(self, plan, known):
        raise InputError("In the way.", problems=["x is yours"], kept="everything.", hint="move it.")

    monkeypatch.setattr(MemoryProvisioner, "preflight", clash)
    with pytest.raises(InputError, match="In the way"):
        machine.apply()
    assert pipeline.systems() == []
    assert pipeline.jobs() == []
    report = pipeline.inspect_target(machine.answers)
    assert (report.ready, report.problems) == (False, ("In the way.", "x is yours", "move it."))


def test_a_target_that_cannot_be_looked_at_is_told(machine, monkeypatch):
    def denied(self, plan, known):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(MemoryProvisioner, "preflight", denied)
    with pytest.raises(InputError, match=r"vault cannot be used: Permission denied") as caught:
        machine.apply()
    assert caught.value.kept
    assert caught.value.hint
    assert "Permission denied" in pipeline.inspect_target(machine.answers).problems[0]


def test_looking_changes_nothing(machine, home):
    report = pipeline.inspect_target(machine.answers)
    assert (report.place, report.ready, report.exists, report.problems) == ("memory", True, False, ())
    assert report.credentials == "no token needed"
    assert not home.exists()
    machine.apply()
    assert pipeline.inspect_target(machine.answers).exists


def test_looking_after_a_crash_knows_what_was_begun(machine, monkeypatch):
    """Otherwise our own file, written and not yet confirmed, would stand in our way once the answers change."""
    with crash(monkeypatch, MemoryProvisioner, "deliver", 1, after=True), pytest.raises(Crash):
        machine.apply()
    machine.plan = plan_of(a="one", b="TWO", c="three")
    machine.world.calls.clear()
    assert pipeline.inspect_target(machine.answers).ready
    assert machine.apply().status == "completed"
    looks = [call for call in machine.world.calls if call.startswith("preflight")]
    assert looks == ["preflight ['a', 'b']"] * 2
    assert machine.world.created == ["a", "b", "c"]


def test_one_process_at_a_time_works_on_a_system(machine):
    seen = []

    def second(event):
        with pytest.raises(InputError, match="Another chatbuilder is working on this system") as caught:
            machine.apply()
        seen.append(caught.value.hint)

    machine.apply(on_event=second)
    assert set(seen) == {"wait until it has finished."}
    assert machine.world.created == ["a", "b", "c"]


def test_a_home_that_cannot_be_made_stops_it_before_anything(machine, home):
    home.touch()
    with pytest.raises(InputError, match="cannot keep its own files"):
        machine.apply()
    assert machine.world.created == []


@pytest.mark.parametrize("platform", ["notion", "airtable", "sheets"])
def test_platforms_with_an_api_say_what_to_do_instead(platform):
    with pytest.raises((RefusedError, CredentialsError, InputError)) as caught:
        pipeline.apply(config(platform), on_event=lambda event: None, cancelled=lambda: False)
    assert caught.value.hint
    assert pipeline.systems() == []
    assert not pipeline.inspect_target(config(platform)).ready


# other answers


def test_other_answers_update_the_same_system(machine):
    first = machine.apply()
    machine.plan = plan_of(a="one", b="TWO", c="three", d="four")
    machine.world.edit("c", "mine")
    second = machine.apply()
    assert second.system == first.system
    assert machine.world.content() == {"a": "one", "b": "TWO", "c": "mine", "d": "four"}
    machine.plan = plan_of(a="one", b="TWO", c="other", d="four")
    assert machine.apply().result["kept"] == ["Make c: you changed it"]
    assert states(first.system)["c"] == "yours"


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("updating", [False, True])
def test_what_was_begun_and_is_no_longer_wanted_is_not_to_come(machine, monkeypatch, after, updating):
    """The step in doubt is gone from the new plan: it is neither "not finished" for ever nor forgotten by destroy."""
    if updating:
        machine.apply()
        machine.plan = plan_of(a="one", b="TWO", c="three")
    index = 0 if updating else 1
    with crash(monkeypatch, MemoryProvisioner, "deliver", index, after=after), pytest.raises(Crash):
        machine.apply()
    machine.plan = plan_of(a="one", c="three")
    system = machine.apply().system
    assert set(states(system).values()) == {"same"}
    assert machine.repair(system).result["of"] == 0
    pipeline.destroy(system)
    assert machine.world.things == {}


# verify and repair


def test_verify_tells_same_edited_and_missing(machine):
    system = machine.apply().system
    assert states(system) == {"a": "same", "b": "same", "c": "same"}
    machine.world.edit("a", "mine")
    machine.world.lose("b")
    assert states(system) == {"a": "edited", "b": "missing", "c": "same"}
    assert states(system[:12]) == states(system)


def test_verify_tells_what_is_not_finished(machine):
    machine.refuse = {"b": refusal()}
    system = machine.apply().system
    assert states(system) == {"a": "same", "b": "not finished", "c": "not finished"}


def test_repair_puts_back_what_is_missing_and_touches_nothing_else(machine):
    system = machine.apply().system
    machine.world.edit("a", "mine")
    machine.world.lose("b")
    machine.world.calls.clear()
    job = machine.repair(system)
    assert job.status == "completed"
    assert [call for call in machine.world.calls if call.startswith("deliver")] == ["deliver b"]
    assert machine.world.content() == {"a": "mine", "b": "two", "c": "three"}
    assert states(system) == {"a": "edited", "b": "same", "c": "same"}
    assert [entry["action"] for entry in pipeline.audit_entries()] == ["apply", "repair"]


def test_what_hangs_on_a_repaired_thing_hangs_on_the_new_one(machine):
    system = machine.apply().system
    machine.world.lose("b")
    machine.world.lose("c")
    machine.repair(system)
    world = machine.world
    assert world.things[world.id_of("c")]["parent"] == world.id_of("b")


def test_repairing_what_is_whole_does_nothing(machine):
    system = machine.apply().system
    machine.world.calls.clear()
    job = machine.repair(system)
    assert (job.status, job.result["of"], machine.world.calls) == ("completed", 0, [])
    assert pipeline.systems()[0].status == "ready"


def test_repair_finishes_an_interrupted_build(machine):
    system = machine.apply(cancelled=lambda: len(machine.world.created) == 1).system
    assert machine.repair(system).status == "completed"
    assert machine.world.created == ["a", "b", "c"]
    assert pipeline.systems()[0].status == "ready"


@pytest.mark.parametrize("index", range(2))
@pytest.mark.parametrize("name", ["failed", "intent", "done"])
def test_repairing_again_after_a_crash_completes(machine, monkeypatch, index, name):
    system = machine.apply().system
    machine.world.lose("b")
    machine.world.lose("c")
    with crash(monkeypatch, Journal, name, index, after=True), pytest.raises(Crash):
        machine.repair(system)
    assert machine.repair(system).status == "completed"
    assert machine.world.content() == {"a": "one", "b": "two", "c": "three"}
    assert sorted(machine.world.created) == ["a", "b", "b", "c", "c"]


def test_repaired_steps_keep_their_place_in_the_order(machine):
    system = machine.apply().system
    machine.world.lose("c")
    machine.repair(system)
    machine.world.calls.clear()
    pipeline.destroy(system)
    assert machine.world.calls == ["remove c", "remove b", "remove a"]


@pytest.mark.parametrize("use", [pipeline.verify, pipeline.destroy])
def test_unknown_systems(machine, use):
    with pytest.raises(InputError, match="There is no system 'x'") as caught:
        use("x")
    assert caught.value.hint
    assert caught.value.kept


# destroy


def test_destroy_removes_all_in_reverse(machine):
    system = machine.apply().system
    machine.world.calls.clear()
    taken = pipeline.destroy(system)
    assert [(item.title, item.removed) for item in taken] == [("Make c", True), ("Make b", True), ("Make a", True)]
    assert machine.world.things == {}
    assert pipeline.systems() == []
    entry = pipeline.audit_entries()[-1]
    assert (entry["action"], entry["removed"], entry["kept"], entry["failed"]) == ("destroy", 3, 0, 0)
    with pytest.raises(InputError):
        pipeline.destroy(system)


def test_destroy_keeps_what_the_person_changed(machine):
    system = machine.apply().system
    machine.world.edit("b", "mine")
    taken = {item.title: item for item in pipeline.destroy(system)}
    assert (taken["Make b"].removed, taken["Make b"].why) == (False, "you changed it")
    assert machine.world.content() == {"b": "mine"}


def test_destroy_leaves_what_was_kept_as_theirs(machine):
    machine.apply()
    machine.world.edit("b", "mine")
    machine.plan = plan_of(a="one", b="TWO", c="three")
    system = machine.apply().system
    taken = {item.title: item for item in pipeline.destroy(system)}
    assert (taken["Make b"].removed, taken["Make b"].why) == (False, "it is yours")
    assert machine.world.content() == {"b": "mine"}


@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("owner", "name"), [(MemoryProvisioner, "remove"), (Journal, "removed")])
def test_destroying_again_after_a_crash_completes(machine, monkeypatch, owner, name, index, after):
    system = machine.apply().system
    with crash(monkeypatch, owner, name, index, after=after), pytest.raises(Crash):
        pipeline.destroy(system)
    assert [info.id for info in pipeline.systems()] == [system]
    pipeline.destroy(system)
    assert machine.world.things == {}
    assert pipeline.systems() == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("index", range(3))
def test_destroy_takes_down_a_half_built_system(machine, monkeypatch, index, after):
    with crash(monkeypatch, MemoryProvisioner, "deliver", index, after=after), pytest.raises(Crash):
        machine.apply()
    pipeline.destroy(pipeline.systems()[0].id)
    assert machine.world.things == {}


@pytest.mark.parametrize("after", [False, True])
def test_destroy_takes_down_a_half_updated_system(machine, monkeypatch, after):
    system = machine.apply().system
    machine.plan = plan_of(a="ONE", b="two", c="three")
    with crash(monkeypatch, MemoryProvisioner, "deliver", 0, after=after), pytest.raises(Crash):
        machine.apply()
    assert states(system)["a"] == "not finished"
    pipeline.destroy(system)
    assert machine.world.things == {}


@pytest.mark.parametrize("error", [refusal(), OSError(13, "Permission denied")])
def test_what_cannot_be_removed_is_told_and_tried_again(machine, error):
    system = machine.apply().system
    machine.refuse = {"b": error}
    with pytest.raises(PartlyDoneError) as caught:
        pipeline.destroy(system)
    assert caught.value.exit_code == ExitCode.PARTLY
    assert caught.value.problems == ("Make b: No." if isinstance(error, RefusedError) else "Make b: Permission denied",)
    assert "run destroy again" in caught.value.hint
    assert machine.world.content() == {"b": "two"}
    machine.refuse = {}
    pipeline.destroy(system)
    assert machine.world.things == {}


def test_a_destroyed_system_can_be_built_again(machine):
    system = machine.apply().system
    pipeline.destroy(system)
    assert machine.apply().system == system
    assert machine.world.content() == {"a": "one", "b": "two", "c": "three"}


def test_answers_this_version_no_longer_accepts_are_told(machine):
    system = machine.apply().system
    with Library(locate().library) as library:
        library.save_system(system, "x", "obsidian", "/x", {"platform": "vanished"})
    with pytest.raises(InputError, match="The system's answers"):
        pipeline.verify(system)
