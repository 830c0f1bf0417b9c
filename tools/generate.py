"""Write what is made from the program: `python3 dev.py generate [manual] [notices]`; everything without a word.

The manual page and the completion scripts come from the parser; a test tells when they are old. The notices come from
the metadata of the locked packages, which the package registry is asked for.
"""

from __future__ import annotations

import sys
from pathlib import Path

from chatbuilder.cli import completion, helping
from chatbuilder.cli.parser import make_parser

ROOT = Path(__file__).resolve().parents[1]
PLACES = {
    "bash": "share/bash-completion/completions/chatbuilder",
    "zsh": "share/zsh/site-functions/_chatbuilder",
    "fish": "share/fish/vendor_completions.d/chatbuilder.fish",
}


def shared() -> dict[str, str]:
    """Return the files that a system looks for, by their place."""
    scripts = {place: completion.SCRIPTS[shell] for shell, place in PLACES.items()}
    return {"share/man/man1/chatbuilder.1": helping.page(make_parser()), **scripts}


def main(parts: list[str]) -> int:
    """Write the parts that are asked for."""
    if not parts or "manual" in parts:
        for name, text in shared().items():
            place = ROOT / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8", newline="\n")
    if not parts or "notices" in parts:
        sys.path.insert(0, str(ROOT))
        from tools import notices

        (ROOT / notices.PLACE).write_text(notices.text(), "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
