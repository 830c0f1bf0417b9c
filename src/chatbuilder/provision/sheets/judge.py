"""What each answer of Google means: one table for Sheets and Drive.

Sources: the bodies recorded in gspread's tests, developers.google.com/workspace/sheets/api/limits and
/workspace/drive/api/guides/handle-errors (November 2026). 403 stands for missing rights, an API that nobody enabled, a
full Drive and too many calls alike: `reason` tells them apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chatbuilder.errors import ChatbuilderError, CredentialsError, RefusedError
from chatbuilder.provision.outside.calls import Answer, Call
from chatbuilder.provision.outside.policy import DONE, Judge, Verdict

KEPT = "everything built so far."
NO_ACCESS = "No access to the spreadsheet"
QUOTA_WAIT = 10.0  # seconds; the quota is filled up within a minute, and the policy tries 8 times
LONGEST = 120.0  # seconds: no answer may put us off for longer
_SHOWN = 300  # characters of the vendor's own words
_TOO_MANY = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "sharingRateLimitExceeded"}
_SCOPE = {"ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions", "insufficientScopes"}
_OFF = {"SERVICE_DISABLED", "accessNotConfigured"}


@dataclass(frozen=True, slots=True)
class Whom:
    """Who asks, for the sentences: `machine` is the address of a service account, "" for a person."""

    machine: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """Google's reason codes and its sentence; `url` is the address that it names for enabling an API."""

    reasons: frozenset[str]
    message: str
    url: str = ""

    def __str__(self) -> str:
        """Return Google's sentence for a person."""
        return words(self.message)

    def any(self, reasons: set[str]) -> bool:
        """Tell whether one of these reasons is given."""
        return bool(self.reasons & reasons)


def words(text: str) -> str:
    """Return a vendor's words for a person: one line, cut, without control characters."""
    plain = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip() or "nothing that can be read"
    return plain if len(plain) <= _SHOWN else plain[: _SHOWN - 1] + "…"


def said(answer: Answer) -> Said:
    """Return what an error answer says, in the shape of Sheets or of Drive."""
    error = answer.data.get("error") if isinstance(answer.data, dict) else None
    if not isinstance(error, dict):
        return Said(frozenset(), f"HTTP {answer.status}" + (" with a web page" if "<" in answer.text else ""))
    details = [d for d in _list(error.get("details")) if isinstance(d, dict)]
    reasons = {str(item.get("reason")) for item in (*details, *_dicts(error.get("errors"))) if item.get("reason")}
    urls = [d["metadata"].get("activationUrl") for d in details if isinstance(d.get("metadata"), dict)]
    message = str(error.get("message") or error.get("status") or f"HTTP {answer.status}")
    return Said(frozenset(reasons), "; ".join([message, *_fields(details)]), next((str(u) for u in urls if u), ""))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in _list(value) if isinstance(item, dict)]


def _fields(details: list[dict[str, Any]]) -> Iterator[str]:
    for detail in details:
        for violation in _dicts(detail.get("fieldViolations")):
            yield f"{violation.get('field', '')}: {violation.get('description', '')}"


def judge_for(whom: Whom) -> Judge:
    """Return the judge of all answers to one account."""

    def judge(call: Call, answer: Answer) -> Verdict:
        status, heard = answer.status, said(answer)
        if 200 <= status < 300:
            own = isinstance(answer.data, dict) and "error" not in answer.data
            return DONE if own else Verdict("doubt", "Google's answer could not be read")
        if status == 429 or (status == 403 and heard.any(_TOO_MANY)):
            return Verdict("again", "Google allows 60 reads and 60 writes a minute", after=_after(answer, QUOTA_WAIT))
        if status >= 500 or status in (408, 409):
            return Verdict("doubt", f"Google said: “{heard}”", after=_after(answer, None))
        return Verdict("refused", error=_refusal(call, answer, heard, whom))

    return judge


def _after(answer: Answer, default: float | None) -> float | None:
    text = answer.headers.get("retry-after", "")
    return min(float(text), LONGEST) if re.fullmatch(r"\d{1,9}", text) else default


Refusal = Callable[[Call, Said, Whom], ChatbuilderError]


