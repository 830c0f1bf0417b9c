"""Kills `chatbuilder import` at every moment it could matter (see `killer`), imports again, and compares.

Run as: python -m tests.integration.import_killer FOLDER STRIDE; prints one JSON document.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from tests.integration.killer import COUNTDOWN, NEVER, in_a_process, watch
from tests.unit.library.makers import conversation, export


def main() -> None:
    folder, stride = Path(sys.argv[1]), int(sys.argv[2])
    home = folder / "home"
    os.environ["CHATBUILDER_HOME"] = str(home)
    old = export(folder, *(conversation(f"c{at}", "Hello 未来", f"w{at}") for at in range(6)), name="old.zip", month=1)
    newer = [conversation(f"c{at}", "Hello 未来", f"w{at}", *["more"] * (at % 2)) for at in range(8)]
    new = export(folder, *newer, name="new.zip")

    from chatbuilder import pipeline
    from chatbuilder.pipeline import importing

    importing.BATCH_CHATS = 3
    warm = Path(os.environ["CHATBUILDER_HOME"]).with_name("warm")
    os.environ["CHATBUILDER_HOME"] = str(warm)
    pipeline.import_chats([str(old)])  # everything is imported from here on
    os.environ["CHATBUILDER_HOME"] = str(home)
    watch()
    report = {}
    for name, before, work in (("first", (), (old,)), ("update", (old,), (new,)), ("both", (), (old, new))):
        start = folder / f"start-{name}"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        if before:
            in_a_process(lambda before=before: pipeline.import_chats([str(path) for path in before]))
        shutil.rmtree(start, ignore_errors=True)
        shutil.copytree(home, start)
        report[name] = trial(start, home, lambda work=work: pipeline.import_chats([str(p) for p in work]), stride)
    print(json.dumps(report))


def trial(start: Path, home: Path, work, stride: int) -> dict[str, object]:
    moments = in_a_process(work)
    calm = seen(home)
    failures, kills = [], 0
    for index in range(0, moments, stride):
        shutil.rmtree(home)
        shutil.copytree(start, home)
        if in_a_process(work, kill_at=index) is not None:
            continue
        kills += 1
        in_a_process(work)
        found = seen(home)
        if found != calm:
            failures.append({"moment": index, "of": moments, "found": found, "wanted": calm})
    return {"moments": moments, "kills": kills, "failures": failures, "chats": len(calm["chats"])}


def seen(home: Path) -> dict[str, object]:
    """What a person finds in the library, looked up in a process of its own."""
    place = home.with_name("seen.json")

    def look() -> None:
        COUNTDOWN.left = NEVER
        from chatbuilder import pipeline
        from chatbuilder.library.chats import opened

        keys = sorted(info.key for info in pipeline.chats().chats)
        chats = {key: [message.text for message in pipeline.chat(key).messages] for key in keys}
        words = {word: sorted(hit.chat.key for hit in pipeline.search(word).hits) for word in ("未来", "w1", "more")}
        with opened(home / "data" / "library.db") as connection:
            whole = connection.execute("PRAGMA integrity_check").fetchone()[0]
            connection.execute("INSERT INTO search (search) VALUES ('integrity-check')")
            rows = connection.execute("SELECT count(*) FROM messages").fetchone()[0]
        place.write_text(json.dumps({"chats": chats, "words": words, "whole": whole, "messages": rows}), "utf-8")

    in_a_process(look)
    return json.loads(place.read_text("utf-8"))


if __name__ == "__main__":
    main()
