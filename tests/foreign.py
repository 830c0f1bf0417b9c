"""Platforms of other packages in this process, as long as a test wants them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from unittest.mock import patch

from chatbuilder import catalog
from chatbuilder.pipeline import plugins
from tests.helpers import ROOT

ORG = ROOT / "examples" / "chatbuilder-org"
if str(ORG / "src") not in sys.path:
    sys.path.append(str(ORG / "src"))


@contextmanager
def bringing(*values: str) -> Iterator[None]:
    """Let entry points with these values be all that other packages bring."""
    found = [EntryPoint(value.partition(":")[0], value, plugins.PLATFORMS) for value in values]
    plugins.platforms.cache_clear()
    with patch("importlib.metadata.entry_points", lambda group: found if group == plugins.PLATFORMS else []):
        try:
            plugins.platforms()
            yield
        finally:
            plugins.platforms.cache_clear()
            for name in set(catalog.PLATFORMS) - set(catalog.OURS):
                del catalog.PLATFORMS[name]