def _refusal(call: Call, answer: Answer, heard: Said, whom: Whom) -> ChatbuilderError:
    if answer.status == 401:
        return CredentialsError(
            f"Google does not accept the token. Google said: “{heard}”.", title="The token is not accepted", kept=KEPT,
            hint="run `chatbuilder token set sheets --file FILE`.",
        )  # fmt: skip
    if answer.status in (403, 404) and isinstance(answer.data, dict):
        for reasons, refusal in _REFUSALS:
            if heard.any(reasons):
                return refusal(call, heard, whom)
        writes = answer.status == 403 and not call.reads
        return (may_not_write if writes else no_access)(call, heard, whom)
    if not isinstance(answer.data, dict):
        hint = "a proxy or firewall may stand in between: try another network, then run it again."
    elif call.method == "GET":
        hint = (
            "open the address in a browser: an Excel file in Drive is no Google sheet (File → Save as Google Sheets)."
        )
    else:
        hint = "nothing of this step was done; `chatbuilder verify` tells what was changed there. Then run it again."
    return RefusedError(f"Google refused it. Google said: “{heard}”.", title="Google refused it", kept=KEPT, hint=hint)


def _disabled(call: Call, heard: Said, whom: Whom) -> CredentialsError:
    name = "Google Drive API" if call.path.startswith("/drive/") else "Google Sheets API"
    return CredentialsError(
        f"The {name} is not enabled in the Google Cloud project of this token. Google said: “{heard}”.",
        title="An API is not enabled", kept=KEPT,
        problems=(f"Open {heard.url} and click “Enable”.",) if heard.url else (),
        hint="enable it, wait a few minutes and run it again: it goes on from here.",
    )  # fmt: skip


def _scope(call: Call, heard: Said, whom: Whom) -> CredentialsError:
    return CredentialsError(
        f"The sign-in does not cover this. Google said: “{heard}”.", title="A right is missing", kept=KEPT,
        hint="run `chatbuilder token set sheets --file FILE` and leave every box ticked when Google asks.",
    )  # fmt: skip


def _full(call: Call, heard: Said, whom: Whom) -> RefusedError:
    if whom.machine:
        return RefusedError(
            f"A service account has no room in Drive, so it cannot make a file. Google said: “{heard}”.",
            title="The service account owns no files", kept=KEPT,
            problems=(
                "Make a blank spreadsheet yourself (sheets.new).",
                f"Click “Share”, add {whom.machine} as Editor, without notification.",
                "Paste its address as the target: `spreadsheet = \"https://docs.google.com/spreadsheets/d/…\"` under "
                "[target], or on the Auto-setup screen.",
            ),
            hint="or sign in as yourself: `chatbuilder token set sheets --file FILE`.",
        )  # fmt: skip
    return RefusedError(
        f"The Drive is full. Google said: “{heard}”.", title="No room in Drive", kept=KEPT,
        hint="make room at one.google.com/storage and empty the trash, then run it again: it goes on from here.",
    )  # fmt: skip


_REFUSALS: tuple[tuple[set[str], Refusal], ...] = (
    (_OFF, _disabled),
    (_SCOPE, _scope),
    ({"storageQuotaExceeded", "teamDriveFileLimitExceeded"}, _full),
)


def may_not_write(call: Call, heard: Said, whom: Whom) -> CredentialsError:
    """Return the error of a spreadsheet that this token may read and not change."""
    who = whom.machine or "the account that signed in"
    return CredentialsError(
        f"Google does not let this token change the spreadsheet. Google said: “{heard}”.", title=NO_ACCESS,
        problems=(
            f"Share → give {who} the role Editor; Viewer and Commenter are not enough.",
            "See that it was not deleted or unshared meanwhile (drive.google.com → Trash).",
        ),
        kept=KEPT, hint="set it right, prove it with `chatbuilder token check sheets`, and run it again.",
    )  # fmt: skip


def no_access(call: Call, heard: Said, whom: Whom) -> CredentialsError:
    """Return the error of a spreadsheet that is not there for this token."""
    if whom.machine:
        why = [
            f"The spreadsheet is shared with {whom.machine} as Editor (Share → add the address).",
            "Its address is right, and it is not in the trash.",
        ]
    else:
        why = [
            "It was made by chatbuilder with this sign-in: with the right drive.file it sees no other files. For a "
            "spreadsheet of your own use a service account and share the spreadsheet with it.",
            "It is not deleted for good (drive.google.com → Trash), and it belongs to the account that signed in.",
        ]
    return CredentialsError(
        f"Google does not let this token at the spreadsheet, or it is gone. Google said: “{heard}”. "
        "One of these is not so:",
        title=NO_ACCESS, problems=why, kept=KEPT,
        hint="set it right, prove it with `chatbuilder token check sheets`, and run it again.",
    )  # fmt: skip
