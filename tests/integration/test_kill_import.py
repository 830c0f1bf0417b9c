"""kill -9 at any moment of an import: importing again ends as if nothing had happened."""

import os

import pytest

from tests.helpers import python

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the victims are forks")


@pytest.mark.timeout(600)
def test_killed_anywhere_and_imported_again(tmp_path):
    code = "import sys; sys.argv[0:1] = ['killer']; from tests.integration.import_killer import main; main()"
    done = python(code, tmp_path, os.environ.get("CHATBUILDER_KILL_STRIDE", "13"), timeout=550)
    assert done.code == 0, done.err
    for work, report in done.data.items():
        assert report["failures"] == [], work
        assert report["kills"] >= 5
        assert report["chats"] >= 6
