"""One function for each command; the name of the function is the name of the command."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from chatbuilder import pipeline
from chatbuilder.blueprint import to_data
from chatbuilder.cli import output
from chatbuilder.cli.building import apply, config_of, repair
from chatbuilder.cli.chats import (
    chats,
    chats_project,
    chats_projects,
    chats_restore,
    chats_rm,
    chats_show,
    counted,
    search,
)
from chatbuilder.cli.completion import completion
from chatbuilder.cli.figures import stats
from chatbuilder.cli.helping import help_
from chatbuilder.cli.history import jobs, jobs_show, log
from chatbuilder.cli.importing import import_chats
from chatbuilder.cli.moving import move
from chatbuilder.cli.opening import newest_draft, resume, wizard
from chatbuilder.cli.serving import serve
from chatbuilder.cli.syncing import sync
from chatbuilder.cli.tokens import token_check, token_help, token_list, token_rm, token_set
from chatbuilder.errors import ExitCode, InputError

if TYPE_CHECKING:
    from chatbuilder.blueprint import Finding
    from chatbuilder.config import Config


def call(arguments: Namespace) -> int:
    """Run the command that was asked for and return the exit code."""
    return _COMMANDS[arguments.command](arguments)


def drafts(arguments: Namespace) -> int:
    """List saved sessions."""
    found = pipeline.drafts()
    if arguments.json:
        output.as_json([asdict(info) for info in found])
        return ExitCode.DONE
    for info in found:
        if info.problem:
            output.note(info.problem)
    good = [info for info in found if not info.problem]
    rows = [(i.id, i.name, i.platform, i.step, i.saved, "open elsewhere" if i.locked else "") for i in good]
    output.table(
        ("Draft", "Name", "Platform", "Step", "Saved", ""), rows, "No saved sessions. `chatbuilder` starts one."
    )
    return ExitCode.DONE


def drafts_rm(arguments: Namespace) -> int:
    """Remove a saved session."""
    pipeline.delete_draft(arguments.draft)
    if arguments.json:
        output.as_json({"removed": arguments.draft})
    else:
        output.line(f"Draft {arguments.draft} is removed.")
    return ExitCode.DONE


def answers_help(arguments: Namespace) -> int:
    """Print what `answers` can do."""
    arguments.parser.print_help()
    return ExitCode.USAGE


def answers_check(arguments: Namespace) -> int:
    """Validate answers; every problem at once."""
    try:
        config = pipeline.load_answers(arguments.file)
    except InputError as error:
        if arguments.json:
            output.as_json({"valid": False, "problems": list(error.problems) or [error.message]})
        raise
    findings = pipeline.preview(config.data()).findings
    if arguments.json:
        output.as_json({"valid": True, "problems": [], "findings": to_data(findings)})
    else:
        output.line(f"{arguments.file}: valid, for {config.platform}.")
        _print_findings(findings)
    return ExitCode.DONE


def _print_findings(findings: tuple[Finding, ...]) -> None:
    for item in findings:
        mark = "!" if item.level == "warning" else "-"
        output.line(f"{mark} {item.title}. {item.reason} {item.suggestion}")


def answers_show(arguments: Namespace) -> int:
    """Print a draft's answers."""
    answers = _draft_answers(arguments.draft or newest_draft())
    if arguments.json:
        output.as_json(answers)
    else:
        output.line(pipeline.raw_toml(answers).rstrip())
    return ExitCode.DONE


def _draft_answers(draft_id: str) -> dict[str, object]:
    draft = pipeline.peek_draft(draft_id)
    return {"version": 1, **draft.answers}


def answers_share(arguments: Namespace) -> int:
    """Print a share token."""
    source = arguments.answers or arguments.source or newest_draft()
    if arguments.answers or not pipeline.has_draft(source):
        config = pipeline.load_answers(source)
    else:
        config = pipeline.check(_draft_answers(source))
    token = pipeline.share(config)
    if arguments.json:
        output.as_json({"token": token})
    else:
        output.line(token)
    return ExitCode.DONE


def build(arguments: Namespace) -> int:
    """Export the solution."""
    config = pipeline.load_answers(arguments.answers)
    report = pipeline.export(pipeline.build(config), config, arguments.out, zipped=arguments.zip)
    if arguments.json:
        output.as_json(asdict(report))
        return ExitCode.DONE
    counts = {
        "written": report.written,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "removed": report.removed,
    }
    done = ", ".join(f"{len(names)} {word}" for word, names in counts.items() if names)
    output.line(f"{report.place}: {done or 'nothing written'}.")
    for name in (*report.written, *report.updated) if arguments.zip else ():
        output.line(f"The zip is {name}.")
    for name in report.kept:
        output.line(f"kept yours: {name} (changed since the last export, or not from chatbuilder)")
    output.line("Start with README.md there." if not arguments.zip else "Unpack it and start with README.md.")
    return ExitCode.DONE


