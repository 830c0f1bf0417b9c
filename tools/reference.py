"""Write the tables of docs/commands.md and docs/answers.md from the program itself: `python3 dev.py reference`.

What stands between `<!-- begin NAME -->` and `<!-- end NAME -->` is written by this tool, and tests/test_reference.py
compares it. The parser and the models know names, values, limits and defaults; what a thing is for is told here. A name
that has no words here, or words whose name is gone, is an error that says which.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from chatbuilder import answers, catalog
from chatbuilder.cli.parser import make_parser
from chatbuilder.config import LIST_LIMIT, NAME_LIMIT, TARGET_LIMIT, Config, CustomField, Options, Target
from chatbuilder.errors import ExitCode

DOCS = Path(__file__).resolve().parents[1] / "docs"
PART = re.compile(r"(<!-- begin ([\w-]+) -->\n)(.*?)(<!-- end \2 -->)", re.DOTALL)
# argparse's own groups; a group of any other title is explained once, under its own heading in commands.md.
OWN_GROUPS = ("positional arguments", "options")

EXIT_CODES = {
    "DONE": "done",
    "DEFECT": "a defect of ours; a report without your data is in the log folder",
    "USAGE": "the command was called wrongly, or needs a terminal",
    "INPUT": "invalid answers or input; nothing was changed",
    "CREDENTIALS": "a token is missing, refused, or may not do what is needed; `token check` says what is missing",
    "REFUSED": "the platform refused: a limit of your plan, or it cannot be reached before anything was done",
    "PARTLY": "partly done: run it again; for `import` chats in quarantine, for `verify` differences",
    "INTERRUPTED": "stopped by you; everything done so far is kept",
}
VARIABLES = {
    "CHATBUILDER_HOME": "keep configuration, state, data, cache and logs under this one folder",
    "NO_COLOR": "no colours",
    "NOTION_TOKEN": "the token of Notion, where there is none in the keyring",
    "AIRTABLE_TOKEN": "the token of Airtable, where there is none in the keyring",
    "GOOGLE_APPLICATION_CREDENTIALS": "the path of a JSON file of a service account or an authorised user",
    "CHATBUILDER_NOTION_URL": "another address for Notion's API: https, or plain http to this machine itself",
    "CHATBUILDER_AIRTABLE_URL": "another address for Airtable's API, in the same way",
    "CHATBUILDER_GOOGLE_URL": "another address for Google's APIs, in the same way",
    "PGPASSWORD": "PostgreSQL: the password; `~/.pgpass` works too",
    "PGPASSFILE": "PostgreSQL: the file of passwords, else `~/.pgpass`",
    "PGHOST": "PostgreSQL: the server, when the address names none",
    "PGUSER": "PostgreSQL: the user, when the address names none",
    "PGSERVICEFILE": "PostgreSQL: where services (`?service=name`) are described, else `~/.pg_service.conf`",
    "DISPLAY": "Linux: without this and `WAYLAND_DISPLAY` no browser is opened for Google's sign-in",
    "WAYLAND_DISPLAY": "see `DISPLAY`",
    "TERM": "the kind of your terminal, which sets it; with `dumb` the wizard cannot be drawn",
    "COLORTERM": "set by terminals that show all colours",
    "TEXTUAL_DRIVER": "set by `serve` for the wizards that it starts",
}
NOT_EMPTY = ("options.assistants", "options.topics")  # a validator says so, not the type
KEYS = {
    "version": "the version of this format",
    "name": "the system's name; not a path",
    "platform": "the tool to build in",
    "priorities": "most important first; two to four work best",
    "features": "in any order",
    "team_size": "how many people use it",
    "complexity": "how much of it there is",
    "options.assistants": "what you can choose as Assistant",
    "options.topics": "what you can choose as Topic",
    "options.timezone": "a time zone's name such as Europe/Paris",
    "options.date_format": "how dates are shown",
    "options.sample_data": "five marked sample sessions to look at",
    "options.custom_fields": "fields of your own on Chat Sessions",
    "options.custom_fields.name": "no name of a built-in field",
    "options.custom_fields.type": "what the field holds",
    "options.custom_fields.choices": "for `select` and `multi_select`, which need them; for no other",
    "target.path": "obsidian, logseq: a folder, new or yours; excel: an `.xlsx` file, new or yours",
    "target.parent": "the page to build below: its id or address; left out: a private page",
    "target.workspace": "make a base in this workspace: its id or address",
    "target.base": "use this empty base: its id or address; not together with `workspace`",
    "target.spreadsheet": "the address or id of a spreadsheet to fill; left out: a new one",
    "target.database": "`sqlite:///path/to/file.db` or `postgresql://user@host/name`, never with a password",
    "target.account": "which of your tokens: the name you gave it",
}


def rows(header: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [f"| {' | '.join(line)} |\n" for line in (header, *body)]
    return "".join((lines[0], f"|{'---|' * len(header)}\n", *lines[1:]))


def cell(text: str) -> str:
    """Return text that stays in its cell."""
    return text.replace("|", "\\|")


def commands(parser: argparse.ArgumentParser | None = None) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield every command that can be called, with its parser, in the order of `--help`."""
    parser = parser or make_parser()
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups or not str(parser.get_default("command")).endswith("_help"):
        yield parser.prog, parser
    for group in groups:
        for child in dict.fromkeys(group.choices.values()):
            yield from commands(child)


