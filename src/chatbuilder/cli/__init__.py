"""The command line: thin commands over the pipeline. Results go to stdout, progress and messages to stderr."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from chatbuilder.errors import ChatbuilderError, ExitCode, InputError

__all__ = ["run"]


def run(argv: Sequence[str]) -> int:
    """Run one command and return the exit code of DESIGN section 6."""
    _set_encoding()
    try:
        code = _call(argv)
        sys.stdout.flush()  # here, where a reader that went away can still be met calmly
        return code
    except ChatbuilderError as error:
        return _say(error)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Everything done so far is kept; run the command again to go on.\n")
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # As with `| head`: nothing more to say to anyone, at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _say(_refused(error))
    except Exception as error:  # noqa: BLE001
        return _defect(error)


def _call(argv: Sequence[str]) -> int:
    if not argv:  # the wizard's first screen does not wait for the parser and the other commands
        from chatbuilder.cli.opening import wizard

        return wizard()
    if argv[0] == "__complete":  # a shell asks while somebody types: not a word about any trouble
        from chatbuilder.cli.completion import answer

        return answer(argv[1:])
    from chatbuilder.cli.parser import make_parser

    try:
        arguments = make_parser().parse_args(argv)
    except SystemExit as stop:  # argparse has already said what is wrong
        return int(stop.code or 0)
    from chatbuilder.cli import commands

    return commands.call(arguments)


def _set_encoding() -> None:
    """Files and pipes get UTF-8 whatever the system's code page; a terminal shows what it can."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def _say(error: ChatbuilderError) -> int:
    from chatbuilder.cli.output import note

    for text in error.lines():
        note(text)
    return int(error.exit_code)


def _refused(error: OSError) -> ChatbuilderError:
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
    return InputError(
        f"{what}.", title="The system refused", kept="what was saved before.",
        hint="mend the cause and run the command again.",
    )  # fmt: skip


def _defect(error: Exception) -> int:
    """Say that this is our fault and where the details are; the details never go to the screen."""
    from chatbuilder.cli.crash import save_report

    place = save_report(error)
    where = f" Details are in {place}." if place else ""
    sys.stderr.write(f"Defect: chatbuilder failed with {type(error).__name__}; this is our fault.{where}\n")
    sys.stderr.write("Kept: what was saved before. Next: report it with that file.\n")
    return int(ExitCode.DEFECT)
