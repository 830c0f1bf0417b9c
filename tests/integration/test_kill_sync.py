"""kill -9 at any moment of a sync: syncing again ends as if nothing had happened."""

import os

import pytest

from tests.helpers import python
from tests.integration.places import LOCAL

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the victims are forks")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("platform", LOCAL)
def test_killed_anywhere_and_synced_again(platform, tmp_path):
    code = "import sys; sys.argv[0:1] = ['killer']; from tests.integration.sync_killer import main; main()"
    stride = os.environ.get("CHATBUILDER_KILL_STRIDE", "11")
    done = python(code, platform, tmp_path, stride, timeout=550)
    assert done.code == 0, done.err
    for work, report in done.data.items():
        assert report["failures"] == [], work
        assert report["kills"] >= 5
        assert report["rows"] == 5


@pytest.mark.timeout(600)
def test_killed_at_every_call_to_a_vendor_and_synced_again(tmp_path):
    code = "import sys; sys.argv[0:1] = ['killer']; from tests.integration.sync_killer import main; main()"
    done = python(code, "notion", tmp_path, "1", "calls", timeout=550)
    assert done.code == 0, done.err
    for work, report in done.data.items():
        assert report["failures"] == [], work
        assert report["kills"] >= 15
        assert report["rows"] == 5
