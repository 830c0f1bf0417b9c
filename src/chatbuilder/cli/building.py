"""`apply` and `repair`: runs with progress on stderr, stopped cleanly by Ctrl-C or SIGTERM."""

from __future__ import annotations

import contextlib
import os
import signal
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chatbuilder import pipeline
from chatbuilder.cli import output
from chatbuilder.errors import ExitCode

if TYPE_CHECKING:
    from chatbuilder.config import Config


class Stop:
    """Whether somebody asked to stop. The first Ctrl-C ends the run after the present step, the second at once."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self) -> bool:
        """Tell whether to stop before the next step."""
        return self.asked

    def handle(self, *_: Any) -> None:
        """Take a signal."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        # Not through sys.stderr, which may be in the middle of a write.
        with contextlib.suppress(OSError):
            os.write(2, b"Stopping after this step; press Ctrl-C again to stop at once.\n")


@contextmanager
def stop_by_signal() -> Iterator[Stop]:
    """Catch SIGINT and SIGTERM for the length of a run."""
    stop = Stop()
    before = {number: signal.signal(number, stop.handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def apply(arguments: Namespace) -> int:
    """Build the system."""
    config = pipeline.load_answers(arguments.answers)
    if not arguments.yes and not _agreed(config):
        output.note("Nothing was changed.")
        return ExitCode.DONE
    with stop_by_signal() as stop:
        job = pipeline.apply(config, on_event=_tell, cancelled=stop)
    return _report(job, as_json=arguments.json)


def repair(arguments: Namespace) -> int:
    """Put back what is missing."""
    with stop_by_signal() as stop:
        job = pipeline.repair(arguments.system, on_event=_tell, cancelled=stop)
    return _report(job, as_json=arguments.json)


def _agreed(config: Config) -> bool:
    report = pipeline.inspect_target(pipeline.with_target(config))
    if not report.ready:  # apply says why, with the right exit code
        return True
    steps = len(pipeline.build(config).plan.steps)
    output.note(f"{steps} steps to {report.place}.")
    for text in report.notes:
        output.note(f"- {text}")
    for text in report.merges:
        output.note(f"- adds to your {text}; `destroy` takes it out again")
    return output.agreed("Build it?")


def _tell(event: pipeline.Event) -> None:
    match event:
        case pipeline.StepDone(title=title, index=index, total=total, note=note):
            output.note(f"[{index}/{total}] {title}" + (f" ({note})" if note else ""))
        case pipeline.StepFailed(title=title, index=index, total=total, message=message):
            output.note(f"[{index}/{total}] FAILED {title}: {message}")
        case _:
            pass


def _report(job: pipeline.Job, *, as_json: bool) -> int:
    if as_json:
        output.as_json(job.data())
    elif job.status == "completed":
        output.line(f"Built: {job.result['place']}")
        output.line(f"Opens with: {job.result['url']}")
        for text in job.result["next"]:
            output.line(f"- {text}")
        for text in job.result["kept"]:
            output.line(f"kept yours: {text}")
        if job.result["by_hand"]:
            output.line("To do by hand (the guide tells how): " + "; ".join(job.result["by_hand"]))
    if job.status == "cancelled":
        output.note(f"Stopped after {job.result['steps']} of {job.result['of']} steps; apply again to go on.")
        return ExitCode.INTERRUPTED
    return _failed(job) if job.status == "failed" else ExitCode.DONE


def _failed(job: pipeline.Job) -> int:
    error = job.error or {}
    output.note(f"{error.get('title', 'Failed')}: {error.get('message', '')}")
    for problem in error.get("problems", ()):
        output.note(f"  - {problem}")
    output.note(f"Kept: {job.result['steps']} of {job.result['of']} steps are done and stay.")
    output.note(f"Next: {error.get('hint') or 'apply again: it goes on from here.'}")
    return ExitCode.PARTLY if job.result["steps"] else int(error.get("exit_code", ExitCode.REFUSED))
