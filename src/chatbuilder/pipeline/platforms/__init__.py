"""The platforms, a module each: what ties the pure half of one to the half that delivers. One way for ours and others.

A module is loaded with the first system of its platform. What needs a vendor's library is imported when it is called.
"""

from __future__ import annotations

from importlib import import_module

from chatbuilder import catalog
from chatbuilder.pipeline.plugin import ChatPlatform


def platform(name: str) -> ChatPlatform:
    """Return a platform by id: one of ours, or what another package brings; `KeyError` for one that nobody has."""
    if name in catalog.OURS:
        found: ChatPlatform = import_module(f"chatbuilder.pipeline.platforms.{name}").PLATFORM
        return found
    from chatbuilder.pipeline import plugins

    return plugins.platform(name)
