"""The pace: never more than a vendor allows, hardly less, first come first served, stoppable while it waits."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder.provision.outside.desk import Cancelled, Desk
from chatbuilder.provision.outside.limits import WAY, Limit, Pacer, shared_pacer
from chatbuilder.secret import Secret
from tests.vendors.clock import FakeTime, Stage

NOTION, AIRTABLE = Limit(180, 60.0), Limit(5, 1.0)


def play(limit, latencies, workers, ways=(0.0,)):
    """Let workers send one call after the other; return when each was sent, reached the vendor and was answered."""
    stage, pacer = Stage(), Pacer(limit)
    waiting = [(latency, ways[number % len(ways)]) for number, latency in enumerate(latencies)]
    sent, came, answered = [], [], []

    def worker():
        while waiting:
            latency, way = waiting.pop(0)
            with pacer.turn(Desk(time=stage), "pace"):
                sent.append(stage.now())
                stage.sleep(way)
                came.append(stage.now())
                stage.sleep(max(latency - way, 0))
                answered.append(stage.now())

    stage.run(*[worker] * workers)
    return sent, came, answered


def most_in_a_window(moments, seconds):
    moments = sorted(moments)
    return max(sum(1 for m in moments if start <= m < start + seconds - 1e-9) for start in moments)


@given(
    st.integers(1, 6), st.sampled_from([0.2, 1.0, 60.0]), st.integers(1, 6),
    st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=40),
)  # fmt: skip
def test_never_more_than_the_limit_in_any_window_whatever_the_latencies(calls, seconds, workers, latencies):
    sent, came, _ = play(Limit(calls, seconds), latencies, workers)
    assert len(sent) == len(latencies)
    assert most_in_a_window(came, seconds) <= calls


@given(
    st.integers(1, 6), st.sampled_from([1.0, 60.0]), st.lists(st.floats(0, 1), min_size=1, max_size=5),
    st.lists(st.floats(0.1, 3, allow_nan=False), min_size=1, max_size=40),
)  # fmt: skip
def test_ways_that_differ_a_little_break_no_limit(calls, seconds, shares, latencies):
    """One call takes longer to the vendor than another: up to 3 % of the window that is allowed for."""
    ways = [0.04 + share * (seconds * WAY - 1e-6) for share in shares]
    latencies = [max(latency, *ways) for latency in latencies]
    _, came, _ = play(Limit(calls, seconds), latencies, 4, ways)
    assert most_in_a_window(came, seconds) <= calls


@pytest.mark.parametrize(
    ("limit", "latency", "workers"),
    [(NOTION, 0.3, 4), (NOTION, 0.8, 4), (AIRTABLE, 0.2, 4), (AIRTABLE, 0.5, 4), (Limit(5, 1.0, gap=0.2), 0.5, 4)],
)
def test_hardly_less_than_the_limit(limit, latency, workers):
    calls = max(limit.calls * 4, 200)
    sent, came, answered = play(limit, [latency] * calls, workers)
    rate = limit.calls / limit.seconds
    assert most_in_a_window(came, limit.seconds) <= limit.calls
    # From the first call of the first window to the first call of the last: no burst counts in our favour.
    windows = calls - limit.calls
    assert windows / (sent[windows] - sent[0]) / rate >= 0.95
    assert calls / (answered[-1] - sent[0]) / rate >= 0.95


def test_a_gap_keeps_calls_apart():
    sent, _, _ = play(Limit(100, 1.0, gap=0.2), [0.01] * 6, 3)
    assert [round(b - a, 6) >= 0.2 for a, b in pairwise(sent)] == [True] * 5


def test_sleeping_a_little_too_long_does_not_slow_the_beat():
    class Sleepy(FakeTime):
        def sleep(self, seconds):
            super().sleep(seconds + 0.01)

    time, sent = Sleepy(), []
    pacer = Pacer(Limit(100, 1.0, gap=0.2))
    for _ in range(51):
        with pacer.turn(Desk(time=time), "pace"):
            sent.append(time.now())
    assert sent[-1] - sent[0] == pytest.approx(50 * 0.2, abs=0.05)
    assert min(b - a for a, b in pairwise(sent)) > 0.2 - 0.02 - 1e-9


def test_bursts_are_allowed():
    sent, _, _ = play(NOTION, [0.4] * 100, 100)
    assert sent == [0.0] * 100


def test_first_come_first_served():
    stage, pacer, served = Stage(), Pacer(Limit(1, 1.0)), []

    def worker(number):
        stage.sleep(number / 100)
        for _ in range(3):
            with pacer.turn(Desk(time=stage), "pace"):
                served.append(number)

    stage.run(*[lambda n=n: worker(n) for n in range(4)])
    assert served == [0, 0, 1, 2, 3, 0, 1, 2, 3, 1, 2, 3]  # 0 was back in the line before anybody else came


def test_a_pause_that_the_vendor_asks_for_holds_everybody():
    time = FakeTime()
    pacer, desk = Pacer(AIRTABLE), Desk(time=time)
    with pacer.turn(desk, "pace"):
        pass
    pacer.hold(desk, 30)
    pacer.hold(desk, 5)  # a shorter one does not end the longer
    with pacer.turn(desk, "pace"):
        assert time.now() == pytest.approx(30)


def test_waiting_for_a_turn_can_be_stopped_and_leaves_the_line():
    time = FakeTime()
    pacer = Pacer(Limit(1, 60))
    with pacer.turn(Desk(time=time), "pace"):
        pass
    impatient = Desk(lambda: time.now() > 3, time=time)
    with pytest.raises(Cancelled), pacer.turn(impatient, "pace"):
        pytest.fail("sent")
    assert 3 < time.now() < 3.2
    with pacer.turn(Desk(time=time), "pace"):
        assert time.now() >= 60


def test_a_wait_is_told_once():
    time, told = FakeTime(), []
    pacer = Pacer(Limit(1, 60))
    desk = Desk(waiting=lambda why, seconds: told.append((why, round(seconds))), time=time)
    for _ in range(2):
        with pacer.turn(desk, "Vendor allows no more calls"):
            pass
    assert told == [("Vendor allows no more calls", 60)]


def test_an_answer_in_time_ends_the_wait_earlier():
    """A call counts from when it reached the vendor at the latest: that is before its answer came."""
    stage, pacer, second = Stage(), Pacer(Limit(1, 60)), []

    def first():
        with pacer.turn(Desk(time=stage), "pace"):
            stage.sleep(0.4)

    def then():
        stage.sleep(0.1)
        with pacer.turn(Desk(time=stage), "pace"):
            second.append(stage.now())

    stage.run(first, then)
    assert 60.4 <= second[0] <= 61


def test_a_call_that_hangs_does_not_count_for_ever():
    stage, pacer, second = Stage(), Pacer(Limit(1, 1.0)), []

    def first():
        with pacer.turn(Desk(time=stage), "pace"):
            stage.sleep(600)

    def then():
        stage.sleep(0.1)
        with pacer.turn(Desk(time=stage), "pace"):
            second.append(stage.now())

    stage.run(first, then)
    assert second == [pytest.approx(1.25, abs=0.01)]  # it may have been held up on its way by a quarter of a second


@pytest.mark.parametrize(("took", "waits"), [(0.3, 1.03), (0.32, 1.03), (0.4, 1.1), (0.5, 1.2), (0.9, 1.25)])
def test_a_call_that_took_longer_than_others_may_have_come_later(took, waits):
    """Other calls take 0.3 seconds. What is more may have passed before it reached the vendor."""
    stage, pacer, sent = Stage(), Pacer(Limit(1, 1.0)), []

    def calls():
        for seconds in (0.3, took, 0.3):
            with pacer.turn(Desk(time=stage), "pace", "PATCH"):
                sent.append(stage.now())
                stage.sleep(seconds)

    stage.run(calls)
    assert sent[2] - sent[1] == pytest.approx(waits, abs=0.02)


def test_other_kinds_of_calls_take_other_times():
    stage, pacer, sent = Stage(), Pacer(Limit(1, 1.0)), []

    def calls():
        for kind, seconds in (("GET", 0.05), ("PATCH", 0.4), ("PATCH", 0.4), ("GET", 0.05)):
            with pacer.turn(Desk(time=stage), "pace", kind):
                sent.append(stage.now())
                stage.sleep(seconds)

    stage.run(calls)
    assert sent[3] - sent[1] == pytest.approx(2 * 1.03, abs=0.04)


def test_a_call_that_fails_counts_as_well():
    time = FakeTime()
    pacer = Pacer(Limit(1, 10))
    with pytest.raises(ZeroDivisionError), pacer.turn(Desk(time=time), "pace"):
        raise ZeroDivisionError
    with pacer.turn(Desk(time=time), "pace"):
        assert time.now() >= 10


def test_moments_of_another_clock_mean_nothing():
    pacer = Pacer(Limit(1, 10))
    old, new = FakeTime(1_000_000), FakeTime()
    with pacer.turn(Desk(time=old), "pace"):
        pacer.hold(Desk(time=old), 50)
        with pacer.turn(Desk(time=new), "pace"):
            assert new.now() == 0
    with pacer.turn(Desk(time=Desk().time), "pace"), pacer.turn(Desk(time=FakeTime()), "pace"):
        pass


def test_real_clocks_are_one_clock():
    assert Desk().time == Desk().time
    before = Desk().time.now()
    Desk().time.sleep(0)
    assert Desk().time.now() >= before


def test_one_pacer_for_one_token_and_place():
    one = shared_pacer("notion", Secret("t-1"), NOTION)
    assert shared_pacer("notion", Secret("t-1"), NOTION) is one
    assert shared_pacer("notion", Secret("t-2"), NOTION) is not one
    assert shared_pacer("base app1", Secret("t-1"), AIRTABLE) is not one


def test_the_beat_slows_down_after_each_refusal():
    clock = FakeTime()
    desk, pacer = Desk(time=clock), Pacer(Limit(50, 1.0, 0.2))

    def beat():
        with pacer.turn(desk, "x"):
            begin = clock.now()
        with pacer.turn(desk, "x"):
            return clock.now() - begin

    assert beat() == pytest.approx(0.2)
    for _ in range(4):  # refused together
        pacer.hold(desk, 30.0)
    clock.pass_(30.0)
    assert beat() == pytest.approx(0.22)
    for _ in range(20):
        clock.pass_(30.0)
        pacer.hold(desk, 30.0)
    clock.pass_(30.0)
    assert beat() == pytest.approx(0.4)
