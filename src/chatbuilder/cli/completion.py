"""Shell completion: `completion SHELL` prints a short script; it asks this program what may come next.

One walk over the parser serves every shell, so that what is offered is what this version takes, ids of systems, drafts
and jobs included. A library would write the commands into the script once: ids cannot be in it, nor can a new version.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

ASK = "__complete"
MOST = 200  # ids that are offered at once
FILES, FOLDERS = ":files", ":folders"  # what the shell itself completes
SCRIPTS = {
    "bash": """\
# Completion of chatbuilder for bash: save it where bash-completion looks, or add to ~/.bashrc:
#   eval "$(chatbuilder completion bash)"
_chatbuilder() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
        :files) compopt -o default 2>/dev/null ;;
        :folders) compopt -o dirnames 2>/dev/null ;;
        ?*) COMPREPLY+=("$line") ;;
        esac
    done < <("$1" __complete bash "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -F _chatbuilder chatbuilder
""",
    "zsh": """\
#compdef chatbuilder
# Completion of chatbuilder for zsh: save it as _chatbuilder in a folder of $fpath, or add to ~/.zshrc after compinit:
#   eval "$(chatbuilder completion zsh)"
_chatbuilder() {
    local line
    local -a found
    while IFS= read -r line; do
        case $line in
        :files) _files ;;
        :folders) _files -/ ;;
        ?*) found+=("$line") ;;
        esac
    done < <("$words[1]" __complete zsh "${(@)words[2,CURRENT]}" 2>/dev/null)
    (( $#found )) && _describe -V chatbuilder found
}
if [ "$funcstack[1]" = _chatbuilder ]; then
    _chatbuilder "$@"
else
    compdef _chatbuilder chatbuilder
fi
""",
    "fish": """\
# Completion of chatbuilder for fish: save it as ~/.config/fish/completions/chatbuilder.fish
function __chatbuilder_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete fish $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$current"
            case :folders
                __fish_complete_directories "$current" ''
            case '?*'
                echo $line
        end
    end
end
complete -c chatbuilder -f -a '(__chatbuilder_complete)'
""",
}


def completion(arguments: argparse.Namespace) -> int:
    """Print the script for a shell."""
    sys.stdout.write(SCRIPTS[arguments.shell])
    return 0


def answer(words: Sequence[str]) -> int:
    """Print what may come next, for a script above: the shell's name, then the line up to the cursor."""
    shell, *rest = words or [""]
    breaks = ""
    if shell == "bash":
        breaks, line = (*rest, "", "")[:2]
        rest = _split(line)[1:]
    typed = rest or [""]
    for offer in offers(typed):
        sys.stdout.write(_shown(offer, shell, typed[-1], breaks) + "\n")
    return 0


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that may come next."""

    text: str
    about: str = ""


def offers(words: Sequence[str]) -> list[Offer]:
    """Return what may stand in place of the last of these words, which follow the program's name."""
    from chatbuilder.cli.parser import make_parser

    place = _Place(make_parser())
    for word in words[:-1]:
        place.take(word)
    begin = words[-1]
    name, sign, value = begin.partition("=")
    if sign and (option := place.option(name)) is not None and option.nargs != 0:
        values = [one for one in _values(option, value) if one.text not in (FILES, FOLDERS)]
        found = [Offer(f"{name}={one.text}", one.about) for one in values]
        return [one for one in found if one.text.startswith(begin)]
    return [one for one in place.offers(begin) if one.text.startswith(begin) or one.text in (FILES, FOLDERS)]


@dataclass(slots=True)
class _Place:
    """Where the words so far have led: the parser of the command, and what of it is used up."""

    parser: argparse.ArgumentParser
    used: set[str] = field(default_factory=set)
    positions: int = 0
    waiting: argparse.Action | None = None
    only_words: bool = False

    def option(self, name: str) -> argparse.Action | None:
        return next((action for action in self.parser._actions if name in action.option_strings), None)

    def take(self, word: str) -> None:
        if self.waiting is not None:
            self.waiting = None
        elif word == "--":
            self.only_words = True
        elif word.startswith("-") and not self.only_words:
            name, sign, _ = word.partition("=")
            if (action := self.option(name)) is not None:
                self.used.update(action.option_strings)
                self.waiting = action if action.nargs != 0 and not sign else None
        elif (commands := self._commands()) is not None and word in commands.choices:
            self.parser, self.used, self.positions = commands.choices[word], set(), 0
        else:
            self.positions += 1

    def offers(self, begin: str) -> list[Offer]:
        if self.waiting is not None:
            return _values(self.waiting, begin)
        if begin.startswith("-") and not self.only_words:
            return list(self._options())
        found: list[Offer] = []
        if (commands := self._commands()) is not None and not self.positions:
            found += [Offer(str(one.dest), one.help or "") for one in commands._choices_actions]
        if (position := self._position()) is not None:
            found += _values(position, begin)
        return found

    def _commands(self) -> argparse._SubParsersAction[argparse.ArgumentParser] | None:
        groups = (action for action in self.parser._actions if isinstance(action, argparse._SubParsersAction))
        return next(groups, None)

    def _options(self) -> Iterable[Offer]:
        for action in self.parser._actions:
            several = isinstance(action, argparse._AppendAction)
            if action.option_strings and (several or not self.used & set(action.option_strings)):
                longs = [name for name in action.option_strings if name.startswith("--")]
                yield from (Offer(name, _plain(action.help)) for name in longs)

    def _position(self) -> argparse.Action | None:
        found = [
            action
            for action in self.parser._actions
            if not action.option_strings and not isinstance(action, argparse._SubParsersAction)
        ]
        if found and self.positions >= len(found) and found[-1].nargs in ("+", "*"):
            return found[-1]
        return found[self.positions] if self.positions < len(found) else None


def _plain(about: str | None) -> str:
    return "" if about in (None, argparse.SUPPRESS) else str(about).replace("%%", "%")


def _values(action: argparse.Action, begin: str) -> list[Offer]:
    if action.choices is not None:
        return [Offer(str(choice)) for choice in action.choices]
    kind = action.metavar if isinstance(action.metavar, str) else ""
    make = _BY_NAME.get(action.dest) or _BY_KIND.get(kind)
    try:
        return make(begin) if make else []
    except Exception:  # noqa: BLE001  (a shell that completes is no place for any trouble of the library)
        return []


def _systems(begin: str) -> list[Offer]:
    from chatbuilder import pipeline

    return [Offer(one.id, f"{one.name} ({one.platform})") for one in pipeline.systems()[:MOST]]


def _drafts(begin: str) -> list[Offer]:
    from chatbuilder import pipeline

    good = [one for one in pipeline.drafts() if not one.problem]
    return [Offer(one.id, f"{one.name or 'no name yet'}, {one.saved}") for one in good[:MOST]]


def _jobs(begin: str) -> list[Offer]:
    from chatbuilder import pipeline

    return [Offer(one.id, f"{one.status}, {one.started}") for one in pipeline.jobs()[:MOST]]


def _chats(begin: str) -> list[Offer]:
    from chatbuilder import pipeline

    return [Offer(one.key, one.title or "") for one in pipeline.chats(limit=MOST).chats]


def _platforms(begin: str) -> list[Offer]:
    from chatbuilder.catalog import PLATFORMS

    return [Offer(key, platform.name) for key, platform in PLATFORMS.items()]


def _sources(begin: str) -> list[Offer]:
    from chatbuilder.chats import SOURCES

    return [Offer(key, source.assistant) for key, source in SOURCES.items()]


def _assistants(begin: str) -> list[Offer]:
    from chatbuilder.chats import SOURCES

    return [Offer(name) for name in sorted({source.assistant for source in SOURCES.values()})]


def _files(begin: str) -> list[Offer]:
    return [Offer(FILES)]


def _folders(begin: str) -> list[Offer]:
    return [Offer(FOLDERS)]


_BY_NAME: dict[str, Callable[[str], list[Offer]]] = {
    "platform": _platforms, "source_id": _sources, "assistant": _assistants,
}  # fmt: skip
_BY_KIND: dict[str, Callable[[str], list[Offer]]] = {
    "SYSTEM": _systems, "DRAFT": _drafts, "JOB": _jobs, "KEY": _chats, "FILE": _files, "PATH": _files, "DIR": _folders,
    "FILE|DRAFT": lambda begin: [*_drafts(begin), *_files(begin)], "ID": _sources,
}  # fmt: skip


def _split(line: str) -> list[str]:
    """Return the words of a line as a shell sees them; the last one is what is being typed, "" after a space."""
    reader = shlex.shlex(line, posix=True, punctuation_chars=False)
    reader.whitespace_split, reader.commenters = True, ""
    words = []
    try:
        words = list(reader)
    except ValueError:  # a quotation mark that is still open
        words = line.split()
    return words if line and not line[-1].isspace() else [*words, ""]


def _shown(offer: Offer, shell: str, begin: str, breaks: str) -> str:
    """Return an offer in the form of a shell, on one line without what a terminal would obey."""
    from chatbuilder.cli.output import safe

    text, about = (" ".join(safe(part).split()) for part in (offer.text, offer.about))
    if offer.text in (FILES, FOLDERS):
        return offer.text
    if shell == "zsh":
        return text.replace(":", "\\:") + (f":{about}" if about else "")
    if shell == "fish":
        return f"{text}\t{about}" if about else text
    # Bash puts an offer in place of what follows the last sign that it splits words at, such as : and =.
    done = max((begin.rfind(sign) for sign in ":=" if sign in breaks), default=-1) + 1
    return text[done:]
