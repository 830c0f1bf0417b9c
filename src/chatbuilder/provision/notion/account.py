"""Whose token it is, what it may do, which limits of the plan matter, and what is still missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatbuilder.errors import RefusedError
from chatbuilder.links import notion_page
from chatbuilder.provision.base import Account
from chatbuilder.provision.notion.api import Api, Json
from chatbuilder.provision.notion.judge import KEPT, PRIVATE
from chatbuilder.provision.notion.results import title_of

FREE_UPLOAD = 5 * 2**20  # bytes: the file size that Free allows; paid plans allow more
PACE = "180 requests a minute (600 on Business and Enterprise)."
PACE_KEPT = "180 calls a minute, which every plan allows (Business and Enterprise: 600, but no answer tells the plan)."
NO_DASHBOARD = {
    True: "Free plan: no dashboards, and one chart in the whole workspace; the rest is built.",
    False: "Dashboards need Business or Enterprise; on Plus the rest is built without one.",
}
BLOCK_CAP = (
    "Free with more than one member: the workspace stops at 1,000 blocks for ever. Pages and rows made through a "
    "connection count; those made with a personal access token do not."
)


def check(api: Api, target: Mapping[str, str]) -> Account:
    """Return what the token is good for. Raises `CredentialsError` or `RefusedError` with Notion's own words."""
    me = api.get("/v1/users/me")
    page = parent_page(api, notion_page(target["parent"])) if target.get("parent") else None
    return Account(_who(me), _may(me, page), (*plan_limits(me, dashboard=True), PACE), _next(me, page))


def parent_page(api: Api, identity: str) -> Json:
    """Return the page to build on. Raises `CredentialsError` when it is not shared, `RefusedError` when trashed."""
    page = api.get(f"/v1/pages/{identity}")
    if page.get("in_trash"):
        raise RefusedError(
            f"The page “{title_of(page)}” is in the trash.", title="The page to build on is gone", kept=KEPT,
            hint="in Notion open Trash and restore it, or name another page as parent.",
        )  # fmt: skip
    return page


def is_connection(me: Mapping[str, Any]) -> bool:
    """Tell whether the token belongs to a connection of the workspace, not to a person."""
    return bool(_owner(me).get("type") == "workspace")


def plan_limits(me: Mapping[str, Any], *, dashboard: bool) -> tuple[str, ...]:
    """Return what the workspace's plan limits; those of dashboards only when one is wanted."""
    size = _bot(me).get("workspace_limits", {}).get("max_file_upload_size_in_bytes")
    if size is None:
        return ()
    free = size <= FREE_UPLOAD
    return (*((NO_DASHBOARD[free],) if dashboard else ()), *((BLOCK_CAP,) if free and is_connection(me) else ()))


def _bot(me: Mapping[str, Any]) -> Mapping[str, Any]:
    found = me.get("bot")
    return found if isinstance(found, Mapping) else {}


def _owner(me: Mapping[str, Any]) -> Mapping[str, Any]:
    found = _bot(me).get("owner")
    return found if isinstance(found, Mapping) else {}


def _who(me: Mapping[str, Any]) -> str:
    where = _bot(me).get("workspace_name")
    place = f" in {where}" if where else ""
    if is_connection(me):
        return f"connection {me.get('name') or 'without a name'}{place}"
    user = _owner(me).get("user") or me
    mail = (user.get("person") or {}).get("email")
    return f"{user.get('name') or me.get('name') or 'a person'}{f' <{mail}>' if mail else ''}{place}"


def _may(me: Mapping[str, Any], page: Mapping[str, Any] | None) -> tuple[str, ...]:
    on = (f"build on the page {title_of(page)}",) if page is not None else ()
    if is_connection(me):
        return (*on, "work on pages that are shared with it (what it may do there shows with the first write)")
    return (*on, "work on everything that you may, no sharing needed", "make private pages")


def _next(me: Mapping[str, Any], page: Mapping[str, Any] | None) -> tuple[str, ...]:
    if page is not None or not is_connection(me):
        return ()
    return (f"This is the secret of a connection, which cannot make a private page: {PRIVATE}",)
