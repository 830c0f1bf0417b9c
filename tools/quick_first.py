"""A pytest plugin for `tools/mutants.py`: the quickest tests first, as mutmut timed them.

A mistake is noticed by the first test that fails, so the order decides how long it takes, and nothing else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TIMES = Path("mutmut-stats.json")


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Sort the tests by the seconds they took without a mistake."""
    times = json.loads(TIMES.read_text("utf-8"))["duration_by_test"] if TIMES.exists() else {}
    items.sort(key=lambda item: times.get(item.nodeid, 0.0))
