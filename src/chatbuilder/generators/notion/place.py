"""Where the home page goes: below a page of the person's, or private at the top of the sidebar."""

from __future__ import annotations

from chatbuilder.generators.notion.rich import Json
from chatbuilder.links import notion_page


def page_parent(target: str | None) -> Json:
    """Return the parent object for a page id or URL; None means a private page, which needs a personal token.

    Raises `InputError` when there is no page id in the text.
    """
    if target is None:
        return {"type": "workspace", "workspace": True}
    return {"type": "page_id", "page_id": notion_page(target)}
