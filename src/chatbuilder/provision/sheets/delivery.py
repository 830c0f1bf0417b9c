"""The two calls that build a spreadsheet, the one that changes it, and the looks for what a lost answer made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from chatbuilder.errors import CredentialsError, RefusedError
from chatbuilder.generators.common.sheets_batch import Whole, as_data, standing, whole_of
from chatbuilder.generators.common.sheets_difference import difference
from chatbuilder.provision.base import Result
from chatbuilder.provision.outside.calls import Answer, Call
from chatbuilder.provision.outside.policy import Policy
from chatbuilder.provision.sheets.comparing import Comparison, cells_wanted
from chatbuilder.provision.sheets.judge import KEPT, NO_ACCESS
from chatbuilder.provision.sheets.reading import Book, read, read_cells

BATCH_LIMIT = 2_000_000  # bytes of a request that Google recommends at most
LOOKS = (0.0, 2.0)  # seconds before each look for a new file: Drive's list knows it some time later
FILES = "/drive/v3/files"


class Delivery:
    """Delivers, looks up and compares. Books that were read serve all steps until something is written."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._books: dict[str, Book] = {}

    # The file
    def make_file(self, payload: Mapping[str, Any], previous: Result | None) -> Result:
        """Create the spreadsheet; an earlier one that is still there stays the one."""
        if previous is not None and self.file_state(previous["id"]) != "missing":
            return previous
        call = Call("POST", payload["path"], payload.get("query", {}), payload["body"])
        found = self._policy.make(call, lambda doubt: self.find_file(payload))
        return _file_result(found.data) if isinstance(found, Answer) else found

    def find_file(self, payload: Mapping[str, Any]) -> Result | None:
        """Return the file with our mark, None when Drive does not list it after several looks."""
        ((key, value),) = payload["body"]["appProperties"].items()
        q = f"appProperties has {{ key='{key}' and value='{value}' }} and trashed=false"
        query = {"q": q, "fields": "files(id,name,webViewLink)", "pageSize": 10, "orderBy": "createdTime"}
        for seconds in LOOKS:
            self._policy.desk.wait(seconds, "looking whether Google made the file")
            files = self._policy.send(Call("GET", FILES, query, safe=True)).data.get("files", [])
            if files:
                return _file_result(files[0])
        return None

    def file_state(self, identity: str) -> str:
        """Return "same", or "missing" for a file that is gone or in the trash."""
        call = Call("GET", f"{FILES}/{quote(identity, safe='')}", {"fields": "id,name,trashed"}, safe=True)
        try:
            return "missing" if self._policy.send(call).data.get("trashed") else "same"
        except CredentialsError as error:
            if error.title == NO_ACCESS:
                return "missing"
            raise

    # What stands in it
    def build(self, payload: Mapping[str, Any], previous: Result | None) -> Result:
        """Send the batch; on what an earlier run built, the change; with nothing to change, what is missing of it."""
        if previous is None or previous.get("id") != payload["params"]["spreadsheet"]:
            body = payload.get("then", payload)["body"]
            return self._send(payload, body, _result_of(payload, standing(payload)))
        if "from" in payload and previous.get("marker") != payload["marker"]:
            return self._change(payload, previous)
        return self._repair(payload, previous)

    def find_build(self, payload: Mapping[str, Any]) -> Result | None:
        """Return the result of a batch that was carried out: the file's mark says which was the last."""
        book = read(self._policy, payload["params"]["spreadsheet"])
        marker = payload["marker"]
        found = next((value for value in book.marks.values() if f"{value}:".startswith(f"{marker}:")), None)
        if found is None:
            return None
        stands = payload.get("stands")
        return {"id": payload["params"]["spreadsheet"], "marker": found, **({"stands": stands} if stands else {})}

    def _send(self, payload: Mapping[str, Any], body: Mapping[str, Any], result: Result) -> Result:
        """Send a batch; whether one in doubt was carried out, the file's mark says."""
        self._fits(body)
        path = payload["path"].format(spreadsheet=quote(payload["params"]["spreadsheet"], safe="%"))
        self._books.clear()
        self._policy.make(Call(payload["method"], path, body=body), lambda doubt: self._done(payload, result))
        self._books.clear()
        return result

    def _done(self, payload: Mapping[str, Any], result: Result) -> bool | None:
        book = read(self._policy, payload["params"]["spreadsheet"])
        return result["marker"] in book.marks.values() or None

    def _fits(self, body: Mapping[str, Any]) -> None:
        size = len(json.dumps(body, ensure_ascii=False).encode())
        if size > BATCH_LIMIT:
            raise RefusedError(
                f"The request has {size:,} bytes; Google takes {BATCH_LIMIT:,}.", title="Too much for one request",
                kept=KEPT, hint="choose fewer views, or switch the sample rows off.",
            )  # fmt: skip

    def _change(self, payload: Mapping[str, Any], previous: Result) -> Result:
        """Send the planned change, or what it is where people moved, edited or deleted something since."""
        comparison = self.comparison(payload, whole_of(previous, payload))
        found = difference(comparison.less_what_is_missing(), standing(payload), comparison.live())
        body = {**payload["body"], "requests": [*found.requests, payload["body"]["requests"][-1]]}
        more = [line for line in found.kept if line not in payload["kept"]]
        return self._send(payload, body, _result_of(payload, found.stands, more))

    def _repair(self, payload: Mapping[str, Any], previous: Result) -> Result:
        whole = whole_of(previous, payload)
        comparison = self.comparison(payload, whole)
        found = difference(comparison.less_what_is_missing(), comparison.target(), comparison.live())
        left = {"left": "; ".join(found.kept)} if found.kept else {}
        result = {**{k: v for k, v in previous.items() if k != "left"}, **left}
        if found.requests:
            self._fits(body := {"requests": found.requests, "includeSpreadsheetInResponse": False})
            path = payload["path"].format(spreadsheet=quote(payload["params"]["spreadsheet"], safe="%"))
            self._policy.make(Call("POST", path, body=body), lambda doubt: self._repaired(payload, whole))
            self._books.clear()
        return result

    def _repaired(self, payload: Mapping[str, Any], whole: Whole) -> bool | None:
        self._books.clear()
        items = self.comparison(payload, whole).found()
        return None if any(item.state == "missing" for item in items) else True

    def comparison(self, payload: Mapping[str, Any], whole: Whole) -> Comparison:
        """Return what was delivered beside what is there: two calls, once."""
        spreadsheet = payload["params"]["spreadsheet"]
        if spreadsheet not in self._books:
            book = read(self._policy, spreadsheet)
            read_cells(self._policy, spreadsheet, book, cells_wanted(whole, book))
            self._books[spreadsheet] = book
        return Comparison(whole, self._books[spreadsheet], standing(payload))


def _result_of(payload: Mapping[str, Any], stands: Whole, left: Sequence[str] = ()) -> Result:
    """A result tells what stands only where the payload of the step does not: after a change."""
    result: dict[str, Any] = {"id": payload["params"]["spreadsheet"], "marker": payload["marker"]}
    if "from" in payload:
        result["stands"] = as_data(stands)
    return {**result, "left": "; ".join(left)} if left else result


def _file_result(data: Mapping[str, Any]) -> Result:
    identity = data["id"]
    link = data.get("webViewLink") or f"https://docs.google.com/spreadsheets/d/{identity}/edit"
    return {"id": identity, "name": data.get("name", ""), "url": link}
