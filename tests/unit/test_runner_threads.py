"""Several steps at once: in order of need, stopped at once, and whole again after anything that happens."""

from __future__ import annotations

import threading
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder.errors import CredentialsError
from chatbuilder.library import Library
from chatbuilder.provision import crew, runner
from chatbuilder.provision.base import Skipped
from chatbuilder.provision.outside.desk import Cancelled, Desk
from chatbuilder.provision.runner import StepDone, StepFailed, StepStarted, StepWaiting, run
from chatbuilder.solution import Plan, Ref, Step
from tests.fakes import Crash, MemoryProvisioner, World, refusal
from tests.vendors.clock import FakeTime

WAIT = 10  # seconds: a test that waits so long has failed


def tree(**needs: str) -> Plan:
    """Steps in the given order with the letters of those they need: tree(a="", b="a", c="ab")."""
    return Plan(
        tuple(
            Step(key, f"Make {key}", "http", {"content": key, "parents": [Ref(n) for n in need]}, tuple(need))
            for key, need in needs.items()
        )
    )


class Vendor(MemoryProvisioner):
    """A platform that takes several steps at once; `act` is what happens in a step, before it is made."""

    abreast = 3

    def __init__(self, world, act=lambda key: None):
        super().__init__(world)
        self.act = act
        self.lock = threading.Lock()
        self.inside = 0
        self.most = 0
        self.threads = set()

    def deliver(self, step, payload, previous):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.threads.add(threading.current_thread())
        try:
            self.act(step.key)
            with self.lock:
                return super().deliver(step, payload, previous)
        finally:
            with self.lock:
                self.inside -= 1


class Machine:
    def __init__(self, path):
        self.world = World()
        self.library = Library(path)
        self.library.save_system("s", "S", "notion", "x", {})
        self.events = []

    def run(self, plan, act=lambda key: None, cancelled=lambda: False, on_event=lambda event: None, **more):
        self.vendor = Vendor(self.world, act)
        self.main = threading.current_thread()
        self.events = []

        def hear(event):
            assert threading.current_thread() is self.main
            self.events.append(event)
            on_event(event)

        journal = self.library.journal("s", self.library.start_job("s", "notion").id)
        return run(plan, self.vendor, journal, hear, cancelled, **more)

    def states(self):
        return {key: record.state for key, record in self.library.journal("s").records().items()}

    def notes(self):
        return {event.key: event.note for event in self.events if isinstance(event, StepDone)}


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path / "library.db")
    yield made
    made.library.close()


WIDE = tree(r="", a="r", b="r", c="r", d="ab", e="c", f="de")


def test_what_needs_nothing_of_each_other_goes_side_by_side(machine):
    meet = threading.Barrier(3, timeout=WAIT)  # passes only when three are inside at once
    outcome = machine.run(WIDE, lambda key: meet.wait() if key in "abc" else None)
    assert (outcome.status, outcome.done, outcome.total) == ("completed", 7, 7)
    assert machine.vendor.most == 3
    assert machine.main not in machine.vendor.threads
    assert all(thread.daemon for thread in machine.vendor.threads)
    assert sorted(machine.world.created) == list("abcdefr")
    assert machine.states() == dict.fromkeys("rabcdef", "done")


def test_never_more_at_once_than_the_platform_takes(machine):
    outcome = machine.run(tree(**dict.fromkeys("abcdefghij", "")))
    assert outcome.status == "completed"
    assert machine.vendor.most <= 3


def test_a_step_begins_only_when_what_it_needs_is_there(machine):
    begun = []

    def watch(key):
        need = {step.key: step.depends_on for step in WIDE}[key]
        begun.append(key)
        assert set(need) <= set(machine.world.content())

    assert machine.run(WIDE, watch).status == "completed"
    assert begun[0] == "r"
    assert begun[-1] == "f"


def test_steps_begin_in_the_order_of_the_plan(machine):
    machine.run(tree(c="", a="", b="", d=""))
    started = [event.key for event in machine.events if isinstance(event, StepStarted)]
    assert started == ["c", "a", "b", "d"]
    assert {event.key: event.index for event in machine.events} == {"c": 1, "a": 2, "b": 3, "d": 4}


def test_ids_reach_the_steps_that_need_them(machine):
    machine.run(WIDE)
    world = machine.world
    record = machine.library.journal("s").records()["d"]
    assert record.payload["parents"] == [world.id_of("a"), world.id_of("b")]


