"""Delivery into a Logseq file graph: an existing one, where pages are added beside the person's own, or a new folder.

Source of the folder layout, the file names and the URI: logseq/og (`graph_parser/util.cljs`, `electron/url.cljs`).
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from chatbuilder.errors import InputError
from chatbuilder.provision.base import Links, Preflight, Provisioner, Result, State
from chatbuilder.provision.files import FilesProvisioner
from chatbuilder.solution import Plan, Step

_CONFIG = "logseq/config.edn"
_PAGES = "pages"
_HOME = "home"
_PAGE_FILES = (".md", ".markdown", ".org")
_NAME_FORMAT = re.compile(r"^[^;\n]*:file/name-format\s+:triple-lowbar", re.MULTILINE)


def open_target(target: Path) -> Provisioner:
    """Return what delivers into the graph at `target`. Raises `InputError` for a folder that cannot be a graph."""
    return LogseqProvisioner(target)


class LogseqProvisioner(FilesProvisioner):
    """A folder that Logseq OG opens as a graph.

    A file step with `if_absent` in its payload is for new graphs only: a file that is there stays as it is, and the
    result says so as {"kept": …}.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._others: dict[str, str] = {}
        graph = next((p for p in self.root.parents if (p / "logseq").is_dir() and (p / _PAGES).is_dir()), None)
        if graph is not None:
            raise _unfit(
                f"{self.root} lies inside the graph {graph}.", f"give {graph} as target, or a folder outside of it."
            )
        if (self.root / "db.sqlite").is_file():
            raise _unfit(
                f"{self.root} is a graph of Logseq 2, which keeps its pages in a database.",
                "give a new folder as target; in Logseq 2 choose Import → File to DB graph afterwards.",
            )

    def preflight(self, plan: Plan, known: Mapping[str, Result]) -> Preflight:
        """Check the graph; the notes say how an existing one and the system go together."""
        ours = {str(result.get("path")) for result in known.values()}
        self._others = {
            _page_name(path.name): f"{_PAGES}/{path.name}"
            for path in self._page_files()
            if f"{_PAGES}/{path.name}" not in ours
        }
        found = super().preflight(plan, known)
        return replace(found, notes=(*found.notes, *self._notes(first=not known)))

    def _page_files(self) -> Iterator[Path]:
        folder = self.root / _PAGES
        return (p for p in sorted(folder.iterdir()) if p.suffix in _PAGE_FILES) if folder.is_dir() else iter(())

    def _notes(self, *, first: bool) -> Iterator[str]:
        if not any((self.root / name).is_dir() for name in (_PAGES, "logseq", "journals")):
            return
        if first:
            yield "This is an existing graph: pages are added beside yours, and nothing of yours is changed."
        yield "Close Logseq before you apply; afterwards click the graph's name and choose Refresh."
        try:
            settings = (self.root / _CONFIG).read_text("utf-8", errors="replace")
        except OSError:
            return
        yield f"{_CONFIG} is yours and stays as it is; the guide says which settings to add."
        if not _NAME_FORMAT.search(settings):
            yield "The graph names its files in the older way; the new pages have their names in title:: and work too."

    def _check(
        self, step: Step, result: Result | None, problems: list[str], merges: list[str], notes: list[str]
    ) -> None:
        path = str(step.payload.get("path", ""))
        place = self.root / path
        if step.payload.get("if_absent") and place.is_file():
            return
        super()._check(step, result, problems, merges, notes)
        other = self._others.get(_page_name(Path(path).name)) if path.startswith(f"{_PAGES}/") else None
        if other not in (None, path) and not os.path.lexists(place):
            problems.append(f"{other} is a page of the same name as {path}")

    def inspect(self, step: Step, payload: Mapping[str, Any], result: Result) -> State:
        """Tell whether a delivered step is still there; settings that were kept may change as they like."""
        state = super().inspect(step, payload, result)
        return "same" if state == "edited" and payload.get("if_absent") and "kept" in result else state

    def links(self, results: Mapping[str, Result]) -> Links:
        """Return the link that opens the home page, and the first steps."""
        home = results.get(_HOME)
        title = _title(Path(str(home["path"])).stem) if home else ""
        page = f"?page={quote(title, safe='')}" if title else ""
        return Links(
            f"logseq://graph/{quote(self.root.name, safe='')}{page}",
            str(self.root),
            (
                f"Open Logseq OG, click the graph's name at the top left, choose “Add new graph” and take {self.root} "
                "(once; after that the link works).",
                "If Logseq has the graph open already: click its name and choose Refresh.",
                f"Press Ctrl+K (Cmd+K on a Mac), type {title} and start there." if title else "Start on the home page.",
            ),
        )


def _unfit(message: str, hint: str) -> InputError:
    return InputError(
        message, title="That cannot be the graph", kept="everything there; nothing was written.", hint=hint
    )


def _title(stem: str) -> str:
    return unquote(stem.replace("___", "/"))


def _page_name(name: str) -> str:
    """Return what Logseq tells pages apart by: the title without regard to case."""
    return unicodedata.normalize("NFC", _title(Path(name).stem)).casefold()
