"""One way for a plan to become real: kill it anywhere, run it again, and everything is there exactly once."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder.errors import ChatbuilderError, RefusedError
from chatbuilder.library import Journal, Library
from chatbuilder.provision.runner import StepDone, StepFailed, StepStarted, digest_of, give_up, run, settle
from chatbuilder.solution import Plan, Ref, Step, plain, resolve
from tests.fakes import Crash, MemoryProvisioner, World, crash, plan_of, refusal

PLAN = plan_of(a="one", b="two", c="three", d="four")
KEYS = ["a", "b", "c", "d"]


class Machine:
    """A world, a library that survives, and runs in processes of their own."""

    def __init__(self, path):
        self.world = World()
        self.library = Library(path)
        self.library.save_system("s", "S", "custom", "/x", {})
        self.events = []

    def provisioner(self):
        return MemoryProvisioner(self.world)

    def run(self, plan=PLAN, provisioner=None, cancelled=lambda: False):
        self.events = []
        job = self.library.start_job("s", "custom")
        journal = self.library.journal("s", job.id)
        return run(plan, provisioner or self.provisioner(), journal, self.events.append, cancelled)

    def notes(self):
        return {event.key: event.note for event in self.events if isinstance(event, StepDone)}

    def states(self):
        return {key: record.state for key, record in self.library.journal("s").records().items()}


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path / "library.db")
    yield made
    made.library.close()


CONTENT = {"a": "one", "b": "two", "c": "three", "d": "four"}


def test_every_step_is_delivered_in_order_with_the_ids_of_those_before(machine):
    outcome = machine.run()
    assert (outcome.status, outcome.done, outcome.total, outcome.error) == ("completed", 4, 4, None)
    assert machine.world.created == KEYS
    assert machine.world.content() == CONTENT
    assert [machine.world.things[f"id{n}"]["parent"] for n in (1, 2, 3, 4)] == [None, "id1", "id2", "id3"]
    assert outcome.results["c"] == {"id": "id3", "written": "three"}
    assert machine.states() == dict.fromkeys(KEYS, "done")


def test_progress_is_told_step_by_step(machine):
    machine.run()
    assert [type(event) for event in machine.events] == [StepStarted, StepDone] * 4
    expected = [("a", "Make a", 1, 4), ("b", "Make b", 2, 4), ("c", "Make c", 3, 4), ("d", "Make d", 4, 4)]
    for told in (machine.events[::2], machine.events[1::2]):
        assert [(event.key, event.title, event.index, event.total) for event in told] == expected
    assert set(machine.notes().values()) == {""}
    assert not any(event.left for event in machine.events[1::2])


def test_running_again_does_nothing_and_says_so(machine):
    machine.run()
    machine.world.calls.clear()
    outcome = machine.run()
    assert outcome.status == "completed"
    assert machine.world.calls == []
    assert set(machine.notes().values()) == {"already there"}
    assert outcome.results["d"]["id"] == "id4"


# crashes

MOMENTS = [
    *[(MemoryProvisioner, "deliver", index, after) for index in range(4) for after in (False, True)],
    *[(Journal, "intent", index, after) for index in range(4) for after in (False, True)],
    *[(Journal, "done", index, after) for index in range(4) for after in (False, True)],
]


@pytest.mark.parametrize(("owner", "name", "index", "after"), MOMENTS)
def test_a_crash_at_any_moment_is_mended_by_running_again(machine, monkeypatch, owner, name, index, after):
    with crash(monkeypatch, owner, name, index, after=after), pytest.raises(Crash):
        machine.run()
    outcome = machine.run()
    assert outcome.status == "completed"
    assert machine.world.content() == CONTENT
    assert machine.world.created == KEYS  # each once
    assert machine.states() == dict.fromkeys(KEYS, "done")


@given(
    st.lists(
        st.tuples(st.integers(0, 11), st.booleans(), st.sampled_from(["deliver", "look_up", "intent", "done"])),
        max_size=6,
    )
)
def test_any_series_of_crashes_is_mended(tmp_path_factory, crashes):
    machine = Machine(tmp_path_factory.mktemp("m") / "library.db")
    for index, after, name in crashes:
        owner = MemoryProvisioner if name in ("deliver", "look_up") else Journal
        with (
            pytest.MonkeyPatch.context() as patch,
            crash(patch, owner, name, index % 4, after=after),
            contextlib.suppress(Crash),
        ):
            machine.run()
    assert machine.run().status == "completed"
    assert machine.world.content() == CONTENT
    assert machine.world.created == KEYS
    machine.library.close()


def test_a_create_whose_answer_never_came_is_looked_up_first(machine, monkeypatch):
    with crash(monkeypatch, MemoryProvisioner, "deliver", 1, after=True), pytest.raises(Crash):
        machine.run()
    machine.world.calls.clear()
    machine.run()
    assert machine.world.calls == ["look up b", "deliver c", "deliver d"]
    assert machine.notes()["b"] == "found from the last run"


def test_a_step_that_never_began_is_not_looked_up(machine, monkeypatch):
    with crash(monkeypatch, Journal, "intent", 1, after=False), pytest.raises(Crash):
        machine.run()
    machine.world.calls.clear()
    machine.run()
    assert machine.world.calls == ["deliver b", "deliver c", "deliver d"]


# refusals


def test_a_refusal_stops_there_and_the_next_run_goes_on(machine):
    no = machine.provisioner()
    no.refuse["c"] = refusal()
    outcome = machine.run(provisioner=no)
    assert (outcome.status, outcome.done, outcome.total) == ("failed", 2, 4)
    assert isinstance(outcome.error, RefusedError)
    failed = machine.events[-1]
    assert isinstance(failed, StepFailed)
    assert (failed.key, failed.title, failed.index, failed.total, failed.message) == ("c", "Make c", 3, 4, "No.")
    assert machine.states() == {"a": "done", "b": "done", "c": "failed"}
    assert machine.run().status == "completed"
    assert machine.world.created == KEYS


def test_a_disk_that_refuses_is_told_in_words_and_looked_up_later(machine):
    no = machine.provisioner()
    no.refuse["c"] = OSError(28, "No space left on device")
    outcome = machine.run(provisioner=no)
    assert outcome.error.message == "Make c: No space left on device."
    assert outcome.error.title == "The disk refused a step"
    assert outcome.error.kept == "everything built so far."
    assert "goes on from here" in outcome.error.hint
    assert machine.states()["c"] == "intent"
    machine.world.calls.clear()
    assert machine.run().status == "completed"
    assert machine.world.calls[0] == "look up c"


def test_a_defect_is_not_taken_for_a_refusal(machine):
    no = machine.provisioner()
    no.refuse["b"] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        machine.run(provisioner=no)
    assert machine.states() == {"a": "done", "b": "intent"}


def test_a_look_up_that_is_refused_stops_the_run(machine, monkeypatch):
    with crash(monkeypatch, MemoryProvisioner, "deliver", 0, after=True), pytest.raises(Crash):
        machine.run()

    def unreachable(*_):
        raise OSError(101, "Network is unreachable")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryProvisioner, "look_up", unreachable)
        outcome = machine.run()
    assert outcome.status == "failed"
    assert isinstance(outcome.error, ChatbuilderError)
    assert machine.run().status == "completed"
    assert machine.world.created == KEYS


# cancel


@pytest.mark.parametrize("after", range(4))
def test_cancel_ends_between_steps(machine, after):
    outcome = machine.run(cancelled=lambda: len(machine.world.created) >= after)
    assert (outcome.status, outcome.done) == ("cancelled", after)
    assert machine.world.created == KEYS[:after]
    assert machine.run().status == "completed"
    assert machine.world.created == KEYS


def test_too_late_to_cancel(machine):
    assert machine.run(cancelled=lambda: len(machine.world.created) == 4).status == "completed"


# other answers

OTHER = plan_of(a="one", b="TWO", c="three", d="four", e="five")


def test_other_answers_update_what_is_there(machine):
    machine.run()
    machine.world.calls.clear()
    outcome = machine.run(OTHER)
    assert outcome.status == "completed"
    assert machine.world.calls == ["deliver b", "deliver e"]
    assert machine.world.content() == {**CONTENT, "b": "TWO", "e": "five"}
    assert machine.world.created == [*KEYS, "e"]


def test_what_the_person_changed_is_kept_and_told(machine):
    machine.run()
    machine.world.edit("b", "mine")
    outcome = machine.run(OTHER)
    assert outcome.status == "completed"
    assert machine.world.content()["b"] == "mine"
    assert outcome.kept == ("Make b: you changed it",)
    assert machine.notes()["b"] == "kept yours: you changed it"


def test_what_was_kept_is_told_again(machine):
    machine.run()
    machine.world.edit("b", "mine")
    machine.run(OTHER)
    assert machine.run(OTHER).kept == ("Make b: you changed it",)


@pytest.mark.parametrize("index", range(2))
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", ["deliver", "intent", "done"])
def test_a_crash_in_an_update_is_mended_too(machine, monkeypatch, index, after, name):
    machine.run()
    owner = MemoryProvisioner if name == "deliver" else Journal
    with crash(monkeypatch, owner, name, index, after=after), pytest.raises(Crash):
        machine.run(OTHER)
    outcome = machine.run(OTHER)
    assert outcome.status == "completed"
    assert outcome.kept == ()
    assert machine.world.content() == {**CONTENT, "b": "TWO", "e": "five"}
    assert machine.world.created == [*KEYS, "e"]


@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize("after", [False, True])
def test_other_answers_after_a_crash_find_what_was_begun(machine, monkeypatch, index, after):
    """The step in doubt was begun with the old answers: it must neither be made twice nor be taken for the person's."""
    with crash(monkeypatch, MemoryProvisioner, "deliver", index, after=after), pytest.raises(Crash):
        machine.run()
    changed = plan_of(a="ONE", b="TWO", c="THREE", d="FOUR")
    outcome = machine.run(changed)
    assert outcome.status == "completed"
    assert outcome.kept == ()
    assert machine.world.content() == {"a": "ONE", "b": "TWO", "c": "THREE", "d": "FOUR"}
    assert machine.world.created == KEYS


