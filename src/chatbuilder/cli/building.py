"""`apply` and `repair`: runs with progress on stderr, stopped cleanly by Ctrl-C or SIGTERM."""

from __future__ import annotations

import contextlib
import math
import os
import signal
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chatbuilder import pipeline
from chatbuilder.catalog import PLATFORMS
from chatbuilder.cli import output
from chatbuilder.errors import ExitCode

if TYPE_CHECKING:
    from chatbuilder.config import Config


class Stop:
    """Whether somebody asked to stop. The first Ctrl-C ends the run as soon as it can, the second at once."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self) -> bool:
        """Tell whether to stop."""
        return self.asked

    def handle(self, *_: Any) -> None:
        """Take a signal."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        # Not through sys.stderr, which may be in the middle of a write.
        with contextlib.suppress(OSError):
            os.write(2, b"Stopping; press Ctrl-C again to stop at once.\n")


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


def config_of(arguments: Namespace) -> Config:
    """Return the answers, with the account that was named beside them. Raises `InputError`."""
    config = pipeline.load_answers(arguments.answers)
    if arguments.account is None:
        return config
    data = config.data()
    return pipeline.check({**data, "target": {**data.get("target", {}), "account": arguments.account}})


def apply(arguments: Namespace) -> int:
    """Build the system."""
    config = config_of(arguments)
    if not arguments.yes and not _agreed(config, tidy=arguments.tidy):
        output.note("Nothing was changed.")
        return ExitCode.DONE
    with stop_by_signal() as stop:
        job = pipeline.apply(config, on_event=tell, cancelled=stop, tidy=arguments.tidy)
    return report_job(job, as_json=arguments.json)


def repair(arguments: Namespace) -> int:
    """Put back what is missing."""
    with stop_by_signal() as stop:
        job = pipeline.repair(arguments.system, on_event=tell, cancelled=stop)
    return report_job(job, as_json=arguments.json)


def _agreed(config: Config, *, tidy: bool) -> bool:
    report = pipeline.inspect_target(pipeline.with_target(config))
    if not report.ready:  # apply says why, with the right exit code
        return True
    output.note(f"{_size(pipeline.changes(config))} to {report.place}.")
    for item in pipeline.leftovers(config) if tidy else ():
        what = "stays, because you edited it" if item.edited else "is removed"
        output.note(f"- {item.title}: not asked for any more; it {what}")
    for text in report.notes:
        output.note(f"- {text}")
    for text in report.merges:
        output.note(f"- adds to your {text}; `destroy` takes it out again")
    return output.agreed("Build it?")


def _size(changes: pipeline.Changes) -> str:
    """Say how much there is to do."""
    if not changes.exists:
        return f"{len(changes.plan.steps)} steps"
    counts = Counter(part.kind for part in changes.parts)
    return f"{counts['new']} new and {counts['changed']} changed steps ({counts['there']} are there already)"


def tell(event: pipeline.Event) -> None:
    """Print what a build does, step by step."""
    match event:
        case pipeline.StepDone(title=title, index=index, total=total, note=note):
            output.note(f"[{index}/{total}] {title}" + (f" ({note})" if note else ""))
        case pipeline.StepFailed(title=title, index=index, total=total, message=message):
            output.note(f"[{index}/{total}] FAILED {title}: {message}")
        case pipeline.StepWaiting(title=title, why=why, seconds=seconds):
            output.note(f"waiting{f' with {title}' if title else ''}: {why}, up to {math.ceil(seconds)} s")
        case _:
            pass


def report_job(job: pipeline.Job, *, as_json: bool) -> int:
    """Print how a build ended, and return the exit code."""
    if as_json:
        output.as_json(job.data())
    elif job.status == "completed":
        output.line(f"Built: {job.result['place']}")
        output.line(f"Opens with: {job.result['url']}")
        for text in job.result["next"]:
            output.line(f"- {text}")
        _report_parts(job)
        if job.result["by_hand"]:
            output.line("To do by hand (the guide tells how): " + "; ".join(job.result["by_hand"]))
    return ended(job)


def ended(job: pipeline.Job) -> int:
    """Say why a build ended early, if it did, and return the exit code."""
    if job.status == "cancelled":
        output.note(f"Stopped after {job.result['steps']} of {job.result['of']} steps; apply again to go on.")
        return ExitCode.INTERRUPTED
    return _failed(job) if job.status == "failed" else ExitCode.DONE


def _report_parts(job: pipeline.Job) -> None:
    for text in job.result["kept"]:
        output.line(text if ": left out: " in text else f"kept yours: {text}")
    for text in job.result.get("removed", ()):
        output.line(f"removed: {text}")
    left = job.result.get("left", ())
    for text in left:
        output.line(f"not asked for any more, and kept: {text}")
    if left and PLATFORMS[job.platform].kind == "local":
        output.line("`chatbuilder apply --tidy` removes those that you did not edit.")


def _failed(job: pipeline.Job) -> int:
    error = job.error or {}
    output.note(f"{error['title']}: {error['message']}")
    for problem in error["problems"]:
        output.note(f"  - {problem}")
    output.note(f"Kept: {job.result['steps']} of {job.result['of']} steps are done and stay.")
    output.note(f"Next: {error['hint'] or 'apply again: it goes on from here.'}")
    return int(error["exit_code"])
