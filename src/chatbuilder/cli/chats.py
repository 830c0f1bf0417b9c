"""`chats` and `search`: what is in the library. What chats say is shown as text, never as markup."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from chatbuilder import pipeline
from chatbuilder.cli import output
from chatbuilder.clock import iso
from chatbuilder.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rich.text import Text

    from chatbuilder.chats import ChatSession, Message
    from chatbuilder.pipeline import Filters, Hit

PAGE = 50  # chats on a screen when no limit is given
NAMES = {"human": "You", "assistant": "Assistant", "tool": "Tool", "system": "System"}


def filters_of(arguments: Namespace) -> Filters:
    """Return the filters that were typed. Raises `InputError`."""
    return pipeline.Filters(
        assistant=arguments.assistant, source=arguments.source, project=arguments.project, model=arguments.model,
        tag=arguments.tag, archived=arguments.archived,
        after=pipeline.read_date(arguments.after) if arguments.after else None,
        before=pipeline.read_date(arguments.before) if arguments.before else None,
    )  # fmt: skip


def _to_stdout(arguments: Namespace) -> int:
    if arguments.json:
        raise UsageError(
            "Standard output takes either CSV or JSON.", title="Two forms at once", kept="the library as it is.",
            hint="leave one of --csv - and --json out.",
        )  # fmt: skip
    text, _ = pipeline.chats_table(filters_of(arguments), order=arguments.sort)
    output.data(text.replace("\r\n", "\n"))
    return ExitCode.DONE


def chats(arguments: Namespace) -> int:
    """List chats: all of them as JSON, a page of them on a screen."""
    if arguments.csv == "-":
        return _to_stdout(arguments)
    if arguments.csv:
        place, count = pipeline.chats_csv(arguments.csv, filters_of(arguments), order=arguments.sort)
        if arguments.json:
            output.as_json({"file": place, "chats": count})
        else:
            output.line(f"{counted(count, 'chat')} written to {place}.")
        return ExitCode.DONE
    limit = arguments.limit if arguments.limit is not None else 0 if arguments.json else PAGE
    found = pipeline.chats(filters_of(arguments), order=arguments.sort, limit=limit)
    if arguments.json:
        output.as_json([chat.data() for chat in found.chats])
        return ExitCode.DONE
    rows = [
        (day(c.last_activity or c.started), c.assistant, c.title or "(no title)", f"{c.human}/{c.answers}",
         c.project or c.project_id or "", c.key)
        for c in found.chats
    ]  # fmt: skip
    output.table(
        ("Last activity", "Assistant", "Title", "Prompts/answers", "Project", "Key"), rows,
        "No chats here. `chatbuilder import PATH` brings them in.",
    )  # fmt: skip
    if found.total > len(rows):
        output.note(f"{len(rows):,} of {found.total:,} chats; --limit 0 lists all.")
    return ExitCode.DONE


def counted(count: int, noun: str) -> str:
    """Return "1 chat", "2 chats"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def day(at: datetime | None) -> str:
    """Return a moment as a day (UTC) for a list."""
    return at.strftime("%Y-%m-%d") if at else "unknown"


def chats_show(arguments: Namespace) -> int:
    """Print one chat."""
    chat = pipeline.chat(arguments.key)
    if arguments.json:
        output.as_json(_chat_data(chat))
        return ExitCode.DONE
    output.line(chat.title or "(no title)")
    when = " to ".join(day(at) for at in (chat.started, chat.last_activity) if at)
    facts = (chat.assistant, chat.model, when, chat.project or chat.project_id, chat.url or chat.command, chat.key)
    output.line(" · ".join(fact for fact in facts if fact))
    for message in chat.active_path():
        _print_message(message, everything=arguments.all)
    if chat.branches:
        output.note(
            f"This chat forks at {counted(chat.branches, 'place')}; the active branch is shown, --json prints all."
        )
    return ExitCode.DONE


def _print_message(message: Message, *, everything: bool) -> None:
    said = []
    for part in message.parts:
        if part.kind in ("typed", "answer"):
            said.append(part.text)
        elif part.kind in ("attachment", "reference"):
            said.append(" ".join(filter(None, (f"[{part.kind}]", part.name, part.text if everything else None))))
        elif everything:
            said.append(f"[{part.kind}] {part.text}")
    if said:
        when = f", {message.time:%Y-%m-%d %H:%M} UTC" if message.time else ""
        output.line(f"\n-- {NAMES[message.role]}{when}")
        output.line("\n\n".join(said))


