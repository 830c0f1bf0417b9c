"""`log` and `jobs`: what was done, when and to what, in plain words, newest first."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chatbuilder import pipeline
from chatbuilder.cli import output
from chatbuilder.cli.chats import counted
from chatbuilder.errors import ExitCode

if TYPE_CHECKING:
    from chatbuilder.pipeline import Job, Past

PAGE = 50  # entries on a screen when no limit is given
Entry = Mapping[str, Any]


def log(arguments: Namespace) -> int:
    """Show the audit log."""
    found = pipeline.log(_past(arguments))
    shown = _page(found, arguments)
    if arguments.json:
        output.as_json(shown)
        return ExitCode.DONE
    rows = [(_time(entry.get("at")), sentence(entry)) for entry in shown]
    output.table(("When (UTC)", "What was done"), rows, _nothing(arguments, "Nothing was changed yet."))
    _tell_rest(found, shown)
    return ExitCode.DONE


def jobs(arguments: Namespace) -> int:
    """List provisioning jobs."""
    found = pipeline.jobs(_past(arguments))
    shown = _page(found, arguments)
    if arguments.json:
        output.as_json([job.data() for job in shown])
        return ExitCode.DONE
    rows = [
        (job.id, job.system, _state(job, stopped=pipeline.is_stopped(job)), _time(job.started), _took(job))
        for job in shown
    ]
    headers = ("Job", "System", "What came of it", "Started (UTC)", "Took")
    output.table(headers, rows, _nothing(arguments, "No jobs yet."))
    _tell_rest(found, shown)
    if any(job.error for job in shown):
        output.line("\n`chatbuilder jobs show JOB` tells what went wrong and what to do next.")
    return ExitCode.DONE


def jobs_show(arguments: Namespace) -> int:
    """Show one job with everything that is known of it."""
    report = pipeline.job(arguments.job)
    if arguments.json:
        output.as_json(report.data())
        return ExitCode.DONE
    job, result = report.job, report.job.result
    output.line(f"{job.id}: {_state(job, stopped=report.stopped)}")
    lines = [
        ("System", f"{job.system}{f' ({report.name})' if report.name else ''}"), ("Platform", job.platform),
        ("Started", f"{_time(job.started)} UTC"), ("Took", _took(job)),
        ("Calls", f"{result['calls']:,}" if result.get("calls") else ""), ("Place", result.get("place", "")),
        ("Opens with", result.get("url", "")),
        ("Steps", ", ".join(f"{n} {_STEPS.get(state, state)}" for state, n in report.states.items())),
    ]  # fmt: skip
    for name, text in lines:
        if text:
            output.line(f"  {name + ':':<12}{text}")
    for state, title in report.open:
        output.line(f"  {_STEPS[state]}: {title}")
    for text in _trouble(job, stopped=report.stopped):
        output.line(text)
    return ExitCode.DONE


def _trouble(job: Job, *, stopped: bool) -> list[str]:
    if stopped:
        return ["Kept: everything built so far.", "Next: run `chatbuilder apply` again: it goes on from there."]
    error = job.error or {}
    if not error:
        return []
    problems = [f"  - {problem}" for problem in error.get("problems", ())]
    return [
        f"{error.get('title', 'Failed')}: {error.get('message', '')}", *problems, f"Kept: {error.get('kept', '')}",
        f"Next: {error.get('hint', '')}",
    ]  # fmt: skip


_STEPS = {"done": "done", "failed": "refused", "intent": "begun and not finished", "removed": "removed",
          "skipped": "left out by the platform"}  # fmt: skip


def _state(job: Job, *, stopped: bool) -> str:
    if stopped:
        return "stopped before its end"
    words = {"running": "running now", "completed": "built", "cancelled": "stopped by you", "pending": "waiting"}
    if job.status == "failed":
        return f"failed: {(job.error or {}).get('title', 'unknown cause')}"
    steps = job.result.get("steps")
    return words[job.status] + (f", {counted(steps, 'step')}" if job.status == "completed" and steps else "")


def _took(job: Job) -> str:
    try:
        seconds = (datetime.fromisoformat(job.finished or "") - datetime.fromisoformat(job.started)).total_seconds()
    except ValueError:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _past(arguments: Namespace) -> Past:
    return pipeline.Past(
        pipeline.read_date(arguments.since) if arguments.since else None,
        pipeline.read_date(arguments.before) if arguments.before else None, arguments.system,
    )  # fmt: skip


def _page(found: list[Any], arguments: Namespace) -> list[Any]:
    limit = arguments.limit if arguments.limit is not None else 0 if arguments.json else PAGE
    return found[:limit] if limit else found


def _nothing(arguments: Namespace, words: str) -> str:
    return "Nothing fits." if arguments.since or arguments.before or arguments.system else words


def _tell_rest(found: list[Any], shown: list[Any]) -> None:
    if rest := len(found) - len(shown):
        output.line(f"\n{counted(rest, 'older line')}: `--limit 0` shows all, `--before DATE` those before a day.")


def _time(at: object) -> str:
    return str(at or "").replace("T", " ").removesuffix("Z")


def sentence(entry: Entry) -> str:
    """Return one entry of the audit log as a sentence; one of another version as it stands."""
    make = _SENTENCES.get(str(entry.get("action")))
    try:
        return make(entry) if make else _plain(entry)
    except (KeyError, TypeError, ValueError):
        return _plain(entry)


def _plain(entry: Entry) -> str:
    rest = ", ".join(f"{key}={value}" for key, value in entry.items() if key not in ("at", "action"))
    return f"{entry.get('action', 'unknown')}: {rest}" if rest else str(entry.get("action", "unknown"))


def _numbers(entry: Entry, **words: str) -> str:
    """Return the numbers that are not zero with their words."""
    return ", ".join(f"{entry[key]:,} {text}" for key, text in words.items() if entry.get(key))


def _calls(entry: Entry) -> str:
    calls = f", {counted(entry['calls'], 'call')}" if entry.get("calls") else ""
    return calls + (f", {entry['seconds']:.0f} s" if entry.get("seconds") else "")


def _built(entry: Entry) -> str:
    verb, doing = ("Repaired", "Repairing") if entry["action"] == "repair" else ("Built", "Building")
    steps = f"{counted(entry['steps'], 'step')}{_calls(entry)}"
    if entry["status"] == "completed":
        return f"{verb} {entry['system']}: {steps}."
    if entry["status"] == "cancelled":
        return f"{doing} {entry['system']} was stopped by you after {steps}."
    why = f": {entry['error']}" if entry.get("error") else ""
    return f"{doing} {entry['system']} failed after {steps}{why}. See `chatbuilder jobs show {entry['job']}`."


def _synced(entry: Entry) -> str:
    counts = _numbers(
        entry, created="new", updated="changed", unchanged="unchanged", skipped="left to you", failed="not written"
    )
    done = f"{counts or ('nothing written' if entry.get('error') else 'nothing to do')}{_calls(entry)}"
    if entry.get("error"):
        return f"Syncing {entry['system']} ended early ({entry['error']}): {done}."
    return f"Synced {entry['system']}: {done}."


def _destroyed(entry: Entry) -> str:
    counts = _numbers(entry, removed="removed", kept="kept as yours", failed="could not be removed")
    return f"Took down {entry['system']}: {counts or 'nothing was there'}."


def _imported(entry: Entry) -> str:
    counts = _numbers(entry, imported="new", updated="changed", unchanged="unchanged", quarantined="quarantined")
    early = f" ended early ({entry['error']})" if entry.get("error") else ""
    return f"Import of chats{early}: {counts or 'nothing found'}."


def _exported(entry: Entry) -> str:
    counts = _numbers(entry, written="written", updated="updated", removed="removed", kept="kept as yours")
    return f"Wrote the files for {entry['platform']} to {entry['place']}: {counts or 'nothing had changed'}."


def _token(entry: Entry) -> str:
    kept = "Kept" if entry["action"] == "token set" else "Removed"
    account = f" (account {entry['account']})" if entry.get("account") else ""
    return f"{kept} a token for {entry['platform']}{account}."


_SENTENCES: dict[str, Callable[[Entry], str]] = {
    "apply": _built, "repair": _built, "sync": _synced, "destroy": _destroyed, "import": _imported,
    "export": _exported, "token set": _token, "token rm": _token,
    "chats deleted": lambda entry: f"Deleted {counted(entry['chats'], 'chat')} from the library.",
}  # fmt: skip
