"""`token`: keep, list, prove and remove tokens. They come from a silent prompt, a pipe or a file, never as words."""

from __future__ import annotations

import contextlib
import sys
from argparse import Namespace
from dataclasses import asdict

from chatbuilder import pipeline
from chatbuilder.cli import output
from chatbuilder.errors import ExitCode, InputError, UsageError

PIPE_LIMIT = 20_000  # characters: more than any token or credentials file


def token_help(arguments: Namespace) -> int:
    """Print what `token` can do."""
    arguments.parser.print_help()
    return ExitCode.USAGE


def token_set(arguments: Namespace) -> int:
    """Keep a token in the keyring."""
    platform, account = arguments.platform, arguments.account or ""
    if arguments.file is not None:
        _keep_file(arguments)
    else:
        pipeline.token_set(platform, _read(platform), account)
    if arguments.json:
        output.as_json({"platform": platform, "account": account, "where": "keyring"})
    else:
        what = f"The password of {account}" if platform == "custom" else f"The {platform} token"
        more = " --answers FILE" if platform == "custom" else f" --account {account}" if account else ""
        output.line(f"{what} is in your keyring. Next: `chatbuilder token check {platform}{more}`.")
    return ExitCode.DONE


def _keep_file(arguments: Namespace) -> None:
    if arguments.platform != "sheets":
        raise UsageError(
            "--file is for the credentials files of Google.", title="No file needed", kept="nothing was changed.",
            hint=f"run `chatbuilder token set {arguments.platform}` and paste the token.",
        )  # fmt: skip
    pipeline.token_file(arguments.file, arguments.account or "", open_browser=_agree)


def _agree(address: str) -> None:
    """Open the page of Google on which the person agrees; without a browser they open it themselves."""
    from chatbuilder.pipeline.connecting import open_page

    opened = open_page(address)
    output.note("Agree in the browser that opened." if opened else "Agree on this page, in a browser of this machine:")
    if not opened:
        output.note(address)
    output.note("Ctrl-C stops waiting for it.")


def _read(platform: str) -> str:
    if not output.is_terminal(sys.stdin):
        return _some(sys.stdin.read(PIPE_LIMIT + 1) if sys.stdin is not None else "")
    if platform == "sheets":
        raise UsageError(
            "Google gives a file, not a token to type.", title="File needed", kept="nothing was changed.",
            hint="run `chatbuilder token set sheets --file FILE` with the JSON file from Google.",
        )  # fmt: skip
    from getpass import getpass

    with contextlib.suppress(EOFError):
        return _some(getpass(f"{'Password' if platform == 'custom' else f'Token for {platform}'} (it is not shown): "))
    return _some("")


def _some(text: str) -> str:
    if text.strip() and len(text) <= PIPE_LIMIT:
        return text
    raise InputError(
        "That is too long for a token." if text.strip() else "There is no token in what was given.", title="No token",
        kept="the token from before.", hint="paste the token, or pipe it and nothing else.",
    )  # fmt: skip


def token_rm(arguments: Namespace) -> int:
    """Remove a token from the keyring."""
    platform, account = arguments.platform, arguments.account or ""
    removed = pipeline.token_rm(platform, account)
    if arguments.json:
        output.as_json({"platform": platform, "account": account, "removed": removed})
    else:
        output.line(f"The {platform} token is removed." if removed else "There was no such token in your keyring.")
    return ExitCode.DONE


def token_list(arguments: Namespace) -> int:
    """List the tokens that are there."""
    found = [info for info in pipeline.token_list() if arguments.platform in (None, info.platform)]
    if arguments.json:
        output.as_json([asdict(info) for info in found])
    else:
        rows = [(info.platform, info.account, info.where) for info in found]
        output.table(
            ("Platform", "Account", "Kept in"), rows, "No tokens yet. `chatbuilder token set notion` keeps one."
        )
    return ExitCode.DONE


def token_check(arguments: Namespace) -> int:
    """Ask the vendor what a token is good for."""
    platform, account, target = arguments.platform, arguments.account or "", {}
    if arguments.answers:
        config = pipeline.load_answers(arguments.answers)
        if config.platform != platform:
            raise UsageError(
                f"The answers are for {config.platform}.", title="Another platform", kept="nothing was changed.",
                hint=f"run `chatbuilder token check {config.platform}`.",
            )  # fmt: skip
        target = {key: value for key, value in config.data().get("target", {}).items() if key != "account"}
        account = account or config.target.account or ""
    found = pipeline.token_check(platform, account, target=target, waiting=_waits)
    if arguments.json:
        output.as_json({"platform": platform, "account": account, "usable": found.usable, **asdict(found)})
    else:
        _print(found)
    return ExitCode.DONE if found.usable else ExitCode.CREDENTIALS


def _waits(why: str, seconds: float) -> None:
    output.note(f"waiting: {why}, up to {seconds:.0f} s")


def _print(found: pipeline.Account) -> None:
    output.line(found.who)
    for title, lines in (("May", found.may), ("Limits", found.limits), ("Missing", found.next)):
        if lines:
            output.line(f"{title}:")
        for text in lines:
            output.line(f"- {text}")
    if found.usable:
        output.line("Ready to build.")
