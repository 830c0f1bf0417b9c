"""The commands and their options, as argparse: it is the fastest way to `--help` (see benchmarks)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TypeAlias

from chatbuilder import __version__
from chatbuilder.cli import chat_options, manual

SHELLS = ("bash", "zsh", "fish")
TOKENS = ("notion", "airtable", "sheets", "custom")

_EPILOG = f"""\
Start with `chatbuilder` alone: it opens the wizard.

{manual.examples("")}

exit codes:
{manual.table(manual.EXIT_CODES, 4)}

`chatbuilder help COMMAND` and `chatbuilder COMMAND --help` explain one command; `chatbuilder help` explains everything,
files and environment included."""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line; `arguments.command` names what to call."""
    parser = argparse.ArgumentParser(
        prog="chatbuilder",
        description="Design, build and keep a home for your AI chats in the tool you already use.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", "-V", action="version", version=f"chatbuilder {__version__}")
    parser.set_defaults(command="wizard", json=False)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    _sessions(commands)
    _solutions(commands)
    _systems(commands)
    chat_options.add(commands, _add)
    _tokens(commands)
    _serve(commands)
    _records(commands)
    _describe(commands)
    return parser


class _Formatter(argparse.HelpFormatter):
    """Fills paragraphs, and leaves examples as they stand."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text.startswith("examples:") else super()._fill_text(text, width, indent)


def _describe(commands: Commands, before: str = "") -> None:
    """Give every command and action its examples."""
    for name, sub in commands.choices.items():
        full = f"{before} {name}".strip()
        sub.epilog = manual.examples(full) or None
        sub.formatter_class = _Formatter
        for action in sub._actions:
            if isinstance(action, argparse._SubParsersAction):
                _describe(action, full)


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add(commands: Commands, name: str, about: str, *, command: str = "", json: bool = True) -> argparse.ArgumentParser:
    sub: argparse.ArgumentParser = commands.add_parser(name, help=about, description=f"{about}.")
    sub.set_defaults(command=command or name)
    if json:
        sub.add_argument("--json", action="store_true", help="print one JSON document")
    return sub


def _answers_option(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--answers", required=True, metavar="FILE", help="answers file (TOML or JSON), or a share token")


def _account_option(sub: argparse.ArgumentParser, more: str = "") -> None:
    about = f"which of your accounts; the one without a name when left out{more}"
    sub.add_argument("--account", metavar="NAME", help=about)


def _sessions(commands: Commands) -> None:
    resume = _add(commands, "resume", "Open the wizard where you left it", json=False)
    resume.add_argument("draft", nargs="?", metavar="DRAFT", help="draft id; the newest when left out")
    drafts = _add(commands, "drafts", "List saved wizard sessions, or remove one")
    actions = drafts.add_subparsers(metavar="ACTION")
    remove = _add(actions, "rm", "Remove a saved session", command="drafts_rm")
    remove.add_argument("draft", metavar="DRAFT")
    answers = commands.add_parser(
        "answers", help="Check, print or share answers", description="Check, print or share answers."
    )
    answers.set_defaults(command="answers_help", parser=answers)
    actions = answers.add_subparsers(metavar="ACTION")
    check = _add(actions, "check", "Validate an answers file and tell every problem at once", command="answers_check")
    check.add_argument("file", metavar="FILE")
    show = _add(actions, "show", "Print the answers of a draft as TOML", command="answers_show")
    show.add_argument("draft", nargs="?", metavar="DRAFT", help="draft id; the newest when left out")
    share = _add(
        actions, "share", "Print a short token that --answers accepts in place of a file", command="answers_share"
    )
    share.add_argument("source", nargs="?", metavar="FILE|DRAFT", help="the newest draft when left out")
    share.add_argument("--answers", metavar="FILE", help="answers file to share")


def _solutions(commands: Commands) -> None:
    build = _add(commands, "build", "Write the solution to disk: guide, schema, files, plan")
    _answers_option(build)
    build.add_argument("--out", required=True, metavar="DIR", help="folder to write into")
    build.add_argument("--zip", action="store_true", help="write one zip file instead of a folder of files")
    show = _add(commands, "show", "Show the solution in the terminal")
    _answers_option(show)
    show.add_argument("part", nargs="?", choices=("guide", "design", "files", "plan"), default="guide")
    plan = _add(commands, "plan", "List every step, and what is new or changed in a system that exists; sends nothing")
    _answers_option(plan)
    _account_option(plan)
    apply = _add(commands, "apply", "Build the system, finish an interrupted build, or bring it to other answers")
    _answers_option(apply)
    _account_option(apply)
    apply.add_argument("--yes", "-y", action="store_true", help="do not ask")
    apply.add_argument(
        "--tidy", action="store_true", help="remove parts that the answers do not ask for any more and nobody edited"
    )


def _systems(commands: Commands) -> None:
    _add(commands, "systems", "List the systems that exist")
    for name, about in (
        ("verify", "Compare a system with what was built"),
        ("repair", "Put back what is missing, and touch nothing else"),
        ("destroy", "Take down what was created and not edited since"),
    ):
        sub = _add(commands, name, about)
        sub.add_argument("system", metavar="SYSTEM", help="system id, or its beginning")
        if name == "destroy":
            sub.add_argument("--yes", "-y", action="store_true", help="do not ask")
    sync = _add(commands, "sync", "Bring the chats of the library into a system; what you changed there stays")
    sync.add_argument("system", metavar="SYSTEM", help="system id, or its beginning")
    sync.add_argument("--dry-run", action="store_true", help="only tell how many rows and bytes would be written")
    sync.add_argument("--transcripts", action="store_true", help="what was said goes along, not only the index")
    sync.add_argument("--restore", action="store_true", help="make rows again that you deleted there")
    _move(commands)


def _move(commands: Commands) -> None:
    move = _add(commands, "move", "Build a second system elsewhere and bring the library into it; the first stays")
    move.add_argument("system", metavar="SYSTEM", help="system id, or its beginning")
    move.add_argument(
        "--answers", metavar="FILE", help="answers of the second system; else those of the first are used"
    )
    move.add_argument("--platform", metavar="NAME", help="with the same answers: the platform to move to")
    move.add_argument(
        "--target", metavar="KEY=VALUE", action="append", default=[],
        help="with the same answers: where to, for example path=~/Vaults/Chats; may be given several times",
    )  # fmt: skip
    move.add_argument("--transcripts", action="store_true", help="what was said goes along, not only the index")
    move.add_argument("--dry-run", action="store_true", help="only tell what would be built and written")
    move.add_argument("--yes", "-y", action="store_true", help="do not ask")


def _tokens(commands: Commands) -> None:
    about = "Keep, list, prove or remove the tokens of Notion, Airtable and Google Sheets, and passwords of PostgreSQL"
    token = commands.add_parser("token", help=about, description=f"{about}.")
    token.set_defaults(command="token_help", parser=token)
    actions = token.add_subparsers(metavar="ACTION")
    for name, about in (
        ("set", "Keep a token in the keyring: from a prompt, a pipe, or for sheets a file from Google"),
        ("list", "List the tokens that are there; never shows them"),
        ("check", "Ask whose a token is, what it may do and what is missing"),
        ("rm", "Remove a token from the keyring"),
    ):
        sub = _add(actions, name, about, command=f"token_{name}")
        sub.add_argument("platform", choices=TOKENS, nargs="?" if name == "list" else None)
        if name != "list":
            _account_option(sub, "; for custom USER@HOST, whose password it is")
        if name == "set":
            sub.add_argument("--stdin", action="store_true", help="read the token from standard input, as a pipe does")
            sub.add_argument("--file", metavar="FILE", help="sheets: service account, or OAuth client of a desktop app")
        if name == "check":
            sub.add_argument("--answers", metavar="FILE", help="prove the target of these answers as well")


def _serve(commands: Commands) -> None:
    sub = _add(
        commands, "serve", "Show the wizard in a browser, on this machine only unless told otherwise", json=False
    )
    sub.add_argument("--port", type=_port, default=8000, metavar="N", help="the port to serve on (8000)")
    sub.add_argument("--host", default="127.0.0.1", metavar="HOST", help="the address to serve on (127.0.0.1)")
    sub.add_argument("--allow-others", action="store_true", help="serve other machines too; nothing is encrypted")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text} is no port from 1 to 65535")
    return int(text)


def _records(commands: Commands) -> None:
    jobs = _add(commands, "jobs", "List what was built when, and what came of it; newest first")
    _past(jobs)
    show = _add(jobs.add_subparsers(metavar="ACTION"), "show", "Show one job and what to do next", command="jobs_show")
    show.add_argument("job", metavar="JOB", help="job id, or its beginning")
    _past(_add(commands, "log", "Show what was done, when and to what; newest first"))
    help_ = _add(commands, "help", "Explain everything, or one command", command="help_", json=False)
    help_.add_argument("words", nargs="*", metavar="COMMAND", help="such as apply, or token set")
    help_.add_argument("--man", action="store_true", help="print the manual page for man")
    about = "Print the completion script for a shell; its first lines say where it goes"
    _add(commands, "completion", about, json=False).add_argument("shell", choices=SHELLS)
    doctor = _add(commands, "doctor", "Check everything chatbuilder needs, and say what to do about what is missing")
    doctor.add_argument("--online", action="store_true", help="ask each vendor whether your tokens are still good")


def _past(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--system", metavar="SYSTEM", default="", help="only of this system: its id, or its beginning")
    sub.add_argument("--since", metavar="DATE", default="", help="on this day or later (2026-11, 2026-11-22; UTC)")
    sub.add_argument("--before", metavar="DATE", default="", help="before this day or moment")
    about = "how many; 0: all (default: 50, with --json all)"
    sub.add_argument("--limit", type=chat_options.number, metavar="N", help=about)


def names(argv: Sequence[str] = ()) -> list[str]:
    """Return the names of all commands, for documentation tests."""
    parser = make_parser()
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    return [name for group in groups for name in group.choices]
