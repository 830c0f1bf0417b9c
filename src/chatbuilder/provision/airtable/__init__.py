"""Airtable: bases, tables, fields and sample rows through the Web API; the rest is for the person to click."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from chatbuilder.provision.airtable import inspecting, place, removal
from chatbuilder.provision.airtable.account import account
from chatbuilder.provision.airtable.columns import Results
from chatbuilder.provision.airtable.filling import AirtableRows, Ways
from chatbuilder.provision.airtable.judge import Unwilling, judge
from chatbuilder.provision.airtable.making import WEB, Maker, lacking
from chatbuilder.provision.airtable.reading import Data, Reader, by_id, by_name
from chatbuilder.provision.airtable.recovery import Recovery
from chatbuilder.provision.airtable.rows import RowWriter, table_of
from chatbuilder.provision.airtable.transport import AirtableTransport
from chatbuilder.provision.base import Account, Links, Preflight, Provisioner, Removal, Result, Skipped, State
from chatbuilder.provision.outside.calls import Call, Transport
from chatbuilder.provision.outside.limits import Limit, shared_pacer
from chatbuilder.provision.outside.policy import Policy
from chatbuilder.provision.outside.site import Site
from chatbuilder.solution import Plan, Step

__all__ = ["LIMIT", "check_account", "open_remote", "open_rows"]

# 5 a second for each base; one too many shuts the base for 30 seconds (airtable.com/developers/web/api/rate-limits).
# 50 a second for each person are out of reach of one base. The gap spreads the five over their second.
LIMIT = Limit(calls=5, seconds=1.0, gap=0.2)
ABREAST = 4  # calls on their way at once: enough for the limit when each takes 0.8 seconds


def open_remote(site: Site, transport: Transport | None = None) -> Provisioner:
    """Return the provisioner of a site; nothing is sent. Raises `CredentialsError` for what cannot be a token."""
    return Airtable(site, _policy(site, transport))


def check_account(site: Site, transport: Transport | None = None) -> Account:
    """Ask Airtable what the token is good for: two calls, two more with a base as the target. Raises as `account`."""
    policy = _policy(site, transport).for_first_contact()
    try:
        return account(Reader(policy), site)
    finally:
        policy.transport.close()


def open_rows(
    site: Site, owner: str, tell: Callable[[str, str, float], None], results: Results, names: Mapping[str, str],
    wanted: Mapping[str, tuple[str, str]], owned: Sequence[str], *, transcripts: bool,
) -> AirtableRows:  # fmt: skip
    """Return what keeps the records of a system, as `AirtableRows` says; nothing is sent.

    Raises `CredentialsError` for what cannot be a token, `InputError` when there is no base.
    """
    base = place.base_of(results) or place.target_base(site.target)
    if base is None:
        raise place.no_target()
    ways = Ways(_policy(site, None), owner, tell, ABREAST, LIMIT.gap)
    return AirtableRows(ways, base, results, names, wanted, owned, transcripts=transcripts)


def _policy(site: Site, transport: Transport | None) -> Policy:
    where = site.target.get("base") or site.target.get("workspace") or ""
    pacer = shared_pacer(f"airtable:{site.url}:{where}", site.secret, LIMIT)
    return Policy("Airtable", transport or AirtableTransport(site.secret, site.url), pacer, judge, site.desk)


class Airtable:
    """Delivers http steps to one base, as `provision.base.Provisioner` says."""

    abreast = ABREAST

    def __init__(self, site: Site, policy: Policy) -> None:
        self._target = site.target
        self._policy = policy
        self._reader = Reader(policy)
        self._bases: list[Data] | None = None
        self._make = Maker(self._reader, self._seen)
        self._rows = RowWriter(self._reader)
        self._recovery = Recovery(self._reader, self._rows)

    def preflight(self, plan: Plan, known: Mapping[str, Result]) -> Preflight:
        """Prove token and target with one call. Raises `InputError` and `CredentialsError`."""
        self._reader.policy = self._policy.for_first_contact()
        try:
            return self._preflight(plan, known)
        finally:
            self._reader.policy = self._policy

    def _preflight(self, plan: Plan, known: Mapping[str, Result]) -> Preflight:
        workspace, base = place.target_workspace(self._target), place.target_base(self._target)
        if workspace is None and base is None:
            raise place.no_target()
        base = place.base_of(known) or base
        if base is None:
            name = next(str(step.payload["body"]["name"]) for step in plan if step.payload["makes"] == "base")
            notes = place.notes_on(plan, known, [])
            if by_name(self._seen(), name):
                notes.append(f"A base {name} exists already; it stays, and a second one is made.")
            return Preflight(f"Airtable workspace {workspace}", False, tuple(notes))
        tables = self._reader.tables(base)
        ours = place.known_tables(known)
        if not ours:
            place.must_be_empty(self._reader, base, tables)
        if found := place.clashes(plan, known, tables):
            raise place.in_the_way(found)
        others = [table for table in tables if table["id"] not in ours]
        notes = place.notes_on(plan, known, others)
        return Preflight(f"Airtable base {base}", bool(ours), tuple(notes))

    def lost(self, plan: Plan, marks: Collection[str]) -> str | None:
        """Return the mark of a system that stands at the target and is not among the known `marks`; only asks."""
        workspace, base = place.target_workspace(self._target), place.target_base(self._target)
        if workspace is None and base is None:
            return None  # preflight says what is missing
        self._reader.policy = self._policy.for_first_contact()
        try:
            return self._recovery.lost(plan, base, [] if base else self._seen(), marks)
        finally:
            self._reader.policy = self._policy

    def adopt(self, step: Step, payload: Mapping[str, Any]) -> Result | None:
        """Return the result of a step as it stands in the base that `lost` found; only asks."""
        return self._recovery.adopt(step, payload)

    def deliver(self, step: Step, payload: Mapping[str, Any], previous: Result | None) -> Result:
        """Send one step's request; what is in doubt is looked up before it is sent again."""
        try:
            return self._deliver(payload, dict(previous) if previous else None)
        except Unwilling as refused:
            if payload.get("optional") and refused.status not in (401, 429) and refused.status < 500:
                raise Skipped(f"{payload['optional']} {refused.message}") from None
            raise

    def _deliver(self, payload: Mapping[str, Any], previous: Data | None) -> Result:
        path, ids, body = _path(payload), payload.get("params", {}), payload["body"]
        match payload["makes"]:
            case "base":
                return self._make.base(path, body, previous)
            case "table":
                return self._make.table(ids["base"], path, body, previous)
            case "field":
                return self._make.field(ids["base"], ids["table"], path, body, previous)
            case "rows":
                return self._rows.upsert(path, ids, payload, previous)
            case "links":
                return self._rows.link(path, ids, payload)
            case "choices":
                return self._choices(ids, path, body)
        if not ids["field"]:
            why = f"Airtable did not tell which field is the other side of a link: name it {body['name']} by hand"
            raise Skipped(why)
        if previous is not None and not self._has_field(ids):
            raise Skipped("the link that it belongs to was deleted, or its table was")
        self._policy.send(Call(payload["method"], path, body=body, safe=True))
        self._reader.forget()
        return {"id": ids["field"], "name": body["name"]}

    def _choices(self, ids: Mapping[str, str], path: str, body: Data) -> Result:
        table = by_id(self._reader.tables(ids["base"], fresh=True), ids["table"])
        field = by_id(table["fields"], ids["field"]) if table else None
        if field is None:
            raise Skipped("the field that would get new choices is not there any more")
        more = lacking(field, {**body, "type": field["type"]})
        done = self._make.choices(path.rpartition("/")[0], field, more)
        return {"id": done["id"], "name": done["name"]}

    def _has_field(self, ids: Mapping[str, str]) -> bool:
        table = by_id(self._reader.tables(ids["base"], fresh=True), ids["table"])
        return table is not None and by_id(table["fields"], ids["field"]) is not None

    def look_up(self, step: Step, payload: Mapping[str, Any]) -> Result | None:
        """Return what a step made whose answer never came, or None."""
        ids, body = payload.get("params", {}), payload["body"]
        match payload["makes"]:
            case "base":
                return self._make.look_base(body)
            case "table":
                return self._make.look_table(ids["base"], body)
            case "field":
                return self._make.look_field(ids["base"], ids["table"], body)
            case "rows":
                return self._rows.look_up(ids, payload)
            case "name":
                table = table_of(self._reader, ids)
                field = by_id(table["fields"], ids["field"]) if table else None
                there = field is not None and field["name"] == body["name"]
                return {"id": ids["field"], "name": body["name"]} if there else None
        return None  # sending it again says the same

    def inspect(self, step: Step, payload: Mapping[str, Any], result: Result) -> State:
        """Tell whether a step is there as written. Raises `CredentialsError` when the whole base is out of reach."""
        return inspecting.inspect(self._reader, payload, result)

    def remove(self, step: Step, payload: Mapping[str, Any], result: Result) -> Removal:
        """Delete untouched sample rows; for the rest say what to click."""
        return removal.remove(self._reader, step, payload, result)

    def links(self, results: Mapping[str, Result]) -> Links:
        """Return the base's address."""
        base = place.base_of(results) or place.target_base(self._target) or ""
        name = results.get("base", {}).get("name", "")
        return Links(f"{WEB}/{base}", f"Airtable base {name or base}", (place.first_steps(results),))

    def close(self) -> None:
        """Let go of connections."""
        self._policy.transport.close()

    def _seen(self) -> list[Data]:
        """Return the bases as preflight listed them, in this run: a broken run before it may have left ours there."""
        if self._bases is None:
            self._bases = self._reader.bases()
        return self._bases


def _path(payload: Mapping[str, Any]) -> str:
    ids = {key: quote(str(value), safe="%") for key, value in payload.get("params", {}).items()}
    return str(payload["path"].format(**ids))