def test_what_was_taken_down_is_made_anew(machine):
    machine.run()
    machine.world.lose("b")
    machine.library.journal("s").removed("b")
    assert machine.run().status == "completed"
    assert machine.world.content() == CONTENT


# doubt, settled without a run


@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_a_crash_left_in_doubt_is_settled_by_looking(machine, monkeypatch, elsewhere):
    with crash(monkeypatch, MemoryProvisioner, "deliver", 1, after=True), pytest.raises(Crash):
        machine.run()
    machine.world.calls.clear()
    sent = []
    settle(
        machine.library.journal("s"),
        machine.provisioner(),
        (lambda look: sent.append(1) or look()) if elsewhere else None,
    )
    assert machine.world.calls == ["look up b"]
    assert sent == ([1] if elsewhere else [])
    record = machine.library.journal("s").records()["b"]
    assert (record.state, record.result) == ("done", {"id": "id2", "written": "two"})


def test_what_is_not_there_stays_in_doubt(machine, monkeypatch):
    with crash(monkeypatch, MemoryProvisioner, "deliver", 1, after=False), pytest.raises(Crash):
        machine.run()
    settle(machine.library.journal("s"), machine.provisioner())
    assert machine.states() == {"a": "done", "b": "intent"}


def test_a_step_is_looked_up_as_it_was_begun(machine, monkeypatch):
    with crash(monkeypatch, MemoryProvisioner, "deliver", 1, after=True), pytest.raises(Crash):
        machine.run()
    seen = []
    monkeypatch.setattr(MemoryProvisioner, "look_up", lambda self, step, payload: seen.append((step, payload)))
    settle(machine.library.journal("s"), machine.provisioner())
    ((step, payload),) = seen
    assert (step.key, step.title, step.kind, payload) == ("b", "Make b", "http", {"content": "two", "parent": "id1"})
    assert step.payload == payload


