"""What each answer of Notion means: taken, to be sent again, in doubt, or refused with the words a person needs.

Codes: SDK `errors.ts` and developers.notion.com/reference/status-codes. A 404 is also what a page that is not shared
gives; a 403 is a missing capability, or the block limit of a Free workspace (`additional_data.block_limit`); a 503 of
a write may have been carried out all the same (`additional_data.committed_resource_id`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatbuilder.errors import ChatbuilderError, CredentialsError, RefusedError
from chatbuilder.provision.outside.calls import Answer, Call
from chatbuilder.provision.outside.policy import DONE, Verdict

LIMIT = 300  # characters of the vendor's words
KEPT = "everything built so far."
PRIVATE = (
    "name a page as `parent` under [target] and share it with the connection (open the page, the three dots, "
    "Connections), or use a personal access token: only such a token may make a private page."
)
SHARE = (
    "open that page in Notion, click the three dots, Connections, and add the connection; then run it again. What you "
    "deleted, `chatbuilder repair` makes anew."
)


def judge(call: Call, answer: Answer) -> Verdict:
    """Return what an answer means."""
    status = answer.status
    if 200 <= status < 300:
        own = isinstance(answer.data, Mapping) and answer.data.get("object") != "error"
        return DONE if own else Verdict("doubt", "the answer is not Notion's own")
    if status in (429, 529) or (status == 409 and _code(answer) != "row_limit_exceeded"):
        return _later(answer)
    if status >= 500:
        return Verdict("doubt", f"Notion answered {status}", after=_retry_after(answer))
    return Verdict("refused", error=_refusal(call, answer))


def judge_optional(call: Call, answer: Answer) -> Verdict:
    """The same for a call whose refusal is no failure: a 4xx that is not about the token comes back as an answer."""
    verdict = judge(call, answer)
    return DONE if verdict.kind == "refused" and answer.status not in (401, 429) else verdict


def judge_absent(call: Call, answer: Answer) -> Verdict:
    """The same for a look at something that may be gone: then the 404 comes back as an answer."""
    return DONE if answer.status == 404 else judge(call, answer)


def judge_change(call: Call, answer: Answer) -> Verdict:
    """The same for a change of a view that the person may have deleted, or of fields in it that they renamed."""
    return DONE if answer.status == 400 else judge_absent(call, answer)


def judge_row(call: Call, answer: Answer) -> Verdict:
    """The same for one row among many: what Notion does not take of it comes back as an answer, and stops no other."""
    mine = answer.status == 400 and _code(answer) == "validation_error"
    return DONE if mine else judge(call, answer)


def words(answer: Answer) -> str:
    """Return what Notion said, at most 300 characters, on one line."""
    page = "a web page" if "<" in answer.text else answer.text
    said = _field(answer, "message") or page or f"status {answer.status}"
    return " ".join(str(said).split())[:LIMIT]


def more(answer: Answer) -> Mapping[str, Any]:
    """Return the additional data of an error."""
    found = _field(answer, "additional_data")
    return found if isinstance(found, Mapping) else {}


def _field(answer: Answer, name: str) -> Any:
    return answer.data.get(name) if isinstance(answer.data, Mapping) else None


def _code(answer: Answer) -> str:
    return str(_field(answer, "code") or "")


def _later(answer: Answer) -> Verdict:
    if more(answer).get("rate_limit_reason") == "public_api_request_blocked":
        return Verdict("refused", error=RefusedError(
            f"Notion blocks this connection's requests: “{words(answer)}”.", title="Notion blocks the connection",
            kept=KEPT, hint="ask the owner of the workspace or Notion's support, then run it again.",
        ))  # fmt: skip
    if answer.status == 409:
        return Verdict("again", "somebody else was writing there")
    return Verdict("again", "Notion asks to wait", after=_retry_after(answer))


def _retry_after(answer: Answer) -> float | None:
    value = answer.headers.get("retry-after") or more(answer).get("retry_after")
    try:
        return min(max(float(value), 0.0), 600.0) if value is not None else None
    except (TypeError, ValueError):
        return None


def _refusal(call: Call, answer: Answer) -> ChatbuilderError:
    said = words(answer)
    if not isinstance(answer.data, Mapping):
        return RefusedError(
            f"Somebody else answered for Notion (status {answer.status}): “{said}”.", title="Not Notion's answer",
            kept=KEPT, hint="a proxy or firewall may stand in between: try another network, then run it again.",
        )  # fmt: skip
    private = call.method == "POST" and isinstance(call.body, Mapping) and "workspace" in call.body.get("parent", {})
    if answer.status == 401:
        return CredentialsError(
            f"Notion does not accept the token: “{said}”.", title="Token not accepted", kept=KEPT,
            hint="make a new one at notion.so/profile/integrations and `chatbuilder token set notion`.",
        )  # fmt: skip
    if answer.status == 403 and _is_block_limit(answer, said):
        return RefusedError(
            f"The workspace is full: “{said}”.", title="Block limit reached", kept=KEPT,
            hint="a Free workspace with several members stops at 1,000 blocks; a personal access token is not counted. "
            "Set one (`chatbuilder token set notion`) or upgrade, then run it again.",
        )  # fmt: skip
    if private and answer.status in (400, 403, 404):
        return CredentialsError(
            f"This token may not make a private page: “{said}”.", title="A page to build on is needed", kept=KEPT,
            hint=PRIVATE,
        )  # fmt: skip
    if answer.status == 403:
        return CredentialsError(
            f"The token may not do this ({call.method} {call.path}): “{said}”.", title="Capability missing", kept=KEPT,
            hint="at notion.so/profile/integrations open the connection and tick Read, Update and Insert content.",
        )  # fmt: skip
    if answer.status == 404:
        return CredentialsError(
            f"Notion cannot find it, or it is not shared: “{said}”.", title="Not shared with the token", kept=KEPT,
            hint=SHARE,
        )  # fmt: skip
    return RefusedError(
        f"Notion refused {call.method} {call.path} ({answer.status} {_code(answer)}): “{said}”.",
        title="Notion refused a request", kept=KEPT, hint="run it again; if it stays, report it with these words.",
    )  # fmt: skip


def _is_block_limit(answer: Answer, said: str) -> bool:
    return "block_limit" in more(answer) or "free blocks" in said
