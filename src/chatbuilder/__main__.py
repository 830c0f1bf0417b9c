"""The entry: answers `--version` before anything else is loaded, then hands over to the command line."""

from __future__ import annotations

import sys

from chatbuilder import __version__


def main() -> int:
    """Run the program with the arguments of the process and return its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"chatbuilder {__version__}\n")
        return 0
    from chatbuilder.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
