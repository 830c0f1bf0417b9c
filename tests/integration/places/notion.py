"""A Notion workspace to fill, over HTTP."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from time import sleep
from typing import Any
from unittest.mock import patch

from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.generators.notion.schema import property_schema
from chatbuilder.generators.notion.transcript import TITLE
from chatbuilder.provision.notion.transport import NotionTransport
from chatbuilder.provision.outside.calls import Answer, Call
from tests.contract.notion_workspace import Source
from tests.integration.places.base import Place
from tests.vendors.clock import FakeTime
from tests.vendors.notion import PARENT, NotionFake, serving

_numbers = count()


class NotionPlace(Place):
    """Pages of a data source. The person works in the app: straight in the fake's workspace."""

    platform = "notion"
    moments = "minutes"
    forks = False

    def __init__(self, room: Path, answers: dict[str, Any] | None = None, fake: NotionFake | None = None) -> None:
        self.time = FakeTime()
        # The pace is shared by address and token: every place has one of its own.
        self.fake = fake or NotionFake()
        self.fake.token = f"ntn_place_{next(_numbers)}"
        self.fake.clock = self.time.now
        self._stack = ExitStack()
        try:
            url = self._stack.enter_context(serving(self.fake))
            environment = {"CHATBUILDER_NOTION_URL": url, "NOTION_TOKEN": self.fake.token}
            self._stack.enter_context(patch.dict("os.environ", environment))
            self._stack.enter_context(patch("chatbuilder.pipeline.outside.RealTime", lambda: self.time))
            super().__init__(room, answers)
        except BaseException:
            self._stack.close()
            raise

    def close(self) -> None:
        self._stack.close()

    def build(self, config: Config) -> None:
        super().build(config)
        self.design = design(config)

    def keep(self) -> Any:
        return copy.deepcopy(self.fake.workspace)

    def back_to(self, kept: Any) -> None:
        while self.fake.busy():
            sleep(0.001)
        self.fake.workspace = copy.deepcopy(kept)

    def each_call(self, moment: Callable[[], None]) -> None:
        self.fake.limit = None  # whoever is called in another process has another clock
        send = NotionTransport.send

        def watched(transport: NotionTransport, call: Call) -> Answer:
            moment()
            answer = send(transport, call)
            moment()
            return answer

        self._stack.enter_context(patch.object(NotionTransport, "send", watched))

    def target(self) -> dict[str, str]:
        return {"parent": PARENT}

    def source(self, table: str = "sessions") -> Source:
        """The data source of a table."""
        name = self.design.table(table).name
        found = [s for s in self.fake.workspace.sources.values() if s.title == name]
        return next(s for s in found if not self.fake.workspace.trashed(s.database) or s is found[-1])

    def property(self, key: str, table: str = "sessions") -> dict[str, Any]:
        """The property of a field, whatever it is called by now."""
        item = self.design.table(table).field(key)
        wanted = property_schema(item, self.design.table(table), self.design)
        present = self.source(table).properties.values()
        named = [p for p in present if (p["name"], p["type"]) == (item.name, wanted["type"])]
        like = [p for p in present if (p["type"], p.get("description")) == (wanted["type"], wanted["description"])]
        return (named or like)[0]

    def pages(self) -> dict[str, dict[str, Any]]:
        """The live pages of chats by key."""
        found: dict[str, dict[str, Any]] = {}
        name = self.property("source_id")["name"]
        for page in self.source().live():
            key = _text(page["properties"].get(name, {}).get("rich_text", []))
            if not key.startswith("sample:"):
                assert key not in found, "a chat came twice"
                found[key] = page
        return found

    def rows(self) -> dict[str, dict[str, str]]:
        fields = self.design.sessions.fields
        names = {self.property(f.key)["name"]: f.key for f in fields if f.owner != "computed"}
        return {
            key: {field: self._value(page["properties"].get(name)) for name, field in names.items()}
            | {"text": "\n".join(self._lines(page["id"]))}
            for key, page in self.pages().items()
        }

    def _lines(self, identity: str) -> Iterator[str]:
        """Everything that stands on a page or in a toggle."""
        for item in self.fake.workspace.blocks.get(identity, []):
            if not item.get("in_trash"):
                yield f"{item['type']}: {_text(item[item['type']]['rich_text'])}"
                yield from self._lines(item["id"])

    def _value(self, value: dict[str, Any] | None) -> str:
        if value is None:
            return ""
        ((kind, held),) = value.items()
        if kind in ("title", "rich_text"):
            return _text(held)
        if kind == "relation":
            return ", ".join(self._title(link["id"]) for link in held)
        if kind == "multi_select":
            return ", ".join(option["name"] for option in held)
        if kind == "checkbox":
            return "true" if held else ""
        shapes = {"select": "name", "date": "start"}
        return "" if held is None else str(held[shapes[kind]] if kind in shapes else held)

    def _title(self, identity: str) -> str:
        found = self.fake.workspace.row(identity)
        assert found is not None
        return "" if found[1].get("in_trash") else _title(found[1])

    def edit(self, key: str, **values: str) -> None:
        page = self.pages()[key]
        for field, value in values.items():
            item = self.property(field)
            page["properties"][item["name"]] = _sent(item["type"], value)

    def delete(self, key: str) -> None:
        self.pages()[key]["in_trash"] = True

    def toggles(self, key: str) -> list[dict[str, Any]]:
        """The live blocks on a page."""
        blocks = self.fake.workspace.blocks.get(self.pages()[key]["id"], [])
        return [item for item in blocks if not item.get("in_trash")]

    def inside(self, key: str) -> list[dict[str, Any]]:
        """The blocks of the transcript of a chat."""
        (toggle,) = self.toggles(key)
        assert _text(toggle["toggle"]["rich_text"]) == TITLE
        return [item for item in self.fake.workspace.blocks[toggle["id"]] if not item.get("in_trash")]

    def said(self, key: str) -> list[str]:
        found = []
        for item in self.inside(key):
            text = _text(item[item["type"]]["rich_text"])
            found.append(text.partition("\n")[2] if item["type"] == "paragraph" else text)
        return found

    def retell(self, key: str, old: str, new: str) -> None:
        for item in self.inside(key):
            for part in item[item["type"]]["rich_text"]:
                if part["text"]["content"] == old:
                    part["text"]["content"] = new

    def projects(self) -> list[str]:
        return [_title(page) for page in self.source("projects").live()]

    def _project(self, title: str) -> dict[str, Any]:
        return next(page for page in self.source("projects").live() if _title(page) == title)

    def rename_project(self, old: str, new: str) -> None:
        value = next(v for v in self._project(old)["properties"].values() if "title" in v)
        value["title"] = [{"type": "text", "text": {"content": new}}]

    def delete_project(self, title: str) -> None:
        self._project(title)["in_trash"] = True

    def snapshot(self) -> dict[str, Any]:
        return copy.deepcopy(vars(self.fake.workspace))

    def take_away(self) -> None:
        """The database is deleted for good, as after thirty days in the trash."""
        del self.fake.workspace.sources[self.source().id]

    def wipe(self) -> None:
        """What `destroy` left goes into the trash."""
        for page in self.fake.workspace.pages.values():
            page.in_trash = page.id != PARENT


def _text(items: list[dict[str, Any]]) -> str:
    return "".join(item["text"]["content"] for item in items)


def _title(page: dict[str, Any]) -> str:
    return _text(next(value["title"] for value in page["properties"].values() if "title" in value))


def _sent(kind: str, value: str) -> dict[str, Any]:
    if kind in ("title", "rich_text"):
        return {kind: [{"type": "text", "text": {"content": value}}] if value else []}
    if kind == "select":
        return {kind: {"name": value} if value else None}
    return {kind: value or None}
