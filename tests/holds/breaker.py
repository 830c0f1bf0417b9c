"""Breaks flows at every moment of them, and says what does not hold.

Run as: python -m tests.holds.breaker FOLDER KIND STRIDE FLOW…; prints one JSON document. KIND is `kill`, `room` (no
file may grow beyond so many bytes) or an error of the system: ENOSPC, EROFS, EACCES, EIO; with `once` behind it, as in
`EIO-once`, only one call fails.
"""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from tests.holds.flows import FLOWS, Flow, Stage, differences, look, said, state
from tests.holds.moments import Ended, expect, fork, watch

# What is told has to name the cause, so that the person knows what to mend.
CAUSES = {"ENOSPC": ("No space", "full"), "EROFS": ("ead-only", "readonly"), "EACCES": ("denied", "readonly"),
          "EIO": ("nput/output", "I/O"), "room": ("too large", "full", "I/O", "malformed", "Bad file")}  # fmt: skip
# Progress may come before it: what happened, what was kept, what to do next.
WHOLE = re.compile(r"^\S.*: .+\n(?:.*\n)*Kept: .+\n(?:.*\n)*Next: .+", re.M)
KEPT_CODES = {3, 4, 5, 6}  # an error that a person can do something about
ROOMS = (1, 200, 2_000, 8_000, 40_000, 150_000, 400_000)


def trial(stage: Stage, flow: Flow, kind: str, stride: int, first: int) -> dict[str, Any]:
    """Break one flow at every stride-th moment; each time, see what is there and do it again."""
    stage.begin()
    expect(fork(lambda: flow.prepare(stage) and 0))
    stage.keep()
    calm_run = fork(lambda: flow.work(stage))
    expect(calm_run)
    calm = state(stage)
    failures: list[dict[str, Any]] = []
    broken = 0
    cases = [*ROOMS] if kind == "room" else range(first % stride, calm_run.moments, stride)
    for index in cases:
        stage.back()
        ended = _break(stage, flow, kind, index)
        if ended.done is not None and not ended.struck and kind != "room":
            continue
        broken += 1
        wrong = _after(stage, flow, calm, ended, kind)
        if wrong:
            failures.append({"moment": index, "of": calm_run.moments, "wrong": wrong})
    return {"moments": calm_run.moments, "broken": broken, "failures": failures}


def _break(stage: Stage, flow: Flow, kind: str, index: int) -> Ended:
    def work() -> int:
        return said(lambda: flow.work(stage))

    if kind == "kill":
        return fork(work, at=index)
    if kind == "room":
        return fork(work, room=index)
    name, _, once = kind.partition("-")
    return fork(work, at=index, fault=getattr(errno, name), once=bool(once))


def _after(stage: Stage, flow: Flow, calm: dict[str, Any], ended: Ended, kind: str) -> list[str]:
    wrong = []
    if ended.done is not None:
        code, err = ended.done.code, ended.done.err
        if code not in {0, *KEPT_CODES}:
            wrong.append(f"exit code {code}: {_crash(stage) or err[-1500:]}")
        elif code and not WHOLE.search(err):
            wrong.append(f"not a whole message: {_end(err)}")
        elif code and not any(cause in err for cause in CAUSES[kind.partition("-")[0]]):
            wrong.append(f"does not say why: {_end(err)}")
    try:
        state(stage)
        again = fork(lambda: flow.work(stage)).done
        if again is None or again.code not in flow.again:
            wrong.append(f"again: {again}")
        wrong += differences(calm, state(stage))
        if ended.done is not None and wrong and not ended.done.code:
            wrong.append("and it had said that all went well")
    except AssertionError as error:
        wrong.append(str(error)[-1500:])
    return wrong


def _end(err: str) -> str:
    return "\n".join(err.splitlines()[-4:])


def _crash(stage: Stage) -> str:
    place = stage.home / "logs" / "crash.log"
    return place.read_text("utf-8") if place.exists() else ""


def main() -> None:
    folder, kind, stride, *names = sys.argv[1:]
    stage = Stage(Path(folder))
    stage.begin()
    with redirect_stdout(sys.stderr):
        for flow in (FLOWS[name] for name in names):  # everything is imported from here on
            stage.begin()
            flow.prepare(stage)
            assert flow.work(stage) == 0
            look(stage)
    watch()
    report = {}
    for name in names:
        report[name] = trial(stage, FLOWS[name], kind, int(stride), len(name) + len(kind))
    print(json.dumps(report), file=sys.__stdout__)


if __name__ == "__main__":
    os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    main()