def show(arguments: Namespace) -> int:
    """Show one part of the solution."""
    config = pipeline.load_answers(arguments.answers)
    solution = pipeline.build(config)
    if arguments.part == "plan":
        return _print_plan(config, as_json=arguments.json)
    if arguments.part == "files":
        files = pipeline.package(solution, config)
        if arguments.json:
            output.as_json([{"path": name, "bytes": len(data)} for name, data in files.items()])
        else:
            output.table(("File", "Bytes"), [(name, f"{len(data):,}") for name, data in files.items()], "")
        return ExitCode.DONE
    if arguments.part == "design":
        if arguments.json:
            output.as_json(to_data(solution.blueprint))
        else:
            output.markdown(pipeline.design_text(solution.blueprint))
        return ExitCode.DONE
    if arguments.json:
        output.as_json({"title": solution.guide.title, "markdown": solution.guide.markdown})
    else:
        output.markdown(solution.guide.markdown)
    return ExitCode.DONE


def plan(arguments: Namespace) -> int:
    """List every step."""
    return _print_plan(config_of(arguments), as_json=arguments.json)


def _print_plan(config: Config, *, as_json: bool) -> int:
    found = pipeline.changes(config)
    if as_json:
        output.as_json(found.plan.data())
        return ExitCode.DONE
    states = {part.key: _WORDS[part.kind] for part in found.parts if part.key} if found.exists else {}
    rows = [
        (str(n), step.kind, shortened(step.title), states.get(step.key, "")) for n, step in enumerate(found.plan, 1)
    ]
    output.table(("", "Kind", "Step", "Now" if found.exists else ""), rows, "Nothing to deliver.")
    if kept := [part.title for part in found.parts if part.kind == "kept"]:
        output.line("\nNot asked for any more, and kept:")
        for title in kept:
            output.line(f"- {title}")
    if manual := pipeline.build(config).manual:
        output.line("\nBy hand afterwards: " + "; ".join(step.title for step in manual))
    output.line("\n`--json` prints every payload. Nothing was sent.")
    return ExitCode.DONE


def shortened(title: str) -> str:
    """Return a title that leaves a table its shape: what a change does to a table may be many lines long."""
    return title if len(title) <= WIDEST else f"{title[: WIDEST - 1].rstrip()}…"


WIDEST = 90  # columns of a title in a table
_WORDS = {"new": "new", "changed": "changes", "there": "already there", "kept": "kept"}


def systems(arguments: Namespace) -> int:
    """List systems."""
    found = pipeline.systems()
    if arguments.json:
        output.as_json([asdict(info) for info in found])
    else:
        rows = [(s.id, s.name, s.platform, s.status, s.place) for s in found]
        output.table(
            ("System", "Name", "Platform", "Status", "Place"), rows, "No systems yet. `chatbuilder` builds one."
        )
    return ExitCode.DONE


def verify(arguments: Namespace) -> int:
    """Compare a system with what was built."""
    found = pipeline.verify(arguments.system)
    bad = [item for item in found if item.state in ("missing", "not finished")]
    if arguments.json:
        output.as_json([asdict(item) for item in found])
    else:
        changed = [item for item in found if item.state != "same"]
        whole = "It is as it was built." if len(found) == 1 else f"All {len(found)} parts are as built."
        output.table(("State", "Step"), [(item.state, item.title) for item in changed], whole)
        if bad:
            output.line(f"Next: `chatbuilder repair {arguments.system}` puts back what is missing.")
    return ExitCode.PARTLY if bad else ExitCode.DONE


def destroy(arguments: Namespace) -> int:
    """Take a system down."""
    if not arguments.yes and not output.agreed(f"Take down {arguments.system}? What you edited stays."):
        output.note("Nothing was changed.")
        return ExitCode.DONE
    taken = pipeline.destroy(arguments.system)
    kept = [item for item in taken if not item.removed]
    if arguments.json:
        output.as_json(
            {"system": arguments.system, "removed": len(taken) - len(kept), "kept": [asdict(k) for k in kept]}
        )
        return ExitCode.DONE
    output.line(f"{len(taken) - len(kept)} parts removed, {len(kept)} kept.")
    for item in kept:
        output.line(f"kept: {item.title} ({item.why})")
    return ExitCode.DONE


def doctor(arguments: Namespace) -> int:
    """Check everything chatbuilder needs."""
    found = pipeline.doctor(online=arguments.online)
    if arguments.json:
        output.as_json([asdict(item) for item in found])
        return pipeline.exit_code(found)
    for item in found:
        mark = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}[item.state]
        output.line(f"{mark}  {item.name}: {item.text}")
        if item.state != "ok":
            output.line(f"         Why: {item.why}.")
        if item.hint:
            output.line(f"         Next: {item.hint}")
    problems, notes = (sum(item.state == state for item in found) for state in ("problem", "note"))
    good = "Everything that is needed is there" if not problems else f"{counted(problems, 'problem')} to solve"
    more = f"; {counted(notes, 'note')} on what you may want" if notes else ""
    output.line(f"\n{good}{more}.")
    return pipeline.exit_code(found)


_ALL: tuple[Callable[[Namespace], int], ...] = (
    wizard, resume, drafts, drafts_rm, answers_help, answers_check, answers_show, answers_share, build, show, plan,
    apply, systems, verify, repair, destroy, token_help, token_set, token_list, token_check, token_rm, jobs, jobs_show,
    log, completion, doctor, import_chats, chats, chats_show, chats_rm, chats_restore, chats_projects, chats_project,
    search, stats, sync, move, serve, help_,
)  # fmt: skip
_COMMANDS = {function.__name__: function for function in _ALL}
