"""The options of `import`, `chats`, `search` and `stats`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

Add = Callable[..., argparse.ArgumentParser]


def add(commands: object, add_command: Add) -> None:
    """Add the commands of the library."""
    _import(
        add_command(commands, "import", "Bring chat exports or agents' logs into the library", command="import_chats")
    )
    chats = add_command(commands, "chats", "List the chats in the library, show, name or delete them")
    filters(chats)
    chats.add_argument("--limit", type=number, metavar="N", help="how many; 0: all (default: 50, with --json all)")
    chats.add_argument("--sort", choices=("newest", "oldest", "title", "longest"), default="newest")
    chats.add_argument(
        "--csv", metavar="FILE", help="write all that fit into a new CSV file (-: print it); no cell becomes a formula"
    )
    _chat_actions(chats.add_subparsers(metavar="ACTION"), add_command)
    search = add_command(commands, "search", "Search all chats for words")
    search.add_argument("query", nargs="+", metavar="QUERY", help='words; "in a row" in quotes, -without, begin*')
    filters(search)
    search.add_argument("--limit", type=number, default=20, metavar="N", help="how many chats (default: 20)")
    search.add_argument("--sort", choices=("best", "newest", "oldest"), default="best")
    filters(add_command(commands, "stats", "Show figures and charts about the library"))


def _import(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("paths", nargs="*", metavar="PATH", help="export: a zip, a file or a folder")
    sub.add_argument("--discover", action="store_true", help="find the logs of coding agents on this machine")
    sub.add_argument("--dry-run", action="store_true", help="only show what is new, changed or not readable")
    sub.add_argument("--yes", "-y", action="store_true", help="with --discover: do not ask")
    sub.add_argument("--problems", action="store_true", help="list what earlier imports could not read")


def _chat_actions(actions: object, add_command: Add) -> None:
    show = add_command(actions, "show", "Print one chat as text", command="chats_show")
    show.add_argument("key", metavar="KEY", help="key of the chat, or its beginning")
    show.add_argument("--all", action="store_true", help="thinking, tools and attached texts, too")
    remove = add_command(actions, "rm", "Delete chats; imports do not bring them back", command="chats_rm")
    remove.add_argument("keys", nargs="+", metavar="KEY")
    remove.add_argument("--yes", "-y", action="store_true", help="do not ask")
    restore = add_command(actions, "restore", "Let imports bring a deleted chat back", command="chats_restore")
    restore.add_argument("key", metavar="KEY", help="whole key of the chat")
    add_command(actions, "projects", "List projects, those without a name first", command="chats_projects")
    name = add_command(actions, "project", "Name a project that exports know only by its id", command="chats_project")
    name.add_argument("id", metavar="ID")
    name.add_argument("name", metavar="NAME", help="an empty one removes the name")


def filters(sub: argparse.ArgumentParser) -> None:
    """Add what chats are chosen by."""
    group = sub.add_argument_group("filters")
    for name, metavar, about in (
        ("assistant", "NAME", "chats with this assistant, such as ChatGPT"),
        ("source", "ID", "chats from this kind of export, such as claude-code"),
        ("project", "NAME", "chats whose project's name has this in it"),
        ("model", "NAME", "chats that name a model with this in it"),
        ("tag", "TAG", "chats with this tag in the export"),
        ("after", "DATE", "active on this day or later (2026, 2026-11, 2026-11-22; UTC)"),
        ("before", "DATE", "started before this day"),
    ):
        group.add_argument(f"--{name}", metavar=metavar, help=about, default="")
    group.add_argument(
        "--archived", action=argparse.BooleanOptionalAction, default=None, help="only archived chats, or none of them"
    )


def number(text: str) -> int:
    """Return a whole number from 0 on. Raises `ValueError`."""
    found = int(text)
    if found < 0:
        raise ValueError(text)
    return found


number.__name__ = "number"  # argparse names the type in its error
