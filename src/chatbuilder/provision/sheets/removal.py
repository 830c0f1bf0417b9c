"""Taking a spreadsheet down: into the trash when it is ours alone; else only our sheets that nobody changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from chatbuilder.errors import CredentialsError
from chatbuilder.generators.common.sheets_batch import BROKEN, Whole, kind_of, same_value, whole_of
from chatbuilder.provision.base import Removal, Result
from chatbuilder.provision.outside.calls import Call
from chatbuilder.provision.outside.policy import Policy
from chatbuilder.provision.sheets.comparing import Comparison
from chatbuilder.provision.sheets.delivery import FILES, Delivery
from chatbuilder.provision.sheets.judge import NO_ACCESS
from chatbuilder.provision.sheets.reading import Book, path_of, read, read_cells

TRASH = "it is in Drive's trash for 30 days"
BY_HAND = "delete it yourself when you do not need it: right click on its tab → Delete."


class Remover:
    """Takes down what `Delivery` made."""

    def __init__(self, policy: Policy, delivery: Delivery) -> None:
        self._policy = policy
        self._delivery = delivery

    def file(self, result: Result) -> Removal:
        """Trash a file that holds nothing; one with our sheets in it goes with them, or stays with what is in it."""
        title = f"spreadsheet {result.get('name', '')}"
        if self._delivery.file_state(result["id"]) == "missing":
            return Removal(True, title, "it was gone already")
        book = read(self._policy, result["id"])
        read_cells(self._policy, result["id"], book, dict.fromkeys(book.sheets, ""))
        if any(book.cells.values()):
            return Removal(False, title, f"something is written in it; move it to the trash yourself: {book.url}")
        self._trash(result["id"])
        return Removal(True, title, TRASH)

    def build(self, payload: Mapping[str, Any], result: Result) -> Removal:
        """Trash our file when nobody wrote into it; in a file of the person's own delete our untouched sheets."""
        spreadsheet = payload["params"]["spreadsheet"]
        whole = whole_of(result, payload)
        try:
            book = read(self._policy, spreadsheet)
        except CredentialsError as error:
            if error.title != NO_ACCESS or payload["given"]:
                raise
            return Removal(True, "sheets and tables", "the spreadsheet was gone already")
        read_cells(self._policy, spreadsheet, book, dict.fromkeys(book.sheets, ""))
        comparison = Comparison(whole, book)
        theirs = self._theirs(comparison, whole)
        if payload["given"]:
            return self._from_theirs(spreadsheet, comparison, whole, theirs)
        strange = [title for sheet, title in book.titles.items() if sheet not in self._ours(whole)]
        if theirs or strange:
            names = ", ".join([*(book.titles[sheet] for sheet in theirs), *strange])
            why = f"something is written in it ({names}); move it to the trash yourself: {book.url}"
            return Removal(False, f"spreadsheet {book.title}", why)
        self._trash(spreadsheet)
        return Removal(True, f"spreadsheet {book.title}", TRASH)

    def _ours(self, whole: Whole) -> set[int]:
        return {v["properties"]["sheetId"] for k, v in map(kind_of, whole[1]) if k == "addSheet"}

    def _theirs(self, comparison: Comparison, whole: Whole) -> list[int]:
        """Return our sheets in which somebody wrote something, or added columns."""
        book, found = comparison.book, []
        tables = {table["sheet"] for table in whole[0]["tables"].values()}
        for sheet in self._ours(whole) & set(book.sheets):
            if sheet in tables:
                changed = self._written(book, sheet, comparison.written.get(sheet, {}))
            else:
                changed = comparison.touched(sheet)
            if changed:
                found.append(sheet)
        return sorted(found, key=list(book.sheets).index)

    def _written(self, book: Book, sheet: int, wanted: Mapping[tuple[int, int], Mapping[str, Any]]) -> bool:
        cells = book.cells.get(sheet, {})
        return any(
            not same_value(wanted.get(place), value) and BROKEN not in str(value) for place, value in cells.items()
        )

    def _from_theirs(self, spreadsheet: str, comparison: Comparison, whole: Whole, theirs: list[int]) -> Removal:
        book = comparison.book
        tables = {table["sheet"] for table in whole[0]["tables"].values()}
        kept = set(theirs)
        if kept & tables:  # what they wrote hangs on the other tables through links and formulas
            kept |= tables
        gone = [sheet for sheet in book.sheets if sheet in self._ours(whole) and sheet not in kept]
        if gone and len(gone) < len(book.sheets):
            requests: list[dict[str, Any]] = [{"deleteSheet": {"sheetId": sheet}} for sheet in gone]
            if not kept:
                requests += self._marks(whole)
            body = {"requests": requests}
            self._policy.make(
                Call("POST", path_of(spreadsheet, ":batchUpdate"), body=body),
                lambda doubt: not set(gone) & set(read(self._policy, spreadsheet).sheets) or None,
            )
        names = ", ".join(book.titles[sheet] for sheet in book.sheets if sheet in kept)
        if kept & set(book.sheets):
            return Removal(False, f"sheets {names}", f"you or sync wrote into them, or they belong together; {BY_HAND}")
        return Removal(True, f"{len(gone)} sheets in {book.title}", "your own sheets stay as they are")

    def _marks(self, whole: Whole) -> list[dict[str, Any]]:
        found = []
        for kind, value in map(kind_of, whole[1]):
            if kind == "createDeveloperMetadata" and value["developerMetadata"]["location"].get("spreadsheet"):
                lookup = {"metadataId": value["developerMetadata"]["metadataId"]}
                found.append({"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}})
        return found

    def _trash(self, spreadsheet: str) -> None:
        path = f"{FILES}/{quote(spreadsheet, safe='')}"
        self._policy.send(Call("PATCH", path, {"fields": "id,trashed"}, {"trashed": True}, safe=True))
