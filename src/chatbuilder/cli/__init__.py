"""The command line: thin commands over the pipeline. Results go to stdout, progress and messages to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from chatbuilder.cli.parser import make_parser
from chatbuilder.errors import ChatbuilderError, ExitCode

__all__ = ["run"]


def run(argv: Sequence[str]) -> int:
    """Run one command and return the exit code of DESIGN section 6."""
    try:
        arguments = make_parser().parse_args(argv)
    except SystemExit as stop:  # argparse has already said what is wrong
        return int(stop.code or 0)
    try:
        from chatbuilder.cli import commands

        return int(commands.call(arguments))
    except ChatbuilderError as error:
        sys.stderr.write("\n".join(error.lines()) + "\n")
        return int(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Everything done so far is kept; run the command again to go on.\n")
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # The reader went away, as with `| head`: nothing more to say to anyone.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001
        return _defect(error)


def _defect(error: Exception) -> int:
    """Say that this is our fault and where the details are; the details never go to the screen."""
    from chatbuilder.cli.crash import save_report

    place = save_report(error)
    where = f" Details are in {place}." if place else ""
    sys.stderr.write(f"Defect: chatbuilder failed with {type(error).__name__}; this is our fault.{where}\n")
    sys.stderr.write("Kept: what was saved before. Next: report it with that file.\n")
    return int(ExitCode.DEFECT)
