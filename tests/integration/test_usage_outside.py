"""The figures of `stats` agree with what the vendors' fakes were really asked, whatever went wrong."""

from __future__ import annotations

from contextlib import closing

import pytest

from chatbuilder import pipeline
from tests.integration.filling import take_in
from tests.integration.places import AirtablePlace, NotionPlace, SpreadsheetPlace
from tests.unit.library.makers import chat

PLACES = {"notion": NotionPlace, "airtable": AirtablePlace, "sheets": SpreadsheetPlace}


def figures(platform):
    found = {each.platform: each.usage for each in pipeline.usage()}
    return found[platform]


@pytest.mark.parametrize("platform", PLACES)
def test_calls_and_troubles_are_exact(platform, tmp_path, run_cli):
    with closing(PLACES[platform](tmp_path)) as place:
        faults = place.fake.faults
        assert figures(platform).calls == faults.count
        assert figures(platform).errors == 0
        take_in(chat("a"), chat("b"), chat("c"))
        before = faults.count
        faults.plan = {before: "429", before + 1: "503-before", before + 2: "drop-before"}
        run_cli("sync", place.system)
        assert [kind for _, kind in faults.met] == ["429", "503-before", "drop-before"]
        after = figures(platform)
        assert after.calls == faults.count
        assert {name: after.outcomes[name] for name in ("limited", "failed", "lost")} == {
            "limited": 1, "failed": 1, "lost": 1,
        }  # fmt: skip
        assert after.retries == 3
        reads = sum(request.startswith("GET ") for request in faults.requests)
        assert after.reads >= reads
        assert after.times.total() == faults.count - 1
