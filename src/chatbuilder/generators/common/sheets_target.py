"""The id of a spreadsheet in what a person pasted."""

from __future__ import annotations

import re
from urllib.parse import quote


def spreadsheet_id(pasted: str | None) -> str | None:
    """Return the id in a pasted URL or id of a spreadsheet; the text itself, URL-quoted, when it is neither."""
    if pasted is None:
        return None
    found = re.search(r"/spreadsheets/d/([A-Za-z0-9_-]{20,})", pasted)
    return found[1] if found else quote(pasted, safe="")
