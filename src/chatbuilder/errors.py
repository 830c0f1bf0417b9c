"""The errors a person can meet, and the exit code of each (DESIGN section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from chatbuilder.secret import without_secrets


class ExitCode(IntEnum):
    """What the process tells the script that called it."""

    DONE = 0
    DEFECT = 1
    USAGE = 2
    INPUT = 3
    CREDENTIALS = 4
    REFUSED = 5
    PARTLY = 6
    INTERRUPTED = 130


class ChatbuilderError(Exception):
    """Something a person has to know: what happened, what was kept, what to do next.

    `title` is a few words, `message` one or two sentences, `problems` every single finding when there are
    several, `kept` what is safe, `hint` the next thing to do. Only the command line and the error panel render it.
    No secret that this process has used is in any of it, whoever worded it.
    """

    exit_code = ExitCode.DEFECT

    def __init__(
        self, message: str, *, title: str = "", problems: Sequence[str] = (), kept: str = "", hint: str = ""
    ) -> None:
        self.message = without_secrets(message)
        super().__init__(self.message)
        self.title = without_secrets(title) or "Something went wrong"
        self.problems = tuple(map(without_secrets, problems))
        self.kept = without_secrets(kept)
        self.hint = without_secrets(hint)

    def lines(self) -> list[str]:
        """Return the plain-text lines to show, most important first."""
        out = [f"{self.title}: {self.message}" if self.message else self.title]
        out += [f"  - {problem}" for problem in self.problems]
        out += [f"Kept: {self.kept}"] if self.kept else []
        out += [f"Next: {self.hint}"] if self.hint else []
        return out


class UsageError(ChatbuilderError):
    """The command was called in a way that cannot work."""

    exit_code = ExitCode.USAGE


class InputError(ChatbuilderError):
    """Answers, a draft, a file or a target that cannot be used as given."""

    exit_code = ExitCode.INPUT


def refused(error: OSError) -> InputError:
    """Return what the system said no to, in words for people."""
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
    return InputError(
        f"{what}.", title="The system refused", kept="what was saved before.", hint="mend the cause and try it again."
    )


class CredentialsError(ChatbuilderError):
    """A token is missing, wrong or may not do what is needed."""

    exit_code = ExitCode.CREDENTIALS


class RefusedError(ChatbuilderError):
    """The platform (or the file system in its place) refused a step."""

    exit_code = ExitCode.REFUSED


class UnavailableError(RefusedError):
    """The platform or the network stays away for now: running again later goes on where it stopped."""


class PartlyDoneError(ChatbuilderError):
    """Some steps are done and kept; running again finishes the rest."""

    exit_code = ExitCode.PARTLY


class InterruptedByUser(ChatbuilderError):
    """The person stopped it; state is kept."""

    exit_code = ExitCode.INTERRUPTED
