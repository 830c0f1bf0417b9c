"""A whole system in Notion, on the real SDK over HTTP, against a fake whose every answer takes 400 ms.

The floor is what the plan's own dependencies and the rate limit allow: its longest chain, one latency a step, and the
windows that its calls need. Both sides of a ratio come from the same run.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.vendors.notion import PARENT, NotionFake, serving

from benchmarks.measure import Figure
from chatbuilder.config import Config
from chatbuilder.library.systems import Library
from chatbuilder.pipeline import build
from chatbuilder.provision.notion import open_remote
from chatbuilder.provision.outside.site import Site
from chatbuilder.provision.runner import run
from chatbuilder.secret import Secret
from chatbuilder.solution import Plan

LATENCY = 0.4  # seconds
LIMIT, WINDOW = 180, 60.0
TIME_GOAL, CALL_GOAL = 1.2, 1.15
FLOOR_CALLS = 34  # facts, 1f: 3 tables, 2 links, 12 views, a dashboard with 4 charts, 5 rows, and the checks
FLOOR_PARTS = {"view": 13, "widget": 4, "row": 5}
FULL = Config(
    platform="notion", priorities=("organization", "analytics"), features=("projects", "timeline", "dashboard"),
    target={"parent": PARENT},
)  # fmt: skip


def longest_chain(plan: Plan) -> int:
    """Return how many steps have to come one after the other."""
    depth: dict[str, int] = {}
    for step in plan:
        depth[step.key] = 1 + max((depth[key] for key in step.depends_on), default=0)
    return max(depth.values())


def floor_of(plan: Plan, calls: int) -> float:
    """Return the seconds that nobody can do without: the checks before (at once), the chain, and full windows."""
    return max((1 + longest_chain(plan)) * LATENCY, (calls - 1) // LIMIT * WINDOW)


def floor_calls(plan: Plan) -> int:
    """Return the floor of the facts for as many views, widgets and rows as this plan has."""
    made = [step.payload["makes"] for step in plan]
    return FLOOR_CALLS + sum(made.count(kind) - count for kind, count in FLOOR_PARTS.items())


def built(abreast: int) -> tuple[float, NotionFake, Plan]:
    """Build the system once and return the seconds it took."""
    plan = build(FULL).plan
    fake = NotionFake(latency=LATENCY, token=f"ntn_bench_{abreast}")
    with tempfile.TemporaryDirectory() as folder, serving(fake) as url, Library(Path(folder) / "library.db") as library:
        library.save_system("bench", "Bench", "notion", "Notion", {})
        provisioner = open_remote(Site(Secret(fake.token), url=url))
        provisioner.abreast = abreast
        start = time.perf_counter()
        provisioner.preflight(plan, {})
        seed = {"target": {"mark": "0123456789ab"}}
        outcome = run(plan, provisioner, library.journal("bench"), lambda _: None, lambda: False, seed=seed)
        seconds = time.perf_counter() - start
        provisioner.close()
    assert outcome.status == "completed", outcome.error
    return seconds, fake, plan


def figures() -> Iterator[Figure]:
    """Build it as chatbuilder does, and one call at a time for comparison."""
    seconds, fake, plan = built(6)
    calls = len(fake.log)
    floor = floor_of(plan, calls)
    detail = f"{seconds:.1f} s, floor {floor:.1f} s: {longest_chain(plan)} in a row of {calls}, {LATENCY} s each"
    yield Figure("full Notion system, time to floor", seconds / floor, TIME_GOAL, detail)
    wanted = floor_calls(plan)
    yield Figure("full Notion system, calls to floor", calls / wanted, CALL_GOAL, f"{calls} calls, floor {wanted}")
    alone, _, _ = built(1)
    yield Figure("the same, beside one call at a time", seconds / alone, 0.6, f"{alone:.1f} s one by one")
