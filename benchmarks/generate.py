"""design + generate for each platform: median milliseconds over a spread of answers (the workbook's bytes aside)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from itertools import cycle, islice

from benchmarks.measure import Figure
from chatbuilder import catalog, pipeline
from chatbuilder.config import Config

GOAL_MS = 10.0
SAMPLES = 40


def answers(platform: str) -> list[Config]:
    """Return a fixed spread of answers, from the smallest to the largest."""
    priorities, features = list(catalog.PRIORITIES), list(catalog.FEATURES)
    sizes, depths = cycle(catalog.TEAM_SIZES), cycle(catalog.COMPLEXITIES)
    found = []
    for n in range(SAMPLES):
        found.append(
            Config(
                platform=platform,
                priorities=tuple(islice(cycle(priorities[n % 8 :] + priorities[: n % 8]), 1 + n % 4)),
                features=tuple(features[: n % 9]),
                team_size=next(sizes),
                complexity=next(depths),
            )
        )
    return found


def figures() -> Iterator[Figure]:
    """Time `pipeline.build` after one build that loads the modules."""
    for platform in catalog.PLATFORMS:
        configs = answers(platform)
        pipeline.build(configs[-1])
        times = []
        for config in configs:
            start = time.perf_counter()
            pipeline.build(config)
            times.append((time.perf_counter() - start) * 1e3)
        detail = f"max {max(times):.1f} ms over {SAMPLES} answers"
        yield Figure(f"design + generate, {platform}", statistics.median(times), GOAL_MS, detail, "ms")
