"""Sending calls so that nothing is done twice and nothing is given up too early: one place for all vendors."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from chatbuilder.errors import ChatbuilderError, RefusedError, UnavailableError
from chatbuilder.provision.outside.calls import Answer, Call, NoAnswer, NotSent, Transport
from chatbuilder.provision.outside.desk import Desk, Met, Outcome
from chatbuilder.provision.outside.limits import Pacer

Found = TypeVar("Found")
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds
TRIES = 8  # of one call that the vendor keeps putting off
FIRST_TRIES = 6  # of the calls by which a run makes sure of token and place: nothing is begun yet, so it tells sooner
FIRST_PATIENCE = 10.0  # seconds, the same
PATIENCE = 180.0  # seconds without a network before a run gives up; what is done stays
ASKED = 120.0  # seconds: a vendor that asks for a longer wait is one that refuses for now
SETTLE = (0.0, 1.0)  # seconds before each look for what a call in doubt may have made
SETTLE_LATE = (0.0, 2.0, 5.0, 15.0)  # the same when the vendor may still be at it


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer means, as the vendor's own rules say (each provisioner brings its `judge`).

    done: take it. again: it was not done, send it again (`after` seconds, when the vendor names a time).
    doubt: it may have been done all the same. refused: raise `error`.
    """

    kind: Literal["done", "again", "doubt", "refused"]
    why: str = ""
    after: float | None = None
    error: ChatbuilderError | None = None


DONE = Verdict("done")
_OUTCOMES: Mapping[str, Outcome] = {"done": "done", "again": "limited", "doubt": "failed", "refused": "refused"}
Judge = Callable[[Call, Answer], Verdict]


class InDoubt(Exception):
    """A call that may not be repeated blindly got no answer, or one that does not say whether it was done.

    `answer` is what came, if anything did: a vendor may name in it what it committed. `late`: it may still be done.
    """

    def __init__(self, call: Call, why: str, answer: Answer | None = None, *, late: bool = False) -> None:
        super().__init__(why)
        self.call = call
        self.why = why
        self.answer = answer
        self.late = late


