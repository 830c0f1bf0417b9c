"""Transcripts on pages, each in a toggle of its own: read, added to, replaced.

Adding blocks is no request that may be repeated: in doubt the list of blocks, which is consistent at once, tells. A
transcript that takes several requests says in the title of its toggle that it is not whole, until it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chatbuilder.provision.notion.api import Api, Json
from chatbuilder.provision.notion.results import plain_text
from chatbuilder.provision.outside.policy import InDoubt


class Refusal(Exception):
    """Notion does not take it, or what it belongs to is gone: in words for people."""


class Transcripts:
    """Keeps transcripts. `title` is that of a toggle which is whole, `unfinished` that of one which is not."""

    def __init__(self, api: Api, title: str, unfinished: str) -> None:
        self._api = api
        self._titles = {title: False, unfinished: True}
        self._title, self._unfinished = title, unfinished

    def toggle(self, blocks: Sequence[Json], *, whole: bool) -> Json:
        """Return a toggle with blocks."""
        inner = {"rich_text": self._text(whole=whole), "children": list(blocks)}
        return {"object": "block", "type": "toggle", "toggle": inner}

    def _text(self, *, whole: bool) -> list[Json]:
        return [{"type": "text", "text": {"content": self._title if whole else self._unfinished}}]

    def read(self, page: str) -> Json | None:
        """Return the transcript on a page; None when there is none."""
        toggles = self._toggles(page)
        if not toggles:
            return None
        halves = [identity for identity, half in toggles.items() if half]
        chosen = halves[-1] if halves else next(iter(toggles))
        old = [identity for identity in toggles if identity != chosen] if halves else []
        return {"id": chosen, "half": bool(halves), "old": old, "blocks": self._inside(chosen)}

    def _toggles(self, page: str) -> dict[str, bool]:
        """Return our toggles on a page, and whether each is half written."""
        found = {}
        for block in self._api.listed(f"/v1/blocks/{page}/children"):
            if block.get("type") == "toggle":
                half = self._titles.get(plain_text(block["toggle"].get("rich_text", ())))
                if half is not None:
                    found[str(block["id"])] = half
        return found

    def _inside(self, toggle: str) -> list[tuple[str, str]]:
        """Return kind and text of each block; one without text is the person's, and counts by its kind."""
        found = []
        for block in self._api.listed(f"/v1/blocks/{toggle}/children"):
            inner = block.get(block.get("type", ""))
            texts = inner.get("rich_text") if isinstance(inner, Mapping) else None
            found.append((str(block.get("type")), plain_text(texts or ())))
        return found

    def finish(self, page: str, parts: Sequence[Sequence[Json]]) -> None:
        """Write the rest of a transcript whose first part came with its new page. Raises `Refusal`."""
        toggle = next(iter(self._toggles(page)), "")
        if not toggle:
            raise Refusal("its transcript was removed while this ran")
        at = len(parts[0])
        for part in parts[1:]:
            self._add(toggle, part, at)
            at += len(part)
        self._say(toggle, whole=True)

    def write(self, page: str, there: Json | None, wanted: Mapping[str, Any]) -> None:
        """Make the transcript on a page what it should be. Raises `Refusal`."""
        toggle, at, parts, whole = wanted["into"], wanted["at"], list(wanted["parts"]), wanted["whole"]
        if toggle and not whole and there and not there["half"]:
            self._say(toggle, whole=False)
        if not toggle and parts:
            toggle = self._new(page, parts.pop(0), {*wanted["old"]}, whole=whole)
            at = len(wanted["parts"][0])
        for old in wanted["old"]:
            self._api.attempt(_change(old, {"in_trash": True}))
        for part in parts:
            self._add(toggle, part, at)
            at += len(part)
        if toggle and not whole:
            self._say(toggle, whole=True)

    def _new(self, page: str, part: Sequence[Json], old: set[str], *, whole: bool) -> str:
        def find(_: InDoubt) -> Json | None:
            like = (key for key, half in self._toggles(page).items() if half != whole and key not in old)
            return next(({"results": [{"id": key}]} for key in like), None)

        made = self._added(page, [self.toggle(part, whole=whole)], find)
        return str(made["results"][0]["id"])

    def _add(self, toggle: str, part: Sequence[Json], at: int) -> None:
        self._added(toggle, part, lambda _: {} if len(self._inside(toggle)) >= at + len(part) else None)

    def _added(self, place: str, blocks: Sequence[Json], find: Callable[[InDoubt], Json | None]) -> Json:
        answer = self._api.add("PATCH", f"/v1/blocks/{place}/children", {"children": list(blocks)}, find)
        if isinstance(answer, str):
            raise Refusal(answer)
        return answer

    def _say(self, toggle: str, *, whole: bool) -> None:
        answer = self._api.attempt(_change(toggle, {"toggle": {"rich_text": self._text(whole=whole)}}))
        if not isinstance(answer, dict):
            raise Refusal(answer or "its transcript was removed while this ran")


def _change(block: str, body: Json) -> Json:
    return {"method": "PATCH", "path": f"/v1/blocks/{block}", "body": body}
