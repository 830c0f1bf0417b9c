"""Rows of Chat Sessions: pages of a data source, found by their Source ID, made and changed one call each.

Notion has no key that it checks and no upsert. So a page is only made when no page has its Source ID, and a call whose
answer was lost is looked up, by the id that Notion names or by the Source ID, before it may be sent again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, TypeVar

from chatbuilder.errors import InputError
from chatbuilder.provision.crew import Tell
from chatbuilder.provision.lanes import in_order
from chatbuilder.provision.notion import account
from chatbuilder.provision.notion.api import LIMIT, Api, Json, open_api, together
from chatbuilder.provision.notion.columns import Column, Columns
from chatbuilder.provision.notion.judge import more
from chatbuilder.provision.notion.results import plain_text, title_of
from chatbuilder.provision.notion.transcripts import Refusal, Transcripts
from chatbuilder.provision.notion.transport import NotionTransport
from chatbuilder.provision.outside.calls import Answer, Call, Transport
from chatbuilder.provision.outside.policy import InDoubt
from chatbuilder.provision.outside.site import Site
from chatbuilder.provision.rows import Delivery, Forecast, Found, Outlook, Related, Wanted, Written

T = TypeVar("T")
ASKED = 100  # keys in one query: as many as a list in a request may have, and one page of answers
TEXT = 2_000  # characters of a condition
KEY = "source_id"


@dataclass(frozen=True, slots=True)
class Ground:
    """Where rows go: data sources by table, the columns of Chat Sessions, and the titles of a transcript's toggle.

    `titles` are those of a transcript that is whole and of one that is not yet; () without transcripts.
    """

    sources: Mapping[str, str]
    columns: Mapping[str, Column]
    titles: tuple[str, str] | tuple[()]
    owner: str
    abreast: int


class PageRows:
    """The pages of one system. A state is {"values": property values by key, "said": the transcript, if wanted}."""

    noticed: tuple[str, ...] = ()

    def __init__(self, site: Site, ground: Ground, tell: Tell, transport: Transport | None = None) -> None:
        self._ground, self._tell = ground, tell
        self._counting = _Counting(transport or NotionTransport(site.secret, site.url))
        self._api: Api = open_api(site, self._counting)
        self._source = f"/v1/data_sources/{ground.sources['sessions']}"
        self._said = Transcripts(self._api, *ground.titles) if ground.titles else None
        self._columns = Columns({}, {})
        self._me: Json = {}
        self._first = 0
        self.requests = 0

    def check(self) -> tuple[str, ...]:
        """See that the data source is there. Raises `InputError` when it is not, or lost what rows are found by."""
        api = self._api.hasty()
        source, self._me = together(lambda: api.look(self._source), lambda: api.get("/v1/users/me"))
        if source is None or source.get("in_trash"):
            raise _unusable("The database Chat Sessions is in the trash, deleted, or not shared with the token.")
        self._columns = Columns(self._ground.columns, source["properties"])
        if KEY not in self._columns.ids:
            raise _unusable("Chat Sessions has no property Source ID any more, by which rows are found.")
        self._first = self._counting.count
        missing = self._columns.missing
        return (f"These properties are not there and stay out: {', '.join(missing)}.",) if missing else ()

    def _count(self) -> None:
        """Take in how many requests were sent, the first look at the data source aside."""
        self.requests = self._counting.count - self._first

    def _abreast(self, works: Sequence[Callable[[], T]]) -> Iterator[T]:
        """Do several calls at a time."""
        try:
            yield from in_order(self._ground.owner, works, self._ground.abreast, self._api.desk.cancelled, self._tell)
        finally:
            self._count()

    # Finding ---------------------------------------------------------------------------------------------------------
    def find(self, wanted: Sequence[Wanted]) -> list[Found | str | None]:
        """Return the page of each key. What is in the trash is not there.

        A query for 100 keys costs one call, so pages are looked for by key also where they are known; one that has
        another key by now, or none, is looked at where it was.
        """
        fitting = [item.key for item in wanted if _length(item.key) <= TEXT]
        parts = [fitting[at : at + ASKED] for at in range(0, len(fitting), ASKED)]
        pages: dict[str, list[Json]] = {}
        for found in self._abreast([partial(self._matching, self._source, self._has_key, part) for part in parts]):
            for page in found:
                pages.setdefault(self._key(page), []).append(page)
        works = [partial(self._found, item, pages.get(item.key, [])) for item in wanted]
        moved = (w.remote and all(page["id"] != w.remote for page in pages.get(w.key, ())) for w in wanted)
        if self._said is None and not any(moved):
            return [work() for work in works]  # none of them calls anybody
        return list(self._abreast(works))

    def _has_key(self, key: str) -> Json:
        return {"property": self._columns.ids[KEY], "rich_text": {"equals": key}}

    def _key(self, page: Json) -> str:
        return plain_text(self._columns.read(page).get(KEY, {}).get("rich_text", ()))

    def _matching(self, source: str, condition: Callable[[str], Json], texts: Sequence[str]) -> list[Json]:
        """Return the pages that meet one of the conditions; a query that is too long for Notion is parted."""
        conditions = [condition(text) for text in texts]
        asked = {"filter": {"or": conditions} if len(conditions) > 1 else conditions[0]}
        found = self._api.matching(f"{source}/query", asked)
        if not isinstance(found, str):
            return [page for page in found if not page.get("in_trash")]
        if len(texts) == 1:
            raise _unusable(f"Notion does not take a query of its rows: “{found}”.")
        half = len(texts) // 2
        return [p for part in (texts[:half], texts[half:]) for p in self._matching(source, condition, part)]

    def _found(self, item: Wanted, pages: Sequence[Json]) -> Found | str | None:
        if _length(item.key) > TEXT:
            return f"its Source ID is longer than the {TEXT:,} characters by which Notion finds a row"
        page = next((page for page in pages if page["id"] == item.remote), None)
        if page is None and item.remote:
            there = self._api.look(f"/v1/pages/{item.remote}")
            page = None if there is None or there.get("in_trash") else there
        if page is None and pages:
            page = min(pages, key=lambda page: str(page.get("created_time", "")))
        if page is None:
            return None
        state: Json = {"values": self._columns.read(page)}
        if self._said is not None:
            state["said"] = self._said.read(page["id"])
        return Found(page["id"], state)

    def reserve(self, data: Mapping[str, Any]) -> str:
        """Return nothing: Notion gives pages their ids."""
        return ""

    # Writing ---------------------------------------------------------------------------------------------------------
    def write(self, deliveries: Sequence[Delivery]) -> Iterator[Written]:
        """Write pages, some at a time; one that Notion does not take stops no other.

        A page with a choice that Notion has to add to a property is written while no other is: two that add the same
        one at once would be in each other's way.
        """
        group: list[Callable[[], Written]] = []
        for item in deliveries:
            values, adds = self._columns.sent(item.data["values"])
            work = partial(self._deliver, item, values)
            if adds:
                yield from self._abreast(group)
                group = []
                yield from self._abreast([work])
            else:
                group.append(work)
        yield from self._abreast(group)

    def _deliver(self, item: Delivery, values: Json) -> Written:
        try:
            return Written(self._change(item, values) if item.found else self._create(item, values))
        except Refusal as refusal:
            return Written(item.remote, f"Notion did not take it: {refusal}")

    def _create(self, item: Delivery, values: Json) -> str:
        parts = item.data["said"]
        body: Json = {"parent": _below(self._ground.sources["sessions"]), "properties": values}
        if parts and self._said:
            body["children"] = [self._said.toggle(parts[0], whole=len(parts) == 1)]
        page = self._made(body, lambda: self._with_key(item.key))
        if len(parts) > 1 and self._said:
            self._said.finish(page, parts)
        return page

    def _made(self, body: Json, find: Callable[[], Json | None]) -> str:
        """Return the id of a new page."""

        def lost(doubt: InDoubt) -> Json | None:
            return self._committed(doubt) or find()

        made = self._api.add("POST", "/v1/pages", body, lost)
        if isinstance(made, str):
            raise Refusal(made)
        return str(made["id"])

    def _committed(self, doubt: InDoubt) -> Json | None:
        """Return the page that a 503 names as made."""
        named = more(doubt.answer).get("committed_resource_id") if doubt.answer else None
        return self._api.look(f"/v1/pages/{named}") if isinstance(named, str) else None

    def _with_key(self, key: str) -> Json | None:
        pages = self._matching(self._source, self._has_key, [key])
        return next((page for page in pages if self._key(page) == key), None)

    def _change(self, item: Delivery, values: Json) -> str:
        if values:
            payload = {"method": "PATCH", "path": f"/v1/pages/{item.remote}", "body": {"properties": values}}
            answer = self._api.attempt(payload)
            if not isinstance(answer, dict):
                raise Refusal(answer or "it was deleted while this ran")
        if "said" in item.data and self._said and item.found:
            self._said.write(item.remote, item.found.state.get("said"), item.data["said"])
        return item.remote

    # Other tables ----------------------------------------------------------------------------------------------------
    def related(self, items: Sequence[Related]) -> list[str | None]:
        """Return the id of each page of another table."""
        places: dict[tuple[str, str], str] = {}
        for table in dict.fromkeys(item.data["table"] for item in items):
            names = [item.data["name"] for item in items if item.data["table"] == table]
            places |= {(table, name): place for name, place in self._titled(table, names).items()}
        return list(self._abreast([partial(self._related, item, places) for item in items]))

    def _titled(self, table: str, names: Sequence[str]) -> dict[str, str]:
        """Return the first page of each title."""
        source = self._ground.sources.get(table)
        fitting = [name for name in names if name and _length(name) <= TEXT]
        if source is None:
            return {}
        parts = [fitting[at : at + ASKED] for at in range(0, len(fitting), ASKED)]
        works = [partial(self._matching, f"/v1/data_sources/{source}", _has_title, part) for part in parts]
        found: dict[str, str] = {}
        pages = [page for part in self._abreast(works) for page in part]
        for page in sorted(pages, key=lambda page: str(page.get("created_time", ""))):
            found.setdefault(title_of(page), page["id"])
        return found

    def _related(self, item: Related, places: Mapping[tuple[str, str], str]) -> str | None:
        table, name = item.data["table"], item.data["name"]
        titled = places.get((table, name))
        if item.remote:
            if titled == item.remote:
                return titled
            page = self._api.look(f"/v1/pages/{item.remote}")
            return None if page is None or page.get("in_trash") else item.remote
        source = self._ground.sources.get(table)
        if titled or not item.make or source is None:
            return titled

        def find() -> Json | None:
            place = self._titled(table, [name]).get(name)
            return {"id": place} if place else None

        body = {"parent": _below(source), "properties": {"title": {"title": item.data["title"]}}}
        return self._made(body, find)

    # The rest --------------------------------------------------------------------------------------------------------
    def forecast(self, outlook: Outlook) -> Forecast:
        """Return the calls, and what they take at Notion's rate and on its plans."""
        self._count()
        calls = self.requests + math.ceil(outlook.cost) + outlook.related
        if not outlook.created + outlook.updated + outlook.related:
            return Forecast(calls)
        minutes = math.ceil(calls / LIMIT.calls * LIMIT.seconds / 60)
        time = "less than a minute" if calls < LIMIT.calls else f"about {minutes:,} minute{'s' * (minutes > 1)}"
        notes = [f"{calls:,} calls, {time}: chatbuilder keeps to {account.PACE_KEPT}"]
        if account.BLOCK_CAP in account.plan_limits(self._me, dashboard=False):
            told = ", and so does every paragraph of a transcript" if self._said else ""
            notes.append(f"{account.BLOCK_CAP} Each of the {outlook.created:,} new rows counts as one{told}.")
        return Forecast(calls, tuple(notes))

    def settle(self) -> None:
        """Nothing to wait for: what Notion has answered is kept."""

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()


class _Counting:
    """Counts every request as Notion counts it, those that are sent again too."""

    def __init__(self, inner: Transport) -> None:
        self._inner, self._lock, self.count = inner, Lock(), 0

    def send(self, call: Call) -> Answer:
        with self._lock:
            self.count += 1
        return self._inner.send(call)

    def close(self) -> None:
        self._inner.close()


def _has_title(title: str) -> Json:
    return {"property": "title", "title": {"equals": title}}


def _below(source: str) -> Json:
    return {"type": "data_source_id", "data_source_id": source}


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _unusable(what: str) -> InputError:
    return InputError(
        what, title="The system cannot be filled", kept="everything as it is.",
        hint="`chatbuilder verify` tells what is missing, `chatbuilder repair` puts it back.",
    )  # fmt: skip