@dataclass(frozen=True, slots=True)
class Policy:
    """Sends calls to one vendor: paced, retried where that is safe, stoppable at any time.

    Raises `Cancelled`, `InDoubt` (only for calls that are not safe to repeat), the error of the vendor's judge, and
    `UnavailableError` (a `RefusedError`) when the vendor or the network stays away.
    """

    vendor: str
    transport: Transport
    pacer: Pacer
    judge: Judge
    desk: Desk = field(default_factory=Desk)
    patience: float = PATIENCE
    tries: int = TRIES
    reads: Pacer | None = None
    """The pacer of calls that only read, where a vendor counts them on their own; `pacer` is then that of writes."""

    def for_first_contact(self) -> Policy:
        """Return the policy of the calls before anything is made: who is there is told soon, and who is not, too."""
        return replace(self, patience=FIRST_PATIENCE, tries=FIRST_TRIES)

    def send(self, call: Call, again: bool = False) -> Answer:
        """Return the answer to a call once the vendor has taken it; `again`: an earlier try of it was in doubt."""
        tries = 0
        while True:
            try:
                answer, seconds = self._sent(call, again=again or tries > 0)
            except NoAnswer as lost:
                if not call.safe:
                    raise InDoubt(call, str(lost), late=lost.late) from None
                verdict = Verdict("doubt", f"{self.vendor} did not answer")
            else:
                verdict = self.judge(call, answer)
                self._met(call, _OUTCOMES[verdict.kind], seconds, again=again or tries > 0)
                if verdict.kind == "done":
                    return answer
                if verdict.kind == "refused":
                    raise verdict.error or self._refused(verdict.why)
                if verdict.kind == "doubt" and not call.safe:
                    raise InDoubt(call, verdict.why, answer)
            tries += 1
            # Who is asked to come again later has met the vendor; nobody knows whom silence and errors come from.
            if tries >= (TRIES if verdict.kind == "again" else self.tries):
                raise self.gave_up(verdict.why, tries)
            self._put_off(call, verdict, tries)

    def make(self, call: Call, find: Callable[[InDoubt], Found | None]) -> Answer | Found:
        """Send a call that creates something; when it is in doubt look for what it made before it is sent again.

        `find` returns what the call made, None when it is not there.
        """
        why = ""
        for tries in range(1, self.tries + 1):
            try:
                return self.send(call, tries > 1)
            except InDoubt as doubt:
                why = doubt.why
                if (found := self._look(find, doubt)) is not None:
                    return found
            if tries < self.tries:
                self.desk.wait(_backoff(tries), f"{why}; trying again")
        raise self.gave_up(why, self.tries)

    def gave_up(self, why: str, tries: int) -> UnavailableError:
        """Return the error of a call that was tried often enough."""
        return UnavailableError(
            f"{self.vendor} did not take the request after {tries} tries: {why}.",
            title=f"{self.vendor} is not available", kept="everything built so far.",
            hint="wait some minutes and run it again: it goes on from here.",
        )  # fmt: skip

    def _refused(self, why: str) -> RefusedError:
        return RefusedError(
            f"{self.vendor} refused it: {why}.", title=f"{self.vendor} refused", kept="everything built so far.",
            hint="mend the cause and run it again: it goes on from here.",
        )  # fmt: skip

    def _sent(self, call: Call, *, again: bool) -> tuple[Answer, float]:
        """Send a call as soon as there is a turn and a network; the answer comes with the seconds that it took."""
        since, losses = None, 0
        while True:
            try:
                with self._pacer_of(call).turn(self.desk, f"{self.vendor} allows no more calls at the moment"):
                    self.desk.check()
                    return self._answered(call, again=again)
            except NotSent as lost:
                losses += 1
                since = self._no_network(since, lost, losses)

    def _answered(self, call: Call, *, again: bool) -> tuple[Answer, float]:
        begin = self.desk.time.now()
        try:
            return self.transport.send(call), self.desk.time.now() - begin
        except (NotSent, NoAnswer, ChatbuilderError) as error:  # the last: the vendor's sign-in said no
            kinds: Mapping[type[Exception], Outcome] = {NotSent: "unreached", NoAnswer: "lost"}
            self._met(call, kinds.get(type(error), "refused"), self.desk.time.now() - begin, again=again)
            raise

    def _met(self, call: Call, outcome: Outcome, seconds: float, *, again: bool) -> None:
        self.desk.met(Met(self.vendor, outcome, seconds, call.reads, again))

    def _look(self, find: Callable[[InDoubt], Found | None], doubt: InDoubt) -> Found | None:
        for seconds in SETTLE_LATE if doubt.late else SETTLE:
            self.desk.wait(seconds, f"looking whether {self.vendor} did it")
            if (found := find(doubt)) is not None:
                return found
        return None

    def _pacer_of(self, call: Call) -> Pacer:
        return self.reads if self.reads is not None and call.reads else self.pacer

    def _put_off(self, call: Call, verdict: Verdict, tries: int) -> None:
        if not verdict.after:
            self.desk.wait(_backoff(tries), f"{verdict.why}; trying again")
            return
        if verdict.after > ASKED:
            raise UnavailableError(
                f"{self.vendor} asks to wait {verdict.after:.0f} seconds: {verdict.why}.",
                title=f"{self.vendor} is not available", kept="everything built so far.",
                hint="run it again after that time: it goes on from here.",
            )  # fmt: skip
        # What the vendor asks of one call it asks of all that share the limit.
        self._pacer_of(call).hold(self.desk, verdict.after)
        self.desk.wait(verdict.after, verdict.why)

    def _no_network(self, since: float | None, lost: NotSent, losses: int) -> float:
        """Wait for the network; returns since when there is none."""
        now = self.desk.time.now()
        since = now if since is None else since
        if now - since >= self.patience:
            raise UnavailableError(
                f"{self.vendor} could not be reached for {self.patience:.0f} seconds: {lost}.",
                title="No connection", kept="everything built so far.",
                hint="check the network and run it again: it goes on from here.",
            )  # fmt: skip
        wait = min(_backoff(losses), since + self.patience - now)
        self.desk.wait(wait, f"no connection to {self.vendor}; trying again")
        return since


def _backoff(tries: int) -> float:
    """Return seconds that double with each try, with half of them by chance so that callers do not march in step."""
    seconds = min(FIRST_WAIT * 2.0 ** (tries - 1), LONGEST_WAIT)
    return float(seconds * (0.5 + random.random() / 2))  # noqa: S311  (spreads retries; no secret)