def test_what_only_delivery_knows_is_a_result_like_others(machine):
    mark = Ref("target", "mark", "chatbuilder:v1:topics:")
    plan = Plan((Step("a", "Make a", "http", {"content": mark}),))
    outcome = machine.run(plan, seed={"target": {"mark": "0123456789ab"}})
    assert machine.world.content() == {"a": "chatbuilder:v1:topics:0123456789ab"}
    assert outcome.results["target"] == {"mark": "0123456789ab"}


def test_one_at_a_time_may_still_go_aside(machine):
    """A platform that takes one step at a time can hang like any other."""
    plan = tree(a="", b="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Vendor, "abreast", 1)
        machine.run(plan, aside=True)
        assert machine.main not in machine.vendor.threads
        machine.library.journal("s").removed("a")
        machine.world.lose("a")
        machine.run(plan)
        assert machine.vendor.threads == {machine.main}


def test_steps_that_wait_for_each_other_are_a_defect(machine):
    with pytest.raises(ValueError, match="wait for each other: b, c"):
        machine.run(tree(a="", b="c", c="b"))
    assert machine.states() == {"a": "done"}


# stopping


def hang_on(*keys):
    """A call that hangs for minutes, until the test lets it go."""
    entered, release = Event(), Event()

    def act(key):
        if key in keys:
            entered.set()
            release.wait(WAIT * 6)

    return act, entered, release


def seconds(work):
    from time import monotonic

    start = monotonic()
    work()
    return monotonic() - start


def test_stopping_is_heeded_within_a_second_though_a_call_hangs(machine):
    act, entered, release = hang_on("b")
    outcomes = []
    took = seconds(lambda: outcomes.append(machine.run(WIDE, act, cancelled=entered.is_set)))
    assert took < 1
    assert outcomes[0].status == "cancelled"
    assert machine.states()["b"] == "intent"
    release.set()
    crew.let_strays_end("s", lambda: False, lambda *_: None)
    assert machine.states()["b"] == "intent"  # what it returns, nobody reads
    machine.world.calls.clear()
    assert machine.run(WIDE).status == "completed"
    assert "look up b" in machine.world.calls
    assert sorted(machine.world.created) == list("abcdefr")


def test_the_next_run_lets_the_last_call_end_first(machine):
    act, entered, release = hang_on("r")
    machine.run(WIDE, act, cancelled=entered.is_set)
    told = []

    def tell(key, why, seconds):
        told.append(why)
        release.set()

    crew.let_strays_end("s", lambda: False, tell)
    assert told == ["letting the last call of the stopped run end"]
    assert machine.world.content() == {"r": "r"}
    crew.let_strays_end("s", lambda: False, tell)  # nothing is left
    assert len(told) == 1
    assert machine.run(WIDE).status == "completed"
    assert sorted(machine.world.created) == list("abcdefr")


def test_waiting_for_it_can_be_stopped_as_well(machine):
    act, entered, release = hang_on("r")
    machine.run(WIDE, act, cancelled=entered.is_set)
    with pytest.raises(Cancelled):
        crew.let_strays_end("s", lambda: True, lambda *_: None)
    release.set()
    crew.let_strays_end("s", lambda: False, lambda *_: None)


def test_a_call_that_never_ends_is_not_waited_for_for_ever(machine, monkeypatch):
    monkeypatch.setattr(crew, "STRAYS_END", 0.3)
    act, entered, release = hang_on("r")
    machine.run(WIDE, act, cancelled=entered.is_set)
    assert seconds(lambda: crew.let_strays_end("s", lambda: False, lambda *_: None)) < 2
    release.set()


def test_another_system_does_not_wait_for_it(machine):
    act, entered, release = hang_on("r")
    machine.run(WIDE, act, cancelled=entered.is_set)
    crew.let_strays_end("another", lambda: False, lambda *_: pytest.fail("waits"))
    release.set()
    crew.let_strays_end("s", lambda: False, lambda *_: None)


def test_steps_that_heed_the_stop_themselves_are_on_record(machine):
    """Those under way get a moment: a call that just ends is journaled."""
    asked = Event()
    act = lambda key: asked.set() if key == "c" else None  # noqa: E731
    outcome = machine.run(tree(a="", b="", c=""), act, cancelled=asked.is_set)
    assert outcome.status == "completed"  # too late: all of it is there
    assert machine.states() == dict.fromkeys("abc", "done")


def test_a_step_that_says_it_was_cancelled_stays_in_doubt(machine):
    def act(key):
        if key == "b":
            raise Cancelled

    outcome = machine.run(WIDE, act)
    assert outcome.status == "cancelled"
    assert machine.states()["b"] == "intent"
    assert machine.run(WIDE).status == "completed"
    assert sorted(machine.world.created) == list("abcdefr")


def test_a_second_ctrl_c_leaves_at_once(machine):
    act, entered, release = hang_on("a")

    def impatient(event):
        if entered.wait(WAIT if event.key == "b" else 0):
            raise KeyboardInterrupt

    def press():
        with pytest.raises(KeyboardInterrupt):
            machine.run(WIDE, act, on_event=impatient)

    assert seconds(press) < 2
    assert machine.states()["a"] == "intent"
    release.set()
    crew.let_strays_end("s", lambda: False, lambda *_: None)


def test_what_is_left_behind_does_nothing_more(machine):
    """A step of several calls stops before the next of them."""
    desk = Desk(crew.abandoned, crew.waiting, FakeTime())
    entered, release, further = Event(), Event(), []

    def act(key):
        entered.set()
        release.wait(WAIT)
        desk.check()
        further.append(key)

    machine.run(tree(a=""), act, cancelled=entered.is_set)
    release.set()
    crew.let_strays_end("s", lambda: False, lambda *_: None)
    assert further == []
    assert machine.world.created == []


def test_a_thing_in_use_is_closed_when_the_last_call_is_over(machine):
    act, entered, release = hang_on("r")
    closed = Event()

    class Thing:
        def close(self):
            closed.set()

    with crew.closing("s", Thing()):
        machine.run(WIDE, act, cancelled=entered.is_set)
    assert not closed.is_set()
    release.set()
    assert closed.wait(WAIT)


def test_a_thing_that_nobody_uses_is_closed_at_once(machine):
    with crew.closing("s", machine.library) as nothing:
        assert nothing is None
    with pytest.raises(Exception, match="closed"):
        machine.library.systems()


# refusals


def test_after_a_refusal_nothing_begins_and_what_runs_is_journaled(machine):
    meet = threading.Barrier(2, timeout=WAIT)
    failed = Event()

    def act(key):
        if key in "ab":
            meet.wait()
        if key == "a":
            raise refusal()
        if key == "b":
            failed.wait(WAIT)  # still at work when a has failed

    def hear(event):
        if isinstance(event, StepFailed):
            failed.set()

    outcome = machine.run(tree(a="", b="", c="a", d="b", e="b"), act, on_event=hear)
    assert (outcome.status, outcome.done, str(outcome.error)) == ("failed", 1, "No.")
    assert machine.states() == {"a": "intent", "b": "done"}
    assert [event.key for event in machine.events if isinstance(event, StepStarted)] == ["a", "b"]


def test_the_first_of_several_refusals_is_told(machine):
    meet = threading.Barrier(3, timeout=WAIT)
    first = Event()

    def act(key):
        meet.wait()
        if key == "b":
            raise CredentialsError("expired")
        first.wait(WAIT)
        raise refusal()

    def hear(event):
        if isinstance(event, StepFailed):
            first.set()

    outcome = machine.run(tree(a="", b="", c=""), act, on_event=hear)
    assert isinstance(outcome.error, CredentialsError)
    assert len([event for event in machine.events if isinstance(event, StepFailed)]) == 3


def test_what_a_vendor_refused_is_looked_up_before_it_is_tried_again(machine):
    """It may have done a part of it, or do it yet."""
    machine.run(tree(a=""), lambda key: (_ for _ in ()).throw(refusal()))
    machine.world.calls.clear()
    machine.run(tree(a=""))
    assert machine.world.calls == ["look up a", "deliver a"]


def test_what_runs_on_after_a_refusal_is_not_waited_for_for_ever(machine, monkeypatch):
    monkeypatch.setattr(runner, "LET_END", 0.2)
    act, entered, release = hang_on("b")

    def fail(key):
        act(key)
        if key == "a":
            entered.wait(WAIT)
            raise refusal()

    assert machine.run(tree(a="", b=""), fail).status == "failed"
    assert machine.states() == {"a": "intent", "b": "intent"}
    release.set()
    crew.let_strays_end("s", lambda: False, lambda *_: None)


def test_a_stop_after_a_refusal_is_heeded_and_the_refusal_told(machine):
    act, entered, release = hang_on("b")
    stop = Event()

    def fail(key):
        act(key)
        if key == "a":
            entered.wait(WAIT)
            raise refusal()

    def hear(event):
        if isinstance(event, StepFailed):
            stop.set()

    outcomes = []
    took = seconds(lambda: outcomes.append(machine.run(tree(a="", b=""), fail, cancelled=stop.is_set, on_event=hear)))
    assert took < 1.5
    assert outcomes[0].status == "failed"
    release.set()
    crew.let_strays_end("s", lambda: False, lambda *_: None)


def test_a_defect_ends_the_run_after_what_is_under_way(machine):
    meet, failed = threading.Barrier(2, timeout=WAIT), Event()

    def act(key):
        meet.wait()
        if key == "a":
            failed.set()
            raise ZeroDivisionError
        failed.wait(WAIT)

    with pytest.raises(ZeroDivisionError):
        machine.run(tree(a="", b="", c="a"), act)
    assert machine.states() == {"a": "intent", "b": "done"}


# what the platform will not do


def skip(*keys):
    def act(key):
        if key in keys:
            raise Skipped("only on a paid plan")

    return act


def test_what_is_left_out_takes_with_it_what_needs_it(machine):
    outcome = machine.run(WIDE, skip("c"))
    assert (outcome.status, outcome.done, outcome.total) == ("completed", 4, 7)
    assert outcome.kept == (
        "Make c: left out: only on a paid plan",
        "Make e: left out: it needs Make c",
        "Make f: left out: it needs Make e",
    )
    assert machine.notes()["c"] == "left out: only on a paid plan"
    assert {event.key for event in machine.events if isinstance(event, StepDone) and event.left} == set("cef")
    assert machine.states() == {**dict.fromkeys("rabd", "done"), **dict.fromkeys("cef", "skipped")}
    assert sorted(machine.world.created) == list("abdr")


def test_what_was_left_out_is_tried_again(machine):
    machine.run(WIDE, skip("c"))
    outcome = machine.run(WIDE)
    assert (outcome.done, outcome.kept) == (7, ())
    assert sorted(machine.world.created) == list("abcdefr")
    assert set(machine.states().values()) == {"done"}


def test_a_change_that_is_left_out_keeps_what_was_there(machine):
    machine.run(WIDE)
    other = Plan(
        tuple(Step(s.key, s.title, s.kind, {**s.payload, "content": s.key.upper()}, s.depends_on) for s in WIDE)
    )
    outcome = machine.run(other, skip("c"))
    assert outcome.status == "completed"
    assert machine.world.content()["c"] == "c"
    assert machine.world.content()["e"] == "E"  # what needs it has it
    assert machine.run(other).kept == ()
    assert machine.world.content()["c"] == "C"


# waits


def test_waits_are_told_with_the_step_that_waits(machine):
    desk = Desk(crew.abandoned, crew.waiting, FakeTime())
    machine.run(tree(a="", b=""), lambda key: desk.wait(12.5, "no connection") if key == "b" else desk.wait(0.5, "x"))
    waits = [event for event in machine.events if isinstance(event, StepWaiting)]
    assert waits == [StepWaiting("b", "Make b", "no connection", 12.5)]


def test_waits_are_told_without_threads_too(machine, monkeypatch):
    monkeypatch.setattr(Vendor, "abreast", 1)
    desk = Desk(crew.abandoned, crew.waiting, FakeTime())
    machine.run(tree(a=""), lambda key: desk.wait(3, "slow"))
    assert [type(event) for event in machine.events] == [StepStarted, StepWaiting, StepDone]


def test_outside_of_any_run_nobody_hears(machine):
    crew.waiting("x", 5)
    assert not crew.abandoned()


# any plan, any trouble


@st.composite
def plans(draw):
    keys = "abcdefgh"[: draw(st.integers(1, 8))]
    return tree(**{k: "".join(draw(st.sets(st.sampled_from(keys[:i])))) if i else "" for i, k in enumerate(keys)})


TROUBLE = {"refused": refusal, "killed": Crash, "stopped": Cancelled, "defect": ZeroDivisionError}


@given(plans(), st.lists(st.tuples(st.integers(0, 7), st.sampled_from([*TROUBLE]), st.booleans()), max_size=4))
def test_any_series_of_trouble_is_mended(tmp_path_factory, plan, troubles):
    machine = Machine(tmp_path_factory.mktemp("m") / "library.db")
    keys = [step.key for step in plan]
    for index, kind, after in troubles:
        bad = keys[index % len(keys)]

        def act(key, bad=bad, kind=kind, after=after):
            if key == bad:
                if after:
                    with machine.vendor.lock:
                        step = next(s for s in plan if s.key == key)
                        if key not in machine.world.content():
                            MemoryProvisioner.deliver(machine.vendor, step, {"content": key}, None)
                raise TROUBLE[kind]()

        try:
            machine.run(plan, act)
        except (Crash, ZeroDivisionError):
            crew.let_strays_end("s", lambda: False, lambda *_: None)
    outcome = machine.run(plan)
    assert outcome.status == "completed"
    assert sorted(machine.world.created) == sorted(keys)
    assert set(machine.states().values()) == {"done"}
    machine.library.close()