def test_what_other_answers_do_not_ask_for_is_given_up(machine, monkeypatch):
    """Begun and never there: nothing to come. Begun anew and there from before: it stays as it was."""
    machine.run(plan_of(a="one", b="two"))
    with crash(monkeypatch, MemoryProvisioner, "deliver", 0, after=False), pytest.raises(Crash):
        machine.run(plan_of(a="one", b="TWO", c="three"))
    no = machine.provisioner()
    no.refuse["x"] = refusal()
    machine.run(plan_of(x="new"), no)
    assert machine.states() == {"a": "done", "b": "intent", "x": "failed"}
    journal = machine.library.journal("s")
    give_up(journal, plan_of(a="one", b="two"))
    assert machine.states() == {"a": "done", "b": "intent", "x": "removed"}
    give_up(journal, plan_of(a="one"))
    assert machine.states() == {"a": "done", "b": "done", "x": "removed"}
    assert journal.records()["b"].result == {"id": "id2", "written": "two"}


# payloads


def test_refs_are_followed_everywhere():
    payload = {"x": [Ref("a"), {"y": Ref("a", "list.1.id")}], Ref("a", "name"): 1, "z": (1, None, True, "s")}
    results = {"a": {"id": 5, "list": [0, {"id": "q"}], "name": "key"}}
    assert resolve(payload, results) == {"x": [5, {"y": "q"}], "key": 1, "z": [1, None, True, "s"]}


def test_a_missing_id_is_named():
    with pytest.raises(KeyError, match="nothing"):
        resolve({"x": Ref("nothing")}, {})


def test_refs_are_shown_as_what_they_are():
    step = Step("b", "B", "http", {"body": {"parent": Ref("a", "data.id"), Ref("a"): [Ref("a")]}}, ("a",))
    assert Plan((step,)).data() == [
        {
            "key": "b",
            "title": "B",
            "kind": "http",
            "depends_on": ["a"],
            "payload": {
                "body": {"parent": {"$ref": "a", "path": "data.id"}, "$ref:a#id": [{"$ref": "a", "path": "id"}]}
            },
        }
    ]


def test_a_digest_depends_on_content_not_on_order():
    assert digest_of({"a": 1, "b": "é"}) == digest_of({"b": "é", "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": "1"})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_without_refs_nothing_changes(value):
    assert plain(value) == value
    assert resolve(value, {}) == value
