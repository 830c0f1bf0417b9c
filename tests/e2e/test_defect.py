"""A defect of ours in the wizard: said in one sentence, reported without any value that was handled there."""

from __future__ import annotations

import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")

BROKEN = """
import sys
from chatbuilder.screens import platform
secret = "ntn_canary_in_a_local"
def broken(self, state):
    token = "ntn_canary_in_a_local"
    raise RuntimeError(token)
platform.PlatformScreen.show = broken
from chatbuilder.cli import run
sys.exit(run([]))
"""


def test_a_defect_shows_no_values(tmp_path):
    from ptyprocess import PtyProcessUnicode

    process = PtyProcessUnicode.spawn([sys.executable, "-c", BROKEN], dimensions=(36, 120))
    said = ""
    while True:
        try:
            said += process.read(4096)
        except EOFError:
            break
    assert process.wait() == 1
    assert "this is our fault" in said
    assert "canary" not in said
    report = next(tmp_path.rglob("crash.log"))
    assert "canary" not in report.read_text()
    assert "RuntimeError" in report.read_text()
