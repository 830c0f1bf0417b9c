"""The first frame needs next to nothing: everything heavy comes after it."""

import os
import subprocess
import sys

import pytest

HEAVY = (
    "pydantic",
    "openpyxl",
    "sqlalchemy",
    "keyring",
    "httpx",
    "notion_client",
    "pyairtable",
    "gspread",
    "markdown_it",
)
FIRST = """
import sys
from chatbuilder.app import make_app
app = make_app()
app._after_first_frame = lambda: None
import asyncio
async def main():
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert "Where should your chats live?" in str(app.screen.query_one("#question").render())
asyncio.run(main())
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize(
    "code", ["import sys, chatbuilder.app; print(*sys.modules)", FIRST], ids=["import", "first frame"]
)
def test_what_the_first_frame_loads(code, tmp_path):
    environment = {**os.environ, "CHATBUILDER_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "textual" in loaded
    assert loaded & set(HEAVY) == set()
