"""Google Sheets: delivers one file and one atomic batch through gspread, with the person's own sign-in.

With a sign-in (right drive.file) chatbuilder sees only files that it made. A service account works in a spreadsheet
that was shared with it; since April 2025 it owns no files of its own. Facts: the discovery documents of Sheets v4 and
Drive v3, developers.google.com/workspace, gspread 6.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatbuilder.errors import InputError
from chatbuilder.generators.common.sheets_batch import whole_of
from chatbuilder.provision.base import Account, Links, Preflight, Provisioner, Removal, Result, State
from chatbuilder.provision.outside.calls import Call, NoAnswer, NotSent, Transport
from chatbuilder.provision.outside.limits import Limit, shared_pacer
from chatbuilder.provision.outside.policy import Policy
from chatbuilder.provision.outside.site import Site
from chatbuilder.provision.sheets import account
from chatbuilder.provision.sheets.clashes import built_before, clashes, notes
from chatbuilder.provision.sheets.comparing import Found
from chatbuilder.provision.sheets.delivery import Delivery
from chatbuilder.provision.sheets.filling import SheetRows, Target
from chatbuilder.provision.sheets.grants import Grant, open_grant
from chatbuilder.provision.sheets.judge import Whom, judge_for
from chatbuilder.provision.sheets.reading import read
from chatbuilder.provision.sheets.removal import Remover
from chatbuilder.provision.sheets.transport import GoogleTransport
from chatbuilder.solution import Plan, Step

__all__ = ["check_account", "open_remote", "open_rows"]

LIMIT = Limit(60, 60.0)  # reads of one person in a minute, and as many writes: Google counts them apart


def open_remote(site: Site, transport: Transport | None = None) -> Provisioner:
    """Return a provisioner for a site; `transport` replaces the SDK's. No network in here."""
    return SheetsProvisioner(*_opened(site, transport))


def open_rows(site: Site, target: Target, transport: Transport | None = None) -> SheetRows:
    """Return what keeps rows in a spreadsheet. No network in here."""
    return SheetRows(_opened(site, transport)[1], target)


def check_account(site: Site, transport: Transport | None = None) -> Account:
    """Return what a token is good for. Raises `CredentialsError` and `RefusedError` with Google's own words."""
    grant, policy = _opened(site, transport)
    try:
        return account.check(grant, policy.for_first_contact(), site.target)
    finally:
        policy.transport.close()


def _opened(site: Site, transport: Transport | None) -> tuple[Grant, Policy]:
    grant = open_grant(site.secret, site.url)
    sent = transport or GoogleTransport(grant, site.url)
    reads, writes = (shared_pacer(f"google {what} {site.url}", site.secret, LIMIT) for what in ("reads", "writes"))
    return grant, Policy("Google", sent, writes, judge_for(Whom(grant.email)), site.desk, reads=reads)


class SheetsProvisioner:
    """Delivers the steps of `generators.sheets` with one sign-in."""

    abreast = 1

    def __init__(self, grant: Grant, policy: Policy) -> None:
        self._grant = grant
        self._policy = policy
        self._delivery = Delivery(policy)
        self._remover = Remover(policy, self._delivery)
        self._taken_over: Result | None = None

    def preflight(self, plan: Plan, known: Mapping[str, Result]) -> Preflight:
        """Prove the sign-in; with a spreadsheet to fill look into it: nothing of ours may clash with what is there."""
        hasty = self._policy.for_first_contact()
        build = next(step for step in plan if step.key == "build")
        given = build.payload["params"]["spreadsheet"] if build.payload["given"] else None
        if given is None and "file" not in known:
            self._sign_in(hasty)
            return Preflight(f"a new spreadsheet of {self._grant.email or 'your Google account'}", exists=False)
        if given is None:
            if Delivery(hasty).file_state(known["file"]["id"]) == "missing":
                return Preflight(known["file"]["url"], False, (GONE,))
            return Preflight(known["file"]["url"], exists=True)
        book = read(hasty, str(given))
        if "build" not in known and (problems := clashes(build, book)):
            raise InputError(
                f"The spreadsheet {book.title} has parts of the same name or id as the new ones.",
                title="The spreadsheet is not free for this", problems=problems,
                kept="everything there; nothing was written.",
                hint="rename or delete them, or choose another spreadsheet.",
            )  # fmt: skip
        found = notes(book)
        if "build" not in known and (mark := built_before(build, book)):
            self._taken_over = {"id": str(given), "marker": mark}
            found.append(
                "a system of chatbuilder stands there: it is taken over as it is, and what is missing is added"
            )
        return Preflight(f"{book.title} ({book.url})", exists=True, notes=tuple(found))

    def _sign_in(self, policy: Policy) -> None:
        """Prove the sign-in without a call of the API; the token that it brings is then used."""
        if isinstance(policy.transport, GoogleTransport):
            try:
                policy.transport.sign_in()
            except (NotSent, NoAnswer):
                policy.send(Call("GET", account.ABOUT, account.WHO, safe=True))

    def look_up(self, step: Step, payload: Mapping[str, Any]) -> Result | None:
        """Return the result of a step whose answer never came: the file by its mark, the batch by the file's mark."""
        if payload["makes"] == "spreadsheet":
            return self._delivery.find_file(payload)
        return self._delivery.find_build(payload)

    def deliver(self, step: Step, payload: Mapping[str, Any], previous: Result | None) -> Result:
        """Do one step."""
        if payload["makes"] == "spreadsheet":
            return self._delivery.make_file(payload, previous)
        return self._delivery.build(payload, previous or self._taken_over)

    def inspect(self, step: Step, payload: Mapping[str, Any], result: Result) -> State:
        """Tell whether a delivered step is still there as written; the worst of its parts counts."""
        if payload["makes"] == "spreadsheet":
            return "missing" if self._delivery.file_state(result["id"]) == "missing" else "same"
        states = {part.state for part in self.parts(step, payload, result)}
        return "missing" if "missing" in states else "edited" if "edited" in states else "same"

    def parts(self, step: Step, payload: Mapping[str, Any], result: Result) -> tuple[Found, ...]:
        """Return what became of each part of a step: sheets, columns, choices, filter views, charts, warnings."""
        if payload["makes"] == "spreadsheet":
            return ()
        if not payload["given"] and self._delivery.file_state(result["id"]) == "missing":
            return (Found(("spreadsheet",), "the spreadsheet", "missing"),)
        return tuple(self._delivery.comparison(payload, whole_of(result, payload)).found())

    def remove(self, step: Step, payload: Mapping[str, Any], result: Result) -> Removal:
        """Take down what `deliver` created, unless the person wrote into it. Into the trash, never for good."""
        if payload["makes"] == "spreadsheet":
            return self._remover.file(result)
        return self._remover.build(payload, result)

    def links(self, results: Mapping[str, Result]) -> Links:
        """Return where the system is."""
        made = results.get("file", {})
        identity = results["build"]["id"]
        url = str(made.get("url") or f"https://docs.google.com/spreadsheets/d/{identity}/edit")
        return Links(url, str(made.get("name") or "your spreadsheet"), ("Open it: the sheet Start leads everywhere.",))

    def close(self) -> None:
        """Let go of connections."""
        self._policy.transport.close()


GONE = "the spreadsheet is gone or in the trash: `chatbuilder repair` makes it anew"
