"""What a token is good for. Sources: airtable.com/developers/web/api/get-user-id-scopes, /list-bases, /scopes."""

from __future__ import annotations

from chatbuilder.errors import CredentialsError
from chatbuilder.provision.airtable.judge import SCOPES, TOKENS
from chatbuilder.provision.airtable.place import FREE, target_base, target_workspace
from chatbuilder.provision.airtable.reading import Data, Reader, by_id
from chatbuilder.provision.base import Account
from chatbuilder.provision.outside.calls import Call
from chatbuilder.provision.outside.site import Site

WRITING = "create"  # the permission level that may change a schema; owners have it too


def account(reader: Reader, site: Site) -> Account:
    """Return who the token belongs to and what it may do; with a target, whether that is within its reach.

    Raises `CredentialsError` when Airtable does not know the token, `InputError` for a target that is none.
    """
    base, workspace = target_base(site.target), target_workspace(site.target)
    me = reader.policy.send(Call("GET", "/v0/meta/whoami", safe=True)).data
    who = str(me.get("email") or me.get("id") or "an Airtable user")
    scopes, may, missing = me.get("scopes"), [], []
    if isinstance(scopes, list):
        may.append(f"scopes: {', '.join(map(str, scopes))}")
        missing += [f"Give the token the scope {scope} at {TOKENS}." for scope in SCOPES if scope not in scopes]
    try:
        bases = reader.bases()
    except CredentialsError as refused:
        return Account(who, tuple(may), (FREE,), (*missing, *_steps(refused)))
    may.append(f"read the schema of {len(bases)} base{'' if len(bases) == 1 else 's'}")
    limits = [f"{FREE}.", "Whether the token may write shows only when it does: Airtable has no way to ask."]
    if base:
        found, lacks = _base(reader, base, bases)
        may, missing = [*may, *found], [*missing, *lacks]
    if workspace:
        limits.append(
            f"Airtable does not say either whether the token may make bases in {workspace}: for that the workspace "
            f"itself must stand under Access at {TOKENS}."
        )
    return Account(who, tuple(may), tuple(limits), tuple(missing))


def _steps(refused: CredentialsError) -> list[str]:
    return [f"{refused.message} {' '.join(refused.problems)} Set it right at {TOKENS}."]


def _base(reader: Reader, base: str, bases: list[Data]) -> tuple[list[str], list[str]]:
    """Return what the token may do in a base, and what is missing."""
    found = by_id(bases, base)
    if found is None:
        why = f"The token does not reach the base {base}: add it under Access at {TOKENS}, or check the id."
        return [], [why]
    level = str(found.get("permissionLevel", ""))
    lacks = []
    if level not in ("", WRITING, "owner"):
        lacks.append(f"You may only “{level}” in {found['name']}: ask its owner for the role Creator.")
    try:
        tables = reader.tables(base)
        reader.policy.send(Call("GET", f"/v0/{base}/{tables[0]['id']}", {"maxRecords": 1}, safe=True))
    except CredentialsError as refused:
        return [], [*lacks, *_steps(refused)]
    return [f"read the schema and the records of {found['name']}"], lacks
