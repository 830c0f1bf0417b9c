"""Notion's API as the rest of this package uses it: through one policy, one pace, one judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from dataclasses import replace
from threading import Thread
from typing import Any
from urllib.parse import quote

from chatbuilder.provision.base import Skipped
from chatbuilder.provision.notion.judge import judge, judge_absent, judge_change, judge_optional, judge_row, words
from chatbuilder.provision.notion.transport import BASE, NotionTransport
from chatbuilder.provision.outside.calls import Answer, Call, Transport
from chatbuilder.provision.outside.desk import Desk
from chatbuilder.provision.outside.limits import Limit, shared_pacer
from chatbuilder.provision.outside.policy import InDoubt, Policy
from chatbuilder.provision.outside.site import Site

Json = dict[str, Any]
LIMIT = Limit(180, 60.0)  # Free and Plus; Business has 600, which no answer tells beforehand
PAGE_SIZE = 100


class Api:
    """Sends requests and follows lists to their end."""

    def __init__(self, policy: Policy) -> None:
        """Share the policy's pace among all ways to judge an answer."""
        self._policy = policy
        self._optional = replace(policy, judge=judge_optional)
        self._absent = replace(policy, judge=judge_absent)
        self._change = replace(policy, judge=judge_change)
        self._row = replace(policy, judge=judge_row)

    @property
    def desk(self) -> Desk:
        """Whoever asked for the work."""
        return self._policy.desk

    def hasty(self) -> Api:
        """Return the same with little patience, for first contact."""
        return Api(self._policy.for_first_contact())

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Json:
        """Read something that has to be there. Raises `CredentialsError` when it is not, or not shared."""
        return _data(self._policy.send(Call("GET", path, query or {}, safe=True)))

    def look(self, path: str) -> Json | None:
        """Read something that may be gone: None then."""
        answer = self._absent.send(Call("GET", path, safe=True))
        return None if answer.status == 404 else _data(answer)

    def listed(self, path: str, query: Mapping[str, Any] | None = None) -> Iterator[Json]:
        """Yield the entries of a list, page by page; nothing when what it belongs to is gone."""
        cursor: Json = {}
        while True:
            asked = {**(query or {}), "page_size": PAGE_SIZE, **cursor}
            answer = self._absent.send(Call("GET", path, asked, safe=True))
            if answer.status == 404:
                return
            data = _data(answer)
            yield from data.get("results", ())
            if not (data.get("has_more") and data.get("next_cursor")):
                return
            cursor = {"start_cursor": data["next_cursor"]}

    def asked(self, path: str, body: Mapping[str, Any]) -> Iterator[Json]:
        """Yield the entries that a search or query finds; both only read."""
        cursor: Json = {}
        while True:
            call = Call("POST", path, body={**body, "page_size": PAGE_SIZE, **cursor}, safe=True)
            answer = self._absent.send(call)
            if answer.status == 404:
                return
            data = _data(answer)
            yield from data.get("results", ())
            if not (data.get("has_more") and data.get("next_cursor")):
                return
            cursor = {"start_cursor": data["next_cursor"]}

    def matching(self, path: str, body: Mapping[str, Any]) -> list[Json] | str:
        """Return all entries that a query finds, or Notion's words when it does not take the query."""
        found: list[Json] = []
        cursor: Json = {}
        while True:
            call = Call("POST", path, body={**body, "page_size": PAGE_SIZE, **cursor}, safe=True)
            answer = self._row.send(call)
            if answer.status >= 400:
                return words(answer)
            data = _data(answer)
            found += data.get("results", ())
            if not (data.get("has_more") and data.get("next_cursor")):
                return found
            cursor = {"start_cursor": data["next_cursor"]}

    def add(
        self, method: str, path: str, body: Mapping[str, Any], find: Callable[[InDoubt], Json | None]
    ) -> Json | str:
        """Add a row (POST) or blocks (PATCH); `find` looks for them when the answer is lost.

        Returns Notion's words when it does not take them, or when what blocks go on is gone.
        """
        policy = self._row if method == "POST" else self._change
        made = policy.make(Call(method, path, body=body), find)
        if not isinstance(made, Answer):
            return made
        return words(made) if made.status >= 400 else _data(made)

    def change(self, path: str, body: Mapping[str, Any]) -> Json:
        """Send a PATCH that says the same however often it is sent."""
        return _data(self._policy.send(Call("PATCH", path, body=body, safe=True)))

    def send(self, payload: Mapping[str, Any]) -> Json:
        """Send the request of a step that only reads, or says the same however often it is sent."""
        return self._taken(payload, self._judged(payload).send(call_of(payload)))

    def send_if_there(self, payload: Mapping[str, Any]) -> Json | None:
        """Send a change of something that may be gone: None then."""
        answer = self._absent.send(call_of(payload))
        return None if answer.status == 404 else _data(answer)

    def attempt(self, payload: Mapping[str, Any]) -> Json | str | None:
        """Send a change of a view: None when it is gone, Notion's words when it does not fit what is there."""
        answer = self._change.send(call_of(payload))
        if answer.status == 404:
            return None
        return words(answer) if answer.status >= 400 else _data(answer)

    def make(self, payload: Mapping[str, Any], find: Callable[[InDoubt], Json | None]) -> Json:
        """Send the request of a step that creates something; `find` looks for it when the answer is lost."""
        made = self._judged(payload).make(call_of(payload), find)
        return self._taken(payload, made) if isinstance(made, Answer) else made

    def close(self) -> None:
        """Let go of connections."""
        self._policy.transport.close()

    def _judged(self, payload: Mapping[str, Any]) -> Policy:
        return self._optional if "optional" in payload else self._policy

    def _taken(self, payload: Mapping[str, Any], answer: Answer) -> Json:
        if answer.status >= 400:
            raise Skipped(f"{payload['optional']} Notion said: “{words(answer)}”.")
        return _data(answer)


def together(*reads: Callable[[], Any]) -> list[Any]:
    """Return what several reads return, asked at the same time; raises what the first of them in order raises."""
    found: list[Any] = [None] * len(reads)
    wrong: dict[int, BaseException] = {}

    def read(place: int) -> None:
        try:
            found[place] = reads[place]()
        except BaseException as error:  # noqa: BLE001  (raised below, by whoever waits)
            wrong[place] = error

    # Daemons: a read that hangs must not hold up the end of the program. The context tells whose waits these are.
    threads = [Thread(target=copy_context().run, args=(read, place), daemon=True) for place in range(len(reads))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[min(wrong)]
    return found


def open_api(site: Site, transport: Transport | None = None) -> Api:
    """Return the API for a site. No network in here. Raises `CredentialsError` for what cannot be a token."""
    sender = transport or NotionTransport(site.secret, site.url)
    pacer = shared_pacer(f"notion {site.url or BASE}", site.secret, LIMIT)
    return Api(Policy("Notion", sender, pacer, judge, site.desk))


def call_of(payload: Mapping[str, Any]) -> Call:
    """Return the request of a step exactly as its payload says."""
    params = {key: quote(str(value), safe="") for key, value in payload.get("params", {}).items()}
    method = payload["method"]
    path = payload["path"].format(**params)
    return Call(method, path, payload.get("query", {}), payload.get("body"), safe=method != "POST")


def _data(answer: Answer) -> Json:
    return dict(answer.data)
