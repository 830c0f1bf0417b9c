"""kill -9 at any moment of apply, of an update and of destroy: running it again ends as if nothing had happened."""

import os

import pytest

from tests.databases import needs_postgres
from tests.helpers import python
from tests.integration.systems import LOCAL

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the victims are forks")
# Every moment takes minutes: `CHATBUILDER_KILL_STRIDE=1` does it, each run does every n-th, beginning with the first.
STRIDES = {"obsidian": 41, "logseq": 41, "excel": 53, "custom": 97, "server": 211}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("platform", [*LOCAL, pytest.param("server", marks=needs_postgres)])
@pytest.mark.parametrize("target", ["bare", "furnished"])
def test_killed_anywhere_and_run_again(tmp_path, platform, target):
    code = "import sys; sys.argv[0:1] = ['killer']; from tests.integration.killer import main; main()"
    stride = os.environ.get("CHATBUILDER_KILL_STRIDE", STRIDES[platform])
    done = python(code, platform, tmp_path, stride, target, timeout=850)
    assert done.code == 0, done.err
    report = done.data
    for work in ("apply", "update", "destroy"):
        assert report[work]["failures"] == [], work
        assert report[work]["kills"] >= 1
        assert set(report[work]["drift"]) <= {"same", "yours"}
    assert report["left"] == []  # destroy leaves what was there before, byte for byte
