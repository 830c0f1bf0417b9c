"""Calls that go wrong: sent again where that is safe, looked up where it is not, paused without a network, given up."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder.errors import CredentialsError, ExitCode, RefusedError, UnavailableError
from chatbuilder.provision.outside import policy as module
from chatbuilder.provision.outside.calls import Answer, Call, NoAnswer, NotSent
from chatbuilder.provision.outside.desk import Cancelled, Desk
from chatbuilder.provision.outside.limits import Limit, Pacer
from chatbuilder.provision.outside.policy import ASKED, DONE, FIRST_TRIES, PATIENCE, TRIES, InDoubt, Policy, Verdict
from tests.vendors.clock import FakeTime

READ = Call("GET", "/thing", safe=True)
PUT = Call("PATCH", "/thing", body={"a": 1}, safe=True)
MAKE = Call("POST", "/things", body={"a": 1})
EXPIRED = CredentialsError("API token is invalid.", title="Token refused")


class Vendor:
    """A server that does what the script says, call by call, and goes well after its end. It makes one thing a POST."""

    def __init__(self, *script, late_commit=None):
        self.script = list(script)
        self.calls = []
        self.made = 0
        self.time = FakeTime()
        self.told = []
        self.late_commit = late_commit
        self.stop_at = None

    def send(self, call):
        self.calls.append(call.method)
        self._commit_late()
        what = self.script.pop(0) if self.script else "ok"
        if what == "no network":
            raise NotSent("no route to host")
        if what in ("drop before", "drop after", "slow"):
            if what == "slow":
                self.late_commit = self.time.now() + 60 + 10
            elif what == "drop after":
                self._make(call)
            raise NoAnswer("the connection broke", late=what == "slow")
        status = int(what.split()[0]) if what != "ok" else 200
        if status == 200 or "committed" in what:
            self._make(call)
        after = what.partition("after ")[2]
        return Answer(status, {"retry-after": after} if after else {}, {"id": self.made})

    def _make(self, call):
        self.made += call.method == "POST"

    def _commit_late(self):
        if self.late_commit is not None and self.time.now() >= self.late_commit:
            self.made, self.late_commit = self.made + 1, None

    def close(self):
        """Nothing to do."""

    def find(self, doubt):
        self.calls.append("look")
        self._commit_late()
        return {"found": self.made} if self.made else None

    def desk(self):
        stopped = lambda: self.stop_at is not None and self.time.now() >= self.stop_at  # noqa: E731
        return Desk(stopped, lambda why, seconds: self.told.append(why), self.time)

    def policy(self, **more):
        return Policy("Vendor", self, Pacer(Limit(1000, 1.0)), judge, self.desk(), **more)


def judge(call, answer):
    if answer.status == 200:
        return DONE
    if answer.status == 401:
        return Verdict("refused", error=EXPIRED)
    if answer.status == 422:
        return Verdict("refused", "it does not fit")
    if answer.status == 503:
        return Verdict("doubt", "Vendor is overloaded")
    after = answer.headers.get("retry-after")
    return Verdict("again", "Vendor asks to wait", float(after) if after else None)


# what is done with each answer

TABLE = [
    # script, call, what was sent, things made
    (["ok"], READ, ["GET"], 0),
    (["ok"], MAKE, ["POST"], 1),
    (["429 after 30"], READ, ["GET"] * 2, 0),
    (["429 after 30"], MAKE, ["POST"] * 2, 1),
    (["409"], PUT, ["PATCH"] * 2, 0),
    (["503"], READ, ["GET"] * 2, 0),
    (["503"], MAKE, ["POST", "look", "look", "POST"], 1),
    (["503 committed"], MAKE, ["POST", "look"], 1),
    (["drop before"], READ, ["GET"] * 2, 0),
    (["drop before"], MAKE, ["POST", "look", "look", "POST"], 1),
    (["drop after"], MAKE, ["POST", "look"], 1),
    (["drop after"], PUT, ["PATCH"] * 2, 0),
    (["slow"], PUT, ["PATCH"] * 2, 0),
    (["no network"], READ, ["GET"] * 2, 0),
    (["no network"] * 3, MAKE, ["POST"] * 4, 1),
    (["drop before", "drop after"], MAKE, ["POST", "look", "look", "POST", "look"], 1),
    (["503", "429 after 1", "drop after"], MAKE, ["POST", "look", "look", "POST", "POST", "look"], 1),
]


@pytest.mark.parametrize(("script", "call", "sent", "made"), TABLE)
def test_what_goes_wrong_is_mended_and_nothing_is_made_twice(script, call, sent, made):
    vendor = Vendor(*script)
    vendor.policy().make(call, vendor.find)
    assert vendor.calls == sent
    assert vendor.made == made


def test_an_answer_that_names_what_it_made_is_handed_to_the_look():
    vendor, seen = Vendor("503 committed"), []

    def find(doubt):
        seen.append((doubt.call, doubt.why, doubt.answer.status, doubt.answer.data, doubt.late))
        return doubt.answer.data

    assert vendor.policy().make(MAKE, find) == {"id": 1}
    assert seen == [(MAKE, "Vendor is overloaded", 503, {"id": 1}, False)]


def test_what_may_still_be_done_is_looked_for_longer():
    """The client stopped waiting after its time limit and the vendor finishes ten seconds later."""
    vendor = Vendor("slow")
    vendor.late_commit = None
    real = vendor.send

    def send(call):
        try:
            return real(call)
        except NoAnswer:
            vendor.time.pass_(60)
            raise

    vendor.send = send
    assert vendor.policy().make(MAKE, vendor.find) == {"found": 1}
    assert vendor.calls.count("POST") == 1
    assert vendor.made == 1


TROUBLES = ["503", "503 committed", "drop before", "drop after", "429 after 3", "500", "no network"]


@given(st.lists(st.sampled_from(TROUBLES), max_size=7))
def test_any_trouble_ends_with_exactly_one(script):
    vendor = Vendor(*script)
    vendor.policy().make(MAKE, vendor.find)
    assert vendor.made == 1


def test_a_call_in_doubt_is_never_repeated_blindly():
    for trouble in ("drop before", "drop after", "slow", "503", "503 committed"):
        vendor = Vendor(trouble)
        with pytest.raises(InDoubt) as caught:
            vendor.policy().send(MAKE)
        assert vendor.calls == ["POST"]
        assert caught.value.late == (trouble == "slow")
        assert (caught.value.answer is None) == ("503" not in trouble)


# refusals


@pytest.mark.parametrize("call", [READ, MAKE])
def test_a_refusal_is_raised_as_the_vendor_meant_it(call):
    vendor = Vendor("401")
    with pytest.raises(CredentialsError, match="API token is invalid"):
        vendor.policy().make(call, vendor.find)
    assert len(vendor.calls) == 1
    with pytest.raises(RefusedError, match="it does not fit"):
        Vendor("422").policy().send(call)


# giving up


@pytest.mark.parametrize("trouble", ["429", "429 after 20", "500", "409", "503", "drop before"])
@pytest.mark.parametrize("call", [READ, MAKE])
def test_what_is_put_off_for_too_long_is_given_up_with_words(trouble, call):
    vendor = Vendor(*[trouble] * 1000)
    with pytest.raises(UnavailableError) as caught:
        vendor.policy().make(call, vendor.find)
    assert vendor.calls.count(call.method) == TRIES
    assert caught.value.exit_code == ExitCode.REFUSED
    assert "Vendor did not take the request after 8 tries" in caught.value.message
    assert caught.value.kept
    assert "goes on from here" in caught.value.hint
    assert vendor.made == 0


@pytest.mark.parametrize(("trouble", "tries"), [("503", FIRST_TRIES), ("drop before", FIRST_TRIES), ("429", TRIES)])
def test_before_anything_is_made_silence_and_errors_are_told_soon(trouble, tries):
    vendor = Vendor(*[trouble] * 1000)
    with pytest.raises(UnavailableError, match=f"after {tries} tries"):
        vendor.policy().for_first_contact().send(READ)
    assert vendor.calls.count(READ.method) == tries


def test_tries_are_further_and_further_apart(monkeypatch):
    monkeypatch.setattr(module.random, "random", lambda: 1.0)
    vendor, moments = Vendor(*["500"] * 7), []
    real = vendor.send
    vendor.send = lambda call: (moments.append(vendor.time.now()), real(call))[1]
    vendor.policy().send(READ)
    assert [round(b - a, 3) for a, b in pairwise(moments)] == [0.5, 1, 2, 4, 8, 16, 30]


@given(st.integers(1, 60))
def test_waits_are_spread_and_have_a_limit(tries):
    assert 0.25 <= module._backoff(tries) <= 30


def test_what_the_vendor_asks_of_one_call_holds_all():
    vendor = Vendor("429 after 30")
    policy = vendor.policy()
    policy.send(READ)
    assert vendor.time.now() == pytest.approx(30, abs=0.6)
    assert vendor.told == ["Vendor asks to wait"]
    vendor.script = ["429 after 30"]
    vendor.stop_at = vendor.time.now() + 1
    with pytest.raises(Cancelled):
        policy.send(READ)
    vendor.stop_at = None
    start = vendor.time.now()
    replace(policy).send(READ)  # somebody else, with the same pacer
    assert vendor.time.now() - start > 28


def test_reads_that_are_counted_on_their_own_wait_for_no_write():
    vendor = Vendor()
    policy = vendor.policy()
    policy = replace(policy, pacer=Pacer(Limit(1, 60.0)), reads=Pacer(Limit(1, 60.0)))
    policy.send(PUT)
    policy.send(READ)
    assert vendor.time.now() == 0
    policy.send(replace(MAKE, asks=True))  # a question that is asked by POST
    assert vendor.time.now() == pytest.approx(60, abs=3)
    vendor.script = ["429 after 30"]
    start = vendor.time.now()
    policy.send(PUT)
    assert vendor.time.now() - start >= 30


def test_a_vendor_that_asks_for_an_hour_is_believed():
    vendor = Vendor(f"429 after {ASKED + 1:.0f}")
    with pytest.raises(UnavailableError, match="asks to wait 121 seconds") as caught:
        vendor.policy().send(READ)
    assert vendor.calls == ["GET"]
    assert "after that time" in caught.value.hint
    assert vendor.time.now() == 0


# the network


def test_without_a_network_it_waits_and_goes_on():
    vendor = Vendor(*["no network"] * 9)
    vendor.policy().send(READ)
    assert vendor.calls == ["GET"] * 10
    assert 1 < vendor.time.now() < PATIENCE
    assert set(vendor.told) == {"no connection to Vendor; trying again"}


def test_a_network_that_stays_away_is_given_up():
    vendor = Vendor(*["no network"] * 1000)
    with pytest.raises(UnavailableError, match="could not be reached for 180 seconds: no route to host") as caught:
        vendor.policy().send(MAKE)
    assert vendor.time.now() == pytest.approx(PATIENCE, abs=1)
    assert caught.value.title == "No connection"
    assert caught.value.kept
    assert caught.value.hint


def test_first_contact_has_less_patience():
    vendor = Vendor(*["no network"] * 1000)
    with pytest.raises(UnavailableError, match="for 10 seconds"):
        vendor.policy(patience=10).send(READ)
    assert vendor.time.now() == pytest.approx(10, abs=1)


def test_time_without_a_network_is_not_held_against_the_vendor():
    """A long outage does not use up the tries that a busy vendor gets."""
    vendor = Vendor(*["no network"] * 12, "500", "500", "500")
    vendor.policy().send(READ)
    assert vendor.calls == ["GET"] * 16


def test_every_outage_has_its_own_patience():
    vendor = Vendor(*["no network"] * 9, "drop before", *["no network"] * 9, "500", *["no network"] * 9)
    vendor.policy().send(READ)
    assert vendor.time.now() > PATIENCE / 2


def test_a_connection_that_breaks_while_it_is_looked_up_is_waited_for():
    """The look itself goes through the policy: an outage in it does not turn into a second thing."""
    vendor = Vendor("drop after", *["no network"] * 5)
    policy = vendor.policy()

    def find(doubt):
        policy.send(READ)
        return vendor.find(doubt)

    assert policy.make(MAKE, find) == {"found": 1}
    assert vendor.made == 1


# stopping


@pytest.mark.parametrize("trouble", ["429 after 60", "500", "no network", "503"])
def test_a_stop_is_heeded_in_every_wait_within_a_second(trouble):
    vendor = Vendor(*[trouble] * 1000)
    vendor.stop_at = 3.0
    with pytest.raises(Cancelled):
        vendor.policy().make(MAKE, vendor.find)
    assert 3 <= vendor.time.now() < 3.5


def test_nothing_is_sent_after_a_stop():
    vendor = Vendor()
    vendor.stop_at = 0
    with pytest.raises(Cancelled):
        vendor.policy().send(MAKE)
    assert vendor.calls == []


def test_short_waits_are_not_worth_a_word():
    told = []
    desk = Desk(waiting=lambda why, seconds: told.append(why), time=FakeTime())
    desk.wait(0.9, "short")
    desk.wait(0, "none")
    desk.wait(1, "long")
    assert told == ["long"]