def _chat_data(chat: ChatSession) -> dict[str, Any]:
    data = {
        "key": chat.key, "source": chat.source, "title": chat.title, "started": _stamp(chat.started),
        "last_activity": _stamp(chat.last_activity), "human": chat.human, "assistant": chat.answers,
        "model": chat.model, "project": chat.project, "project_id": chat.project_id, "url": chat.url,
        "command": chat.command, "account": chat.account, "summary": chat.summary, "tags": list(chat.tags),
        "archived": chat.archived, "starred": chat.starred, "mode": chat.mode, "branches": chat.branches,
        "derived": list(chat.derived),
    }  # fmt: skip
    messages = [
        {"id": m.id, "parent": m.parent, "role": m.role, "time": _stamp(m.time), "model": m.model,
         "active": m.active, "parts": [part._asdict() for part in m.parts]}
        for m in chat.messages
    ]  # fmt: skip
    return {**data, "messages": messages}


def _stamp(at: datetime | None) -> str | None:
    return iso(at) if at else None


def chats_rm(arguments: Namespace) -> int:
    """Delete chats from the library."""
    names = ", ".join(arguments.keys)
    if not arguments.yes and not output.agreed(f"Delete {names} from the library? Imports will not bring it back."):
        output.note("Nothing was deleted.")
        return ExitCode.DONE
    deleted = pipeline.delete_chats(arguments.keys)
    if arguments.json:
        output.as_json({"deleted": deleted})
    for key in () if arguments.json else deleted:
        output.line(f"{key} is deleted. `chatbuilder chats restore {key}` lets the next import bring it back.")
    return ExitCode.DONE


def chats_restore(arguments: Namespace) -> int:
    """Let imports bring a deleted chat back."""
    pipeline.restore_chat(arguments.key)
    if arguments.json:
        output.as_json({"restored": arguments.key})
    else:
        output.line(f"{arguments.key} is no longer kept out. Import its export again to have it back.")
    return ExitCode.DONE


def chats_projects(arguments: Namespace) -> int:
    """List projects, those without a name first."""
    found = pipeline.projects()
    if arguments.json:
        output.as_json([asdict(project) for project in found])
        return ExitCode.DONE
    rows = [(p.name or "(no name)", str(p.chats), p.source, p.project_id, "; ".join(p.titles)) for p in found]
    output.table(("Name", "Chats", "Source", "Id", "Newest chats"), rows, "No chat belongs to a project.")
    if any(project.name is None for project in found):
        output.note("`chatbuilder chats project ID NAME` names one, for all its chats, once.")
    return ExitCode.DONE


def chats_project(arguments: Namespace) -> int:
    """Name a project."""
    count = pipeline.name_project(arguments.id, arguments.name)
    if arguments.json:
        output.as_json({"project_id": arguments.id, "name": arguments.name, "chats": count})
    else:
        output.line(f"{arguments.id} is named {arguments.name}: {counted(count, 'chat')}.")
    return ExitCode.DONE


def search(arguments: Namespace) -> int:
    """Print the chats in which the words stand, and where."""
    query = " ".join(arguments.query)
    found = pipeline.search(query, filters_of(arguments), sort=arguments.sort, limit=arguments.limit)
    if arguments.json:
        output.as_json([hit.data() for hit in found.hits])
        return ExitCode.DONE
    if not found.hits:
        output.line("No chat has these words.")
        return ExitCode.DONE
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 120)
    for hit in found.hits:
        for text in _lines(hit):
            console.print(text)
    if found.total > len(found.hits):
        output.note(f"{len(found.hits):,} of {found.total:,} chats; --limit shows more.")
    return ExitCode.DONE


def _lines(hit: Hit) -> list[Text]:
    from rich.text import Text

    chat = hit.chat
    facts = (day(chat.last_activity or chat.started), chat.assistant, chat.project or "", chat.key)
    lines = [_marked(chat.title or "(no title)", hit.title_spans if chat.title else (), "bold")]
    lines.append(Text("  " + output.safe(" · ".join(fact for fact in facts if fact)), style="dim"))
    if hit.snippet:
        who = NAMES.get(hit.role, "")
        lines.append(Text.assemble("  ", (f"{who}: " if who else "", "italic"), _marked(hit.snippet, hit.spans, "")))
    return [*lines, Text("")]


def _marked(text: str, spans: Sequence[tuple[int, int]], style: str) -> Text:
    """Return text with its hits in reverse, and between brackets where there are no colours."""
    from rich.text import Text

    plain = not sys.stdout.isatty()
    out, at = Text(style=style), 0
    for start, end in spans:
        out.append(output.safe(text[at:start]))
        found = output.safe(text[start:end])
        out.append(f"[{found}]" if plain else found, style="bold reverse")
        at = end
    return out.append(output.safe(text[at:]))
