"""Platforms of other packages in this process, as long as a test wants them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from types import SimpleNamespace
from unittest.mock import patch

from chatbuilder import catalog
from chatbuilder.pipeline import plugins
from tests.helpers import ROOT

ORG = ROOT / "examples" / "chatbuilder-org"
if str(ORG / "src") not in sys.path:
    sys.path.append(str(ORG / "src"))


def _entry(value: str) -> SimpleNamespace:
    name = value.partition(":")[0].replace("_", "-")
    load = EntryPoint(name, value, plugins.PLATFORMS).load
    return SimpleNamespace(name=name, value=value, load=load, dist=SimpleNamespace(name=name, version="1.0"))


@contextmanager
def bringing(*values: str) -> Iterator[None]:
    """Let entry points with these values be all that other packages bring."""
    found = [_entry(value) for value in values]
    plugins.platforms.cache_clear()
    with patch("importlib.metadata.entry_points", lambda group: found if group == plugins.PLATFORMS else []):
        try:
            plugins.platforms()
            yield
        finally:
            plugins.platforms.cache_clear()
            for name in set(catalog.PLATFORMS) - set(catalog.OURS):
                del catalog.PLATFORMS[name]
