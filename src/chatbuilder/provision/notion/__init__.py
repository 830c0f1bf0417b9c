"""Notion: delivers databases, views, pages and rows through the API with the person's own token.

Tokens: a personal access token acts as the person, needs no sharing, may make private pages and is not counted by the
block limit of Free workspaces; the secret of a connection works on pages that were shared with it. Facts: official
types of makenotion/notion-sdk-js 5.26, developers.notion.com, recorded answers of the API.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from chatbuilder.errors import CredentialsError, RefusedError
from chatbuilder.provision.base import Account, Links, Preflight, Provisioner, Removal, Result, State
from chatbuilder.provision.notion import account
from chatbuilder.provision.notion.api import Api, Json, open_api, together
from chatbuilder.provision.notion.delivery import Delivery
from chatbuilder.provision.notion.inspecting import Inspector
from chatbuilder.provision.notion.judge import KEPT, PRIVATE
from chatbuilder.provision.notion.recovery import Recovery
from chatbuilder.provision.notion.removal import Remover
from chatbuilder.provision.notion.results import plain_text, title_of
from chatbuilder.provision.outside.calls import Transport
from chatbuilder.provision.outside.site import Site
from chatbuilder.solution import Plan, Step

__all__ = ["check_account", "open_remote"]

HOME = "home"
ABREAST = 6  # calls at once: enough for the rate limit at 2 s a call, few enough for one person's connection


def open_remote(site: Site, transport: Transport | None = None) -> Provisioner:
    """Return a provisioner for a site; `transport` replaces the SDK's. No network in here."""
    return NotionProvisioner(open_api(site, transport))


def check_account(site: Site, transport: Transport | None = None) -> Account:
    """Return what a token is good for. Raises `CredentialsError` and `RefusedError` with Notion's own words."""
    api = open_api(site, transport).hasty()
    try:
        return account.check(api, site.target)
    finally:
        api.close()


class NotionProvisioner:
    """Delivers the steps of `generators.notion` with one token."""

    abreast = ABREAST

    def __init__(self, api: Api) -> None:
        self._api = api
        self._delivery = Delivery(api)
        self._inspector = Inspector(api)
        self._recovery = Recovery(api.hasty(), self._delivery)

    def preflight(self, plan: Plan, known: Mapping[str, Result]) -> Preflight:
        """Prove the token and the page to build on; a page of the same name there is a note."""
        self._delivery.knows(known)
        api = self._api.hasty()
        for step in plan:
            if step.payload["makes"] == "database" and step.key in known:
                self._learn(plan, step.payload["key"], known[step.key]["data_sources"][0]["id"])
        if HOME in known:
            return _resumed(api, known[HOME])
        body = next(step.payload["body"] for step in plan if step.key == HOME)
        title, parent = plain_text(body["properties"]["title"]["title"]), body["parent"]
        dashboard = any("optional" in step.payload for step in plan)
        if "page_id" not in parent:
            me = api.get("/v1/users/me")
            _needs_person(me)
            return Preflight(
                "your private pages in Notion", exists=False, notes=account.plan_limits(me, dashboard=dashboard)
            )
        page, same, me = together(
            lambda: account.parent_page(api, parent["page_id"]),
            lambda: _namesakes(api, parent["page_id"], title),
            lambda: api.get("/v1/users/me"),
        )
        notes = (*same, *account.plan_limits(me, dashboard=dashboard))
        return Preflight(f"the Notion page {title_of(page)}", exists=False, notes=notes)

    def lost(self, plan: Plan, marks: Collection[str]) -> str | None:
        """Return the mark of a system that stands at the target and is not among the known `marks`; only asks."""
        return self._recovery.lost(plan, marks)

    def adopt(self, step: Step, payload: Mapping[str, Any]) -> Result | None:
        """Return the result of a step as it stands in the system that `lost` found; only asks."""
        return self._recovery.adopt(payload)

    def look_up(self, step: Step, payload: Mapping[str, Any]) -> Result | None:
        """Return what a step that was begun and never confirmed made, None when it made nothing."""
        return self._delivery.look_up(payload)

    def deliver(self, step: Step, payload: Mapping[str, Any], previous: Result | None) -> Result:
        """Send the step's request; with `previous` put back what is missing of it."""
        self._inspector.forget()
        return self._delivery.deliver(payload, previous)

    def inspect(self, step: Step, payload: Mapping[str, Any], result: Result) -> State:
        """Tell whether a step's work is there as written."""
        self._delivery.names.learn_step(payload, result)
        return self._inspector.state(_whole(payload), result)

    def remove(self, step: Step, payload: Mapping[str, Any], result: Result) -> Removal:
        """Move what a step made to the trash, unless it holds something of the person's."""
        self._inspector.forget()
        return Remover(self._api).remove(step.title, _whole(payload), result)

    def _learn(self, plan: Plan, table: str, source: str) -> None:
        """Take in what the fields of a table that is there were made as."""
        for step in plan:
            if step.payload["makes"] in ("database", "fields") and step.payload["key"] == table:
                self._delivery.names.learn(step.payload, source)

    def sweep(self, step: Step, payload: Mapping[str, Any], result: Result) -> tuple[str, ...]:
        """Move to the trash what a call in doubt made a second time; return what to tell of it.

        That is a private home page alone, which only the search leads to, and the search finds what is new late. One
        that holds anything but what was sent stays.
        """
        if not result.get("doubted"):
            return ()
        told = []
        for twin in self._delivery.finder.twins(payload, str(result["id"])):
            removal = Remover(self._api).remove(step.title, payload, {"id": twin})
            what = "in the trash" if removal.removed else f"left to you, because {removal.why}"
            told.append(f"{step.title} was made twice, as Notion did not answer: the second is {what}.")
        return tuple(told)

    def links(self, results: Mapping[str, Result]) -> Links:
        """Return the home page."""
        home = results.get(HOME, {})
        url = str(home.get("url") or f"https://www.notion.so/{str(home.get('id', '')).replace('-', '')}")
        after = ("Open the page and click the star at its top right: it stays in your sidebar.",)
        return Links(url, "Notion", after)

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()


def _whole(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the whole payload of a step that was last delivered as a change."""
    whole: Mapping[str, Any] = payload.get("then", payload)
    return whole


def _resumed(api: Api, home: Result) -> Preflight:
    """Look at the home page of a system that exists."""
    page = api.look(f"/v1/pages/{home['id']}")
    if page is None or page.get("in_trash"):
        raise RefusedError(
            "The home page of this system is in the trash, deleted, or no longer shared with the token.",
            title="The system is gone", kept="what chatbuilder knows of it.",
            hint="restore the page from Notion's Trash (or `chatbuilder repair`) to go on, or `chatbuilder destroy` "
            "and apply again for a new one.",
        )  # fmt: skip
    return Preflight(f"the Notion page {title_of(page)}", exists=True)


def _needs_person(me: Json) -> None:
    if account.is_connection(me):
        raise CredentialsError(
            f"The token is the secret of the connection “{me.get('name')}”, and a connection cannot make a private "
            "page.", title="A page to build on is needed", kept=KEPT, hint=PRIVATE,
        )  # fmt: skip


def _namesakes(api: Api, parent: str, title: str) -> list[str]:
    blocks = api.listed(f"/v1/blocks/{parent}/children")
    same = any(block.get("type") == "child_page" and block["child_page"].get("title") == title for block in blocks)
    return [f"There is a page called “{title}” already; a second one is made beside it."] if same else []
