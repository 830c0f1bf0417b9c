"""Light, dark and high contrast: the only place with literal colours. tcss and widgets use the names below."""

from __future__ import annotations

from textual.theme import Theme

DARK, LIGHT, CONTRAST = "chatbuilder-dark", "chatbuilder-light", "chatbuilder-contrast"
NAMES = {DARK: "Dark", LIGHT: "Light", CONTRAST: "High contrast"}


def _tokens(
    muted: str, faint: str, line: str, good: str, warn: str, bad: str, strong: str, pick: str
) -> dict[str, str]:
    """What Textual's own variables do not name: texts that stay readable on every background of a theme."""
    return {
        "muted": muted, "faint": faint, "line": line, "good": good, "warn": warn, "bad": bad, "strong": strong,
        "pick": pick,
        "text-muted": muted, "text-disabled": faint, "text-primary": strong, "text-success": good, "text-warning": warn,
        "text-error": bad, "border": strong, "border-blurred": line, "footer-background": "transparent",
        "block-cursor-background": pick, "block-cursor-text-style": "none", "block-cursor-blurred-background": pick,
        "block-cursor-blurred-text-style": "none", "input-selection-background": pick, "scrollbar": faint,
        "scrollbar-background": "transparent", "scrollbar-corner-color": "transparent",
        "scrollbar-background-hover": "transparent", "scrollbar-background-active": "transparent",
        "scrollbar-hover": strong, "scrollbar-active": strong, "link-color": strong, "link-style": "underline",
        "link-background-hover": "transparent", "link-color-hover": strong, "link-style-hover": "bold underline",
        "markdown-h1-color": strong, "markdown-h2-color": strong, "markdown-h3-color": strong,
        "markdown-h2-text-style": "bold", "markdown-h1-text-style": "bold",
    }  # fmt: skip


THEMES: tuple[Theme, ...] = (
    Theme(
        DARK, primary="#82b4ff", secondary="#a99cff", accent="#82b4ff", foreground="#dce1ec", background="#12151d",
        surface="#191d27", panel="#232938", success="#86d69b", warning="#f0c674", error="#ff8088", dark=True,
        variables={
            **_tokens("#98a2b8", "#939db3", "#39415a", "#86d69b", "#f0c674", "#ff8088", "#82b4ff", "#28344e"),
            "block-cursor-foreground": "#ffffff", "block-cursor-blurred-foreground": "#dce1ec",
        },
    ),
    Theme(
        LIGHT, primary="#1f57c3", secondary="#6a45c8", accent="#1f57c3", foreground="#1e2430", background="#fbfbf9",
        surface="#f1f2f4", panel="#e3e6ec", success="#12652f", warning="#7d5200", error="#b3212f", dark=False,
        variables={
            **_tokens("#566074", "#5c6578", "#c3cad8", "#12652f", "#7d5200", "#b3212f", "#1f57c3", "#d7e3fb"),
            "block-cursor-foreground": "#10141d", "block-cursor-blurred-foreground": "#1e2430",
        },
    ),
    Theme(
        CONTRAST, primary="#ffe14d", secondary="#7fe7ff", accent="#ffe14d", foreground="#ffffff", background="#000000",
        surface="#000000", panel="#1f1f1f", success="#7dff8a", warning="#ffd24d", error="#ffb4b4", dark=True,
        variables={
            **_tokens("#e0e0e0", "#b4b4b4", "#9a9a9a", "#7dff8a", "#ffd24d", "#ffb4b4", "#ffe14d", "#12206b"),
            "block-cursor-foreground": "#ffffff", "block-cursor-blurred-foreground": "#ffffff",
        },
    ),
)  # fmt: skip
BY_NAME: dict[str, Theme] = {theme.name: theme for theme in THEMES}
