"""Killed at any write, or with a disk that refuses it: everything stays readable, and doing it again finishes it.

All moments take an hour; `CHATBUILDER_KILL_STRIDE=1` breaks every one, each run of the suite some of them.
"""

import os

import pytest

from tests.helpers import python
from tests.holds.flows import FLOWS
from tests.integration.systems import LOCAL

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the victims are forks")
SMALL = [name for name in FLOWS if not name.endswith(LOCAL)]
LARGE = {"export", "export anew", "move", "tidy"}
FAST = [name for name in SMALL if name not in LARGE]


def held(folder, kind, stride, *flows):
    code = "import sys; sys.argv[0:1] = ['breaker']; from tests.holds.breaker import main; main()"
    stride = os.environ.get("CHATBUILDER_KILL_STRIDE", stride)
    done = python(code, folder / "stage", kind, stride, *flows, timeout=3_400)
    assert done.code == 0, done.err[-3_000:]
    report = done.data
    assert {name: part["failures"] for name, part in report.items() if part["failures"]} == {}
    assert sum(part["broken"] for part in report.values()) >= len(flows)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize(
    ("flows", "stride"),
    [(FAST, 4), (sorted(LARGE), 53), ([f"repair {platform}" for platform in LOCAL], 29)],
    ids=["small", "large", "repair"],
)
def test_killed_at_a_write_and_done_again(tmp_path, flows, stride):
    held(tmp_path, "kill", stride, *flows)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kind", ["ENOSPC", "EROFS", "EACCES-once", "EIO-once"])
def test_a_disk_that_refuses_small_things(tmp_path, kind):
    held(tmp_path, kind, 6, *FAST)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kind", ["ENOSPC", "EIO-once"])
@pytest.mark.parametrize("platform", LOCAL)
def test_a_disk_that_refuses_a_system(tmp_path, platform, kind):
    stride = 71 if platform == "excel" else 41  # a workbook takes long to read
    held(tmp_path, kind, stride, *(f"{verb} {platform}" for verb in ("apply", "repair", "sync", "destroy")))


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kind", ["ENOSPC", "EIO-once"])
def test_a_disk_that_refuses_many_files(tmp_path, kind):
    held(tmp_path, kind, 67, *sorted(LARGE))


@pytest.mark.timeout(3_600)
def test_a_disk_on_which_no_file_may_grow(tmp_path):
    held(tmp_path, "room", 1, "import", "chats rm", "token set", "sync custom")
