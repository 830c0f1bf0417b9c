"""Kills a sync at every moment it could matter, in processes that really die, and syncs again (see `killer`).

Run as: python -m tests.integration.sync_killer PLATFORM FOLDER STRIDE [calls]; prints one JSON document. With
`calls` a moment is one before a call to the vendor, or after its answer, and nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from tests.integration.filling import FULL, take_in
from tests.integration.killer import COUNTDOWN, in_a_process, watch
from tests.integration.places import PLACES
from tests.unit.library.makers import DAY, chat

CHATS = [chat(f"c{n}", f"Question {n}", "Answer", title="Same title", project="Garden") for n in range(5)]
MINE = "My own title"


class Stage:
    """A system, its library, and copies of both to go back to."""

    def __init__(self, platform: str, folder: Path) -> None:
        self.folders = (folder / "room", folder / "home")
        for place in self.folders:
            place.mkdir()
        self.state = folder / "state.json"
        answers = {**FULL, "options": {**FULL["options"], "sample_data": False}}
        self.place = PLACES[platform](self.folders[0], answers)
        self.kept: dict[str, Any] = {}
        take_in(*CHATS)

    def keep(self, name: str) -> None:
        self.kept[name] = self.place.keep()
        for place in self.folders:
            shutil.copytree(place, place.with_name(f"{place.name}-{name}"))

    def back_to(self, name: str) -> None:
        self.place.back_to(self.kept[name])
        for place in self.folders:
            shutil.rmtree(place)
            shutil.copytree(place.with_name(f"{place.name}-{name}"), place)

    def sync(self) -> None:
        report = self.place.sync(transcripts=True)
        assert not report.failed, report.problems

    def change(self) -> None:
        """A newer export, and what a person did meanwhile."""
        self.place.edit(CHATS[0].key, title=MINE, model="mine")
        self.place.delete(CHATS[1].key)
        newer = [chat(c.source_id, *(m.text for m in c.messages), "More", "Sure", title=c.title, days=1, model="new",
                      project="Garden") for c in CHATS]  # fmt: skip
        take_in(*newer, chat("new", "Brand new", "Yes", title="Same title", started=DAY), exported=2.0)

    def look(self) -> dict[str, Any]:
        def write() -> None:
            found = {
                "rows": self.place.rows(),
                "files": sorted(path.name for path in self.folders[0].rglob("*") if not path.name.endswith("-wal")),
                "again": self.place.sync(transcripts=True).requests,
            }
            self.state.write_text(json.dumps(found, default=str), "utf-8")

        in_a_process(write)
        return json.loads(self.state.read_text("utf-8"))


def trial(stage: Stage, start: str, stride: int) -> dict[str, Any]:
    """Kill at every stride-th moment, sync again, and compare with never having been killed."""
    stage.back_to(start)
    moments = in_a_process(stage.sync)
    calm = stage.look()
    failures, kills = [], 0
    for index in range(0, moments, stride):
        stage.back_to(start)
        if in_a_process(stage.sync, kill_at=index) is not None:
            continue
        kills += 1
        wrong = after(stage, calm)
        if wrong:
            failures.append({"moment": index, "of": moments, "wrong": wrong})
    return {"moments": moments, "kills": kills, "failures": failures, "rows": len(calm["rows"])}


def after(stage: Stage, calm: dict[str, Any]) -> list[str]:
    """Sync again as a person would, and say what differs."""
    try:
        in_a_process(stage.sync)
        found = stage.look()
    except AssertionError as error:
        return [str(error)]
    wrong = [key for key in {*calm["rows"], *found["rows"]} if calm["rows"].get(key) != found["rows"].get(key)]
    wrong += [f"file {name}" for name in set(calm["files"]) ^ set(found["files"])]
    return wrong + (["not finished"] if found["again"] else [])


def main() -> None:
    platform, folder, stride = sys.argv[1], Path(sys.argv[2]) / "stage", int(sys.argv[3])
    folder.mkdir()
    os.environ["CHATBUILDER_HOME"] = str(folder / "home")
    stage = Stage(platform, folder)
    stage.keep("empty")
    stage.sync()  # everything is imported from here on
    stage.change()
    stage.keep("changed")
    stage.place.each_call(COUNTDOWN.moment)
    if sys.argv[4:] != ["calls"]:
        watch()
    report = {"fill": trial(stage, "empty", stride), "update": trial(stage, "changed", stride)}
    stage.place.close()
    print(json.dumps(report))


if __name__ == "__main__":
    main()
