"""`help`: everything about the program, or about one command, as text or as a manual page for `man`."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from chatbuilder import __version__
from chatbuilder.cli import manual
from chatbuilder.errors import UsageError

WIDTH, ROFF_WIDTH = 100, 60  # columns at most; in the source of the manual page escapes make them more


def help_(arguments: argparse.Namespace) -> int:
    """Print it."""
    from chatbuilder.cli.parser import make_parser

    parser = make_parser()
    if arguments.man:
        sys.stdout.write(page(parser))
    elif arguments.words:
        sys.stdout.write(_found(parser, arguments.words).format_help())
    else:
        sys.stdout.write(text(parser))
    return 0


@dataclass(frozen=True, slots=True)
class Command:
    """A command or an action of one, such as `token set`, with its parser."""

    name: str
    parser: argparse.ArgumentParser

    @property
    def synopsis(self) -> str:
        """Return how it is called, on one line whatever the terminal and the version of Python."""
        words = (_short(action) for action in self.parser._actions)
        return " ".join(["chatbuilder", self.name, *(word for word in words if word)])


def commands(parser: argparse.ArgumentParser, before: str = "") -> Iterator[Command]:
    """Give every command and action in the order of the help."""
    for group in parser._actions:
        if isinstance(group, argparse._SubParsersAction):
            for name, sub in group.choices.items():
                command = Command(f"{before} {name}".strip(), sub)
                yield command
                yield from commands(sub, command.name)


def _found(parser: argparse.ArgumentParser, words: list[str]) -> argparse.ArgumentParser:
    known = {command.name: command.parser for command in commands(parser)}
    wanted = " ".join(words)
    if wanted in known:
        return known[wanted]
    raise UsageError(
        f"There is no command {wanted!r}.", title="No such command", kept="nothing was changed.",
        hint="`chatbuilder help` lists all of them.",
    )  # fmt: skip


def _short(action: argparse.Action) -> str:
    if isinstance(action, argparse._SubParsersAction):
        return "[ACTION]"
    if "--help" in action.option_strings:
        return ""
    if action.option_strings:
        value = f" {_value(action)}" if action.nargs != 0 else ""
        name = next((one for one in action.option_strings if one.startswith("--")), action.option_strings[0])
        inner = f"{name}{value}"
        return inner if action.required else f"[{inner}]"
    several = "…" if action.nargs in ("+", "*") else ""
    optional = action.nargs in ("?", "*")
    return f"[{_value(action)}{several}]" if optional else f"{_value(action)}{several}"


def _value(action: argparse.Action) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    return "|".join(map(str, action.choices)) if action.choices else action.dest.upper()


def _options(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """Give every option and word of a command with what it means."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction) or "--help" in action.option_strings:
            continue
        name = ", ".join(action.option_strings) or _value(action)
        value = f" {_value(action)}" if action.option_strings and action.nargs != 0 else ""
        default = f" (default: {action.default})" if action.choices and action.default else ""
        about = (action.help or "").replace("%%", "%")
        yield name + value, about + default


def text(parser: argparse.ArgumentParser) -> str:
    """Return the whole manual as text."""
    parts = [f"chatbuilder {__version__}\n", _filled(manual.ABOUT), "\nCOMMANDS"]
    for command in commands(parser):
        lines = textwrap.wrap(
            command.synopsis, WIDTH, initial_indent="  ", subsequent_indent=" " * 6, break_on_hyphens=False
        )
        parts += ["", *lines]
        parts.append(_filled(command.parser.description or "", "      "))
        parts += [_pair(name, about) for name, about in _options(command.parser)]
    for title, rows in _SECTIONS:
        parts.append(f"\n{title}")
        parts += [_filled(manual.PLACES, "  ")] if title == "FILES" else []
        parts += [_pair(name, about, 2) for name, about in rows]
    return "\n".join(parts) + "\n"


_SECTIONS = (
    ("FILES", manual.FILES), ("ENVIRONMENT", manual.ENVIRONMENT), ("EXIT CODES", manual.EXIT_CODES),
    ("EXAMPLES", manual.EXAMPLES[""]),
)  # fmt: skip


def _pair(name: str, about: str, indent: int = 6) -> str:
    first = " " * indent + name
    if not about:
        return first
    rest = _filled(about, " " * (indent + 22)).lstrip()
    return f"{first:<{indent + 20}}  {rest}" if len(name) <= 20 else f"{first}\n{' ' * (indent + 22)}{rest}"


def _filled(words: str, indent: str = "") -> str:
    parts = words.split("\n\n")
    fill = [textwrap.fill(part, WIDTH, initial_indent=indent, subsequent_indent=indent) for part in parts]
    return "\n\n".join(fill)


def page(parser: argparse.ArgumentParser) -> str:
    """Return the manual page in the language of `man` (man(7)): the same bytes on every machine."""
    out = [f'.TH CHATBUILDER 1 "{manual.DATE}" "chatbuilder {__version__}" "User Commands"', ".SH NAME"]
    out += ["chatbuilder \\-", *_lines((parser.description or "").rstrip(".")), ".SH SYNOPSIS"]
    out += [".B chatbuilder", "[COMMAND [OPTION...]]", ".SH DESCRIPTION", *_paragraphs(manual.ABOUT), ".SH COMMANDS"]
    for command in commands(parser):
        out += [f".SS {_roff(command.synopsis)}", *_paragraphs(command.parser.description or "")]
        for name, about in _options(command.parser):
            out += _entry(name, about)
        for line, about in manual.EXAMPLES.get(command.name, ()):
            out += _entry(line, f"Example: {about}.")
    for title, rows in _SECTIONS:
        out += [f".SH {title.replace('CODES', 'STATUS')}"]
        out += _paragraphs(manual.PLACES) if title == "FILES" else []
        for name, about in rows:
            out += _entry(name, about)
    return "\n".join(out) + "\n"


def _paragraphs(words: str) -> list[str]:
    lines = []
    for part in words.split("\n\n"):
        lines += [".PP", *_lines(part)]
    return lines[1:]  # the first one follows its heading


def _entry(name: str, about: str) -> list[str]:
    return [".TP", f"\\fB{_roff(name)}\\fR", *(_lines(about) or ["\\&"])]


def _lines(words: str) -> list[str]:
    return [_roff(line) for line in textwrap.wrap(words, ROFF_WIDTH, break_on_hyphens=False)]


def _roff(words: str) -> str:
    """Return text that means itself: no request, no escape; hyphens that can be copied as they are typed."""
    plain = words.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    plain = plain.replace("~", "\\(ti").replace("^", "\\(ha").replace('"', "\\(dq").replace("…", "...")
    return f"\\&{plain}" if plain.startswith(".") else plain
