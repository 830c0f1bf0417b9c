"""What each answer of Airtable means: one table for all calls.

Sources: airtable.com/developers/web/api/errors and /rate-limits (November 2026). `error` comes as a text, as an object,
or inside a list `errors`; 403 stands for a missing scope, a base outside the token's list and a wrong id alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from chatbuilder.errors import CredentialsError, RefusedError
from chatbuilder.provision.outside.calls import Answer, Call
from chatbuilder.provision.outside.policy import DONE, Verdict

PENALTY = 30.0  # seconds that Airtable refuses everything after a call too many
LONGEST = 600.0  # seconds: no answer may put us off for longer
KEPT = "everything built so far."
TOKENS = "airtable.com/create/tokens"
SCOPES = ("data.records:read", "data.records:write", "schema.bases:read", "schema.bases:write")
BASES = "/v0/meta/bases"
_SHOWN = 300  # characters of the vendor's own words


class Unwilling(RefusedError):
    """Airtable understood a request and will not do it. `status` is the HTTP status, `type` Airtable's own code."""

    def __init__(self, message: str, *, status: int, type_: str, title: str, hint: str) -> None:
        super().__init__(message, title=title, kept=KEPT, hint=hint)
        self.status = status
        self.type = type_


@dataclass(frozen=True, slots=True)
class Said:
    """Airtable's code and sentence, as they came."""

    type: str
    message: str

    def __str__(self) -> str:
        """Return the vendor's words for a person: one line, cut, without control characters."""
        words = self.message or self.type or "nothing that can be read"
        words = f"{words} ({self.type})" if self.message and self.type else words
        plain = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", words).strip()
        return plain if len(plain) <= _SHOWN else plain[: _SHOWN - 1] + "…"


def said(answer: Answer) -> Said:
    """Return what an error answer says, in whichever shape it came."""
    data = answer.data if isinstance(answer.data, dict) else {}
    found: Any = data.get("error")
    if found is None and isinstance(data.get("errors"), list) and data["errors"]:
        found = data["errors"][0]
    if isinstance(found, dict):
        kind = found.get("type") or found.get("error") or ""
        return Said(str(kind), str(found.get("message") or ""))
    if found is None:
        return Said("", f"HTTP {answer.status}" + (" with a web page" if "<" in answer.text else ""))
    return Said(str(found), str(data.get("message") or ""))


def judge(call: Call, answer: Answer) -> Verdict:
    """Return the verdict on one answer."""
    status, words = answer.status, said(answer)
    if 200 <= status < 300:
        own = isinstance(answer.data, dict) and "error" not in answer.data
        return DONE if own else Verdict("doubt", "Airtable's answer could not be read")
    if status == 429:
        if "BILLING_LIMIT" in words.type:
            return Verdict("refused", error=_billing(words))
        return Verdict("again", "Airtable asked to wait", after=_after(answer, PENALTY))
    if status == 409:
        return Verdict("again", "Airtable was busy with another change")
    if status >= 500 or status == 408:
        # 503 says that it is safe to try again, but a create that went through all the same would stand there twice.
        return Verdict("doubt", f"Airtable said: “{words}”", after=_after(answer, None))
    return Verdict("refused", error=_refusal(call, answer, words))


def _after(answer: Answer, default: float | None) -> float | None:
    text = answer.headers.get("retry-after", "")
    return min(float(text), LONGEST) if re.fullmatch(r"\d{1,9}", text) else default


def _billing(words: Said) -> RefusedError:
    return Unwilling(
        f"The workspace has used up its API calls of this month. Airtable said: “{words}”.", status=429,
        type_=words.type, title="No API calls left",
        hint="run it again next month, or after an upgrade of the workspace: it goes on from here.",
    )  # fmt: skip


def _refusal(call: Call, answer: Answer, words: Said) -> RefusedError | CredentialsError:
    if answer.status == 401:
        return CredentialsError(
            f"Airtable does not accept the token: it is mistyped, expired or revoked. Airtable said: “{words}”.",
            title="The token is not accepted", kept=KEPT,
            hint=f"make a new token at {TOKENS} and run `chatbuilder token set airtable`.",
        )  # fmt: skip
    if answer.status in (403, 404) and isinstance(answer.data, dict) and "LIMIT" not in words.type:
        return no_access(call, words)
    if answer.status == 402 or "LIMIT" in words.type:
        return Unwilling(
            f"The workspace's plan does not allow it. Airtable said: “{words}”.", status=answer.status,
            type_=words.type, title="The plan is full",
            hint="make room or upgrade the workspace, then run it again: it goes on from here.",
        )  # fmt: skip
    if not isinstance(answer.data, dict):
        hint = "a proxy or firewall may stand in between: try another network, then run it again."
    else:
        hint = "run `chatbuilder verify` to see what was changed there, mend that and apply again."
    return Unwilling(
        f"Airtable refused {call.method} {call.path}. It said: “{words}”.", status=answer.status, type_=words.type,
        title="Airtable refused it", hint=hint,
    )  # fmt: skip


def no_access(call: Call, words: Said) -> CredentialsError:
    """Return the error of a call that the token may not make, or whose base is not there for it."""
    base = re.match(rf"(?:{BASES}|/v0)/(app\w+)", call.path)
    if call.path == BASES and call.method == "POST":
        why = [
            "the token has the scope schema.bases:write.",
            "under Access the workspace itself is added (“Add a base” → the workspace), not only bases in it.",
            "the id of the workspace is right: it stands in the address airtable.com/workspaces/wsp….",
            "you are an owner or creator of that workspace.",
        ]
    elif base is None:
        why = ["the token has the scope schema.bases:read."]
    else:
        why = [
            f"the token has the scopes {', '.join(SCOPES)}.",
            f"under Access the base {base[1]} is added, or the workspace that it is in.",
            f"the base is still there: airtable.com/{base[1]} opens it (a deleted one comes back from the trash), and "
            "no table or field that was built is deleted (`chatbuilder verify` tells).",
            "you are an owner or creator of the base.",
        ]
    return CredentialsError(
        f"Airtable does not let the token do this, or what it is for is not there. Airtable said: “{words}”.",
        title="No access", problems=[f"Check: {one}" for one in why], kept=KEPT,
        hint=f"set it right at {TOKENS}, then `chatbuilder token check airtable`, and run it again.",
    )  # fmt: skip