def own_actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return what a command takes, without --help, its sub-commands and the groups that are explained elsewhere.

    What is needed comes first, `--json`, which nearly all have, last.
    """
    found = [
        action
        for group in parser._action_groups
        if group.title in OWN_GROUPS
        for action in group._group_actions
        if not isinstance(action, (argparse._HelpAction, argparse._SubParsersAction))
    ]
    return sorted(found, key=lambda action: (bool(action.option_strings), not action.required, action.dest == "json"))


def shared_groups(parser: argparse.ArgumentParser) -> list[argparse._ArgumentGroup]:
    """Return the groups of options that several commands have, such as filters."""
    return [
        group
        for group in parser._action_groups
        if group.title not in OWN_GROUPS
        and any(not isinstance(action, argparse._SubParsersAction) for action in group._group_actions)
    ]


def value(action: argparse.Action) -> str:
    """Return what stands behind an option, or for an argument: FILE, {a,b}, or nothing for a switch."""
    if action.nargs == 0:
        return ""
    if action.choices:
        return f"{{{','.join(map(str, action.choices))}}}"
    return str(action.metavar or action.dest.upper())


def usage(parser: argparse.ArgumentParser) -> str:
    """Return one line that shows how a command is called; the same with every Python, unlike argparse's own."""
    words = [parser.prog]
    for action in own_actions(parser):
        name = f"{action.option_strings[0]} {value(action)}".strip() if action.option_strings else value(action)
        if action.nargs == "+":
            name = f"{name} [{name} …]"
        elif action.nargs == "*":
            name = f"[{name} …]"
        elif action.nargs == "?" or (action.option_strings and not action.required):
            name = f"[{name}]"
        words.append(name)
    return " ".join([*words, *(f"[{group.title}]" for group in shared_groups(parser))])


def options(actions: Iterable[argparse.Action]) -> str:
    """Return the table of what a command takes."""
    return rows(("option", "means", "default"), ([name(action), means(action), default(action)] for action in actions))


def name(action: argparse.Action) -> str:
    """Return an option with all its spellings, or an argument."""
    spelled = [f"{option} {value(action)}".strip() for option in action.option_strings] or [value(action)]
    return cell(", ".join(f"`{text}`" for text in spelled))


def means(action: argparse.Action) -> str:
    """Return its help; how often it may come is told where that matters."""
    if isinstance(action, argparse._VersionAction):
        return "print the version and end"
    return cell((action.help or ("one of these" if action.choices else "which one")).replace("%%", "%"))


