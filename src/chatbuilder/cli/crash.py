"""Crash reports: where in the code it happened, never the values that were handled there."""

from __future__ import annotations

import traceback
from pathlib import Path

from chatbuilder import __version__
from chatbuilder.clock import iso, utc_now
from chatbuilder.paths import locate, private_folder


def save_report(error: BaseException) -> Path | None:
    """Write the type of an error and the lines of code it passed through; None when the disk refuses."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"chatbuilder {__version__} at {iso(utc_now())}", type(error).__name__]
    lines += [f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames]
    try:
        place = private_folder(locate().logs) / "crash.log"
        place.touch(mode=0o600)
        with place.open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n\n")
    except OSError:
        return None
    return place
