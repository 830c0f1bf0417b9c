"""How to get a token, platform by platform: short, in the order of the clicks.

Sources: developers.notion.com/guides/get-started/personal-access-tokens, airtable.com/developers/web/api/scopes,
developers.google.com/workspace/guides/create-credentials.
"""

from __future__ import annotations

from typing import NamedTuple

from textual.content import Content

from chatbuilder.catalog import PLATFORMS
from chatbuilder.widgets.actions import signed


class HowTo(NamedTuple):
    """What a platform calls its token, how to make one, and what to know; `file` when it comes as a file."""

    token: str
    example: str
    steps: tuple[str, ...]
    notes: tuple[str, ...]
    file: bool = False


HOWTO: dict[str, HowTo] = {
    "notion": HowTo(
        "Token",
        "ntn_…",
        (
            "Open notion.so/profile/integrations and choose Personal access tokens.",
            "Make a new token for your workspace, and copy it.",
            "Paste it here.",
        ),
        (
            "It acts as you: no page has to be shared, it can make a private page, and it is not counted towards the "
            "1,000 blocks of a Free workspace with several members.",
            "The secret of an internal connection works too: add the connection to a page (•••, Connections) and name "
            "that page on Auto-setup.",
        ),
    ),
    "airtable": HowTo(
        "Token",
        "pat…",
        (
            "Open airtable.com/create/tokens and choose Create new token.",
            "Scopes: data.records:read, data.records:write, schema.bases:read, schema.bases:write.",
            "Access: the workspace to make the base in, or the empty base to use.",
            "Create the token, copy it, and paste it here.",
        ),
        ("For a new base, the workspace itself has to be under Access, not only bases in it.",),
    ),
    "sheets": HowTo(
        "File",
        "~/Downloads/client_secret_….json",
        (
            "At console.cloud.google.com, in a project of yours: APIs & Services, and switch on the Google Sheets API "
            "and the Google Drive API.",
            "Your own account: Credentials, Create credentials, OAuth client ID, Desktop app. Download the JSON and "
            "name it here; your browser then asks you once. It may only use files that chatbuilder makes.",
            "Or a service account: make a JSON key for it and name that here. Share an empty spreadsheet with its "
            "address as Editor, and give the link on Auto-setup: service accounts made today own no files.",
        ),
        ("On the OAuth consent screen choose Publish app: while it is in Testing, your consent ends after 7 days.",),
        file=True,
    ),
}


def how_to(platform: str) -> HowTo:
    """Return how a token is got; for a platform of another package as that tells it."""
    if platform in HOWTO:
        return HOWTO[platform]
    token = PLATFORMS[platform].token
    return HowTo("Token", token.example, token.steps, token.notes) if token else HowTo("Token", "", (), ())


def how_text(platform: str) -> Content:
    """Return the steps, numbered, and what to know."""
    how = how_to(platform)
    steps = [Content.assemble((f"{n} ", "$text-primary bold"), text) for n, text in enumerate(how.steps, 1)]
    return Content("\n").join([*steps, *(signed("quiet", text) for text in how.notes)])


def ways(platform: str, problem: str) -> Content:
    """Return why a token cannot be saved on this machine, and the ways on."""
    what = "the path of the file" if how_to(platform).file else "the token"
    token = PLATFORMS[platform].token
    lines = (
        ("note", f"It cannot be saved: {problem}. Use once keeps it until you quit."),
        ("quiet", "To save it: install GNOME Keyring, KWallet or KeePassXC; on a server keyrings.cryptfile (pip)."),
        ("quiet", f"Or put {what} into {token.variable if token else ''} before you start chatbuilder."),
    )
    return Content("\n").join(signed(*line) for line in lines)