def default(action: argparse.Action) -> str:
    """Return the value that is taken when it is left out, "needed" where there is none."""
    if action.required and action.nargs not in ("*", "?"):
        return "needed"
    nothing = action.default in (None, False, True, "", argparse.SUPPRESS) or action.default == []
    return "" if nothing or action.nargs == 0 else f"`{action.default}`"


def anchor(text: str) -> str:
    """Return what a heading is linked by on GitHub."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def command_list() -> str:
    """Return the table of all commands."""
    found = ((f"[`{prog}`](#{anchor(prog)})", about(parser)) for prog, parser in commands())
    return rows(("command", "does"), found)


def about(parser: argparse.ArgumentParser) -> str:
    """Return the sentence that describes a command."""
    return cell((parser.description or "").strip().rstrip("."))


def command_reference() -> str:
    """Return every command with its usage and options; `--json` is explained once."""
    out = "`--json` prints one JSON document on stdout. `--help` is there everywhere.\n\n"
    for prog, parser in commands():
        out += f"### {prog}\n\n{about(parser)}.\n\n```text\n{usage(parser)}\n```\n\n"
        if actions := [action for action in own_actions(parser) if action.dest != "json"]:
            out += options(actions) + "\n"
        for group in shared_groups(parser):
            out += f"Also takes the [{group.title}](#{anchor(str(group.title))}).\n\n"
    return out


def filters() -> str:
    """Return the table of the options that choose chats."""
    return options(group("filters"))


def group(title: str) -> list[argparse.Action]:
    """Return the options of a shared group, which are the same for every command that has it."""
    found = [g._group_actions for _, parser in commands() for g in shared_groups(parser) if g.title == title]
    first, *others = [[(a.option_strings, a.help) for a in actions] for actions in found]
    assert all(other == first for other in others), f"the {title} differ between commands"
    return found[0]


def exit_codes() -> str:
    """Return the table of exit codes."""
    agree("exit code", [code.name for code in ExitCode], EXIT_CODES)
    return rows(("exit code", "meaning"), ([str(int(code)), EXIT_CODES[code.name]] for code in ExitCode))


def variables() -> str:
    """Return the table of environment variables."""
    return rows(("variable", "effect"), ([f"`{key}`", cell(text)] for key, text in VARIABLES.items()))


def agree(what: str, known: Iterable[str], told: Mapping[str, str]) -> None:
    """See that everything has words here, and nothing else has. Raises `LookupError`."""
    known = list(known)
    missing, stale = [key for key in known if key not in told], [key for key in told if key not in known]
    if missing or stale:
        raise LookupError(
            f"tools/reference.py has no words for {what} {missing}, and words for {stale}, which are gone"
        )


def fields() -> Iterator[tuple[str, FieldInfo]]:
    """Yield every key of the answers with its place, in the order of the file."""
    for key, info in Config.model_fields.items():
        if not (isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)):
            yield key, info
    for table, model in (("options", Options), ("options.custom_fields", CustomField), ("target", Target)):
        for key, info in model.model_fields.items():
            yield f"{table}.{key}", info


def entry(info: FieldInfo) -> Any:
    """Return the type of one value: of a list the type of its entries."""
    kind = info.annotation
    return get_args(kind)[0] if get_origin(kind) is tuple else kind


def literals(kind: Any) -> tuple[Any, ...]:
    """Return what may be chosen from; nothing when it is free."""
    return get_args(kind) if get_origin(kind) is Literal else ()


def is_list(info: FieldInfo) -> bool:
    """Tell whether a key takes a list."""
    return get_origin(info.annotation) is tuple


def type_of(info: FieldInfo) -> str:
    """Return a key's type in plain words."""
    kind = entry(info)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "list of tables"
    if is_list(info):
        return "list of texts"
    if values := literals(kind):
        return "whole number" if isinstance(values[0], int) else "text"
    return {bool: "true or false", int: "whole number"}.get(kind, "text")


