"""Who a Google token belongs to, what it may do, and the steps that are missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatbuilder.generators.common.sheets_target import spreadsheet_id
from chatbuilder.provision.base import Account
from chatbuilder.provision.outside.calls import Call
from chatbuilder.provision.outside.policy import Policy
from chatbuilder.provision.sheets.grants import Grant
from chatbuilder.provision.sheets.reading import Book, path_of

ABOUT = "/drive/v3/about"
WHO = {"fields": "user,storageQuota"}
LIMITS = (
    "60 reads and 60 writes a minute; building takes 2 calls.",
    "10 million cells in a spreadsheet, 50,000 characters in a cell.",
)


def check(grant: Grant, policy: Policy, target: Mapping[str, str]) -> Account:
    """Ask Google who it is; with a spreadsheet as the target prove that too. One or two calls."""
    data = policy.send(Call("GET", ABOUT, WHO, safe=True)).data
    user = data.get("user", {})
    email = str(user.get("emailAddress") or grant.email)
    may, missing = ["make spreadsheets, and change those it made"], []
    if grant.kind == "service account":
        may = ["change spreadsheets that are shared with it"]
    if given := spreadsheet_id(target.get("spreadsheet")):
        may.append(f"reach the spreadsheet {_seen(policy, given)}")
    elif grant.kind == "service account":
        missing = _room(data.get("storageQuota", {}), email)
    name = str(user.get("displayName") or "")
    person = email if name in ("", email) else f"{name} ({email})"
    who = f"the service account {email}" if grant.kind == "service account" else person
    return Account(who, tuple(may), (*_storage(grant, data.get("storageQuota", {})), *LIMITS), tuple(missing))


def _seen(policy: Policy, spreadsheet: str) -> str:
    call = Call("GET", path_of(spreadsheet), {"fields": "spreadsheetId,properties(title)"}, safe=True)
    return Book(policy.send(call).data).title


def _room(quota: Mapping[str, Any], email: str) -> list[str]:
    if int(quota.get("limit") or 1) > 0:
        return []
    return [
        "A service account has no room in Drive, so it cannot make a file.",
        "Make a blank spreadsheet (sheets.new), click “Share” and add "
        f"{email} as Editor; paste its address as the target.",
        "Or sign in as yourself: `chatbuilder token set sheets --file FILE`.",
    ]


def _storage(grant: Grant, quota: Mapping[str, Any]) -> tuple[str, ...]:
    if grant.kind == "service account" or "limit" not in quota:
        return ()
    free = max(0, int(quota["limit"]) - int(quota.get("usage") or 0)) / 2**30
    return (f"{free:.1f} GB of Drive are free.",)
