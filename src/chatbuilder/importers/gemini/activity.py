"""Entries of My Activity become chats.

There is no conversation in it, only single prompts, newest first. Entries that share an address with an id are one
chat; all others are grouped by rule: no more than 30 minutes between one and the next ("thread" is derived). The id
of such a group is its first entry's second and prompt, so that JSON and HTML of the same account agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from chatbuilder.chats import ChatSession, Message, Part
from chatbuilder.importers.common.html_text import words
from chatbuilder.importers.common.json_stream import Element
from chatbuilder.importers.common.session import attachment, part, session, straight
from chatbuilder.importers.common.shape import Context, Found
from chatbuilder.importers.common.values import Json, joined, link, mappings, moment, name, names, sequence, string, web

SOURCE = "gemini"
PRODUCTS = ("Gemini Apps", "Bard")
GAP = timedelta(minutes=30)

_PROMPT = re.compile(r"(?:Prompted|Branched|Prompt ?:|Pokyn ?:?|Said)(?:\s+|$)")
_CREATED = re.compile(r"Created Gemini Canvas(?: titled)?\s*")
_OTHER_VERBS = ("Created ", "Added ", "Used ", "Gave ", "Answered ", "Viewed ", "Searched ", "Visited ", "Deleted ")
_CHAT_URL = re.compile(r"https://gemini\.google\.com/(?:u/\d+/)?app/([0-9A-Za-z_-]{6,100})(?:[/?#]|$)")
_FIELDS = names(
    "header title titleUrl time products safeHtmlItem subtitles imageFile attachedFiles description details "
    "activityControls locationInfos audioFiles"
)


@dataclass(frozen=True, slots=True)
class Activity:
    """One entry: what was prompted and answered, when, and in which chat where the address tells it."""

    time: datetime | None
    title: str
    answer: str
    files: tuple[str, ...] = ()
    chat: str | None = None
    zone_known: bool = True


def matches(item: Json) -> bool:
    """Whether this is an entry of Gemini, not of another Google product."""
    return item.get("header") in PRODUCTS and "title" in item


def read(elements: Iterator[Element], context: Context) -> Found:
    """Read My Activity's JSON."""
    return chats(_entries(elements, context), context)


def _entries(elements: Iterator[Element], context: Context) -> Iterator[Activity]:
    for element in elements:
        raw = element.value
        if element.bad or not isinstance(raw, dict):
            context.unknown("entry that cannot be read")
        elif raw.get("header") not in PRODUCTS:
            context.skipped("other product")
        else:
            context.unknown_fields(raw, _FIELDS, "entry")
            yield _entry(raw)


def _entry(raw: Json) -> Activity:
    drafts = [words(string(item.get("html"))) for item in mappings(raw.get("safeHtmlItem"))]
    files = [string(raw.get("imageFile")), *(string(found) for found in sequence(raw.get("attachedFiles")))]
    found = _CHAT_URL.match(web(raw.get("titleUrl")) or "")
    kept = tuple(file for file in files if file)
    return Activity(moment(raw.get("time")), string(raw.get("title")), joined(drafts), kept, found and found[1])


def chats(entries: Iterable[Activity], context: Context) -> Found:
    """Group entries (newest first) into chats, and yield each; those with an id of their own come last."""
    known: dict[str, list[Activity]] = {}
    group: list[Activity] = []
    held = 0
    for entry in entries:
        if entry.chat and held < context.limits.messages:
            known.setdefault(entry.chat, []).append(entry)
            held += 1
            continue
        if group and (_apart(entry, group[-1]) or len(group) >= context.limits.messages // 2):
            yield from _one(group, context)
            group = []
        group.append(entry)
    yield from _one(group, context)
    for own_id, found in known.items():
        yield from _one(found, context, own_id)


def _apart(older: Activity, newer: Activity) -> bool:
    if older.time is None or newer.time is None:
        return True
    return abs(newer.time - older.time) > GAP


def _one(group: list[Activity], context: Context, own_id: str | None = None) -> Found:
    messages: list[Message] = []
    for entry in reversed(group):
        messages += _messages(entry, len(messages), context)
    if messages:
        yield from context.attempt(lambda: _chat(group, messages, own_id, context), context.place())


def _chat(group: list[Activity], messages: list[Message], own_id: str | None, context: Context) -> ChatSession:
    marks = set() if own_id else {"source_id", "thread"}
    if not all(entry.zone_known for entry in group):
        marks.add("time zone")
    url = link("https://gemini.google.com/app", own_id) if own_id else None
    first = _first(group)
    return session(SOURCE, own_id or _key(first), messages=straight(messages), derived=marks, url=url)


def _first(group: list[Activity]) -> Activity:
    """The oldest entry that is a message, not a click somewhere."""
    said = [entry for entry in group if _said(entry) is not None]
    return (said or group)[-1]


def _key(entry: Activity) -> str:
    second = int(entry.time.timestamp()) if entry.time else ""
    return blake2b(f"{second}\0{' '.join((_said(entry) or '').split())}".encode(), digest_size=12).hexdigest()


def _said(entry: Activity) -> str | None:
    """Return what the person typed ("" for a picture alone), None when the entry is no prompt.

    Verbs are in the account's language; with an answer, an entry with a verb that is not known is a prompt, too.
    """
    found = _PROMPT.match(entry.title)
    if found:
        return entry.title[found.end() :].strip()
    if entry.title.startswith(_OTHER_VERBS) or not entry.answer:
        return None
    return entry.title.strip()


def _messages(entry: Activity, number: int, context: Context) -> list[Message]:
    said = _said(entry)
    if said is None:
        return _event(entry, number, context)
    if not _PROMPT.match(entry.title):
        context.unknown(f"verb {name(entry.title.split(' ')[0], 30)}")
    typed: list[Part] = [*part("typed", said), *(attachment(file) for file in entry.files)]
    found = [Message(f"{number}", None, "human", tuple(typed), entry.time)] if typed else []
    if answer := part("answer", entry.answer):
        found.append(Message(f"{number + len(found)}", None, "assistant", tuple(answer), entry.time))
    return found


def _event(entry: Activity, number: int, context: Context) -> list[Message]:
    created = _CREATED.match(entry.title)
    if not created:
        context.skipped(f"activity {entry.title.split(' ')[0][:30]}")
        return []
    document = attachment(entry.title[created.end() :] or "canvas")
    return [Message(f"{number}", None, "tool", (document,), entry.time)]