def limits(key: str, info: FieldInfo) -> str:
    """Return how much a key takes: `tests/test_reference.py` tries every one of them."""
    told = []
    least = next((m.min_length for m in info.metadata if hasattr(m, "min_length")), None)
    most = next((m.max_length for m in info.metadata if hasattr(m, "max_length")), None)
    if key in NOT_EMPTY:
        least = 1
    if least is not None:
        told.append(f"at least {least}")
    if most is not None:
        told.append(f"at most {most}")
    if is_list(info):
        told.append("none twice")
    kind = entry(info)
    if not literals(kind) and type_of(info) in ("text", "list of texts") and key != "options.timezone":
        characters = TARGET_LIMIT if key.startswith("target.") else NAME_LIMIT
        told.append(f"{characters} characters" + (" each, no commas" if is_list(info) else ""))
    return "; ".join(told)


def left_out(info: FieldInfo) -> str:
    """Return what is taken when a key is left out."""
    if info.is_required():
        return "needed"
    if info.default is None or info.default == ():
        return "none"
    if isinstance(info.default, tuple):
        return ", ".join(info.default)
    return f"`{str(info.default).lower() if isinstance(info.default, bool) else info.default}`"


def answer_keys() -> str:
    """Return the table of all keys but the target's."""
    found = dict(fields())
    agree("key", found, KEYS)
    header = ("key", "type", "values and limits", "when left out", "what it is")
    return rows(header, (line(key, info) for key, info in found.items() if not key.startswith("target.")))


def line(key: str, info: FieldInfo) -> list[str]:
    """Return a key's line."""
    values = " ".join(f"`{one}`" for one in literals(entry(info)))
    told = "; ".join(text for text in (values, limits(key, info)) if text)
    return [f"`{key}`", type_of(info), told, left_out(info), KEYS[key]]


def target_keys() -> str:
    """Return the table of the target's keys: each takes text, and may be left out."""
    body = []
    for key in Target.model_fields:
        takes = [platform for platform, about in catalog.PLATFORMS.items() if key in about.target_keys]
        body.append([f"`{key}`", " ".join(f"`{one}`" for one in takes), KEYS[f"target.{key}"]])
    limit = f"All are texts of at most {TARGET_LIMIT:,} characters. A key of another platform is a mistake.\n"
    return rows(("key", "platforms", "what it is"), body) + "\n" + limit


def choices() -> str:
    """Return what each id stands for."""
    out = "### platform\n\n"
    out += rows(("id", "name", "what it is"), ([f"`{p.id}`", p.name, p.tagline] for p in catalog.PLATFORMS.values()))
    for title, found in (
        ("priorities", catalog.PRIORITIES), ("features", catalog.FEATURES),
        ("team_size", catalog.TEAM_SIZES), ("complexity", catalog.COMPLEXITIES),
    ):  # fmt: skip
        out += f"\n### {title}\n\n"
        out += rows(("id", "name", "adds"), ([f"`{c.id}`", c.name, c.adds] for c in found.values()))
    return out


def file_limits() -> str:
    """Return how large an answers file may be."""
    return f"A file holds at most {answers.FILE_LIMIT:,} bytes; lists of names at most {LIST_LIMIT} entries.\n"


PARTS: dict[str, Callable[[], str]] = {
    part.__name__.replace("_", "-"): part
    for part in (
        command_list, command_reference, filters, exit_codes, variables, answer_keys, target_keys, choices, file_limits,
    )
}  # fmt: skip
PAGES = ("commands.md", "answers.md")


def rendered(text: str) -> str:
    """Return a page with its generated parts written anew."""
    return PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]().strip()}\n\n{found[4]}", text)


def main() -> int:
    """Write the pages."""
    for page in PAGES:
        place = DOCS / page
        try:
            text = rendered(place.read_text("utf-8"))
        except LookupError as error:
            print(error, file=sys.stderr)
            return 1
        place.write_text(text, "utf-8", newline="\n")
        print(f"docs/{page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
