"""How much of an export is read before it is refused: every input has a limit."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes of the decoded stream, lengths in characters.

    What is over a limit becomes a problem with the code "too-large"; only titles, names and the noise of tools are cut
    (with "…"), typed words and answers never are. JSON that nests deeper than 1,000 levels is refused by the decoders.
    """

    chat: int = 64 * MIB  # one chat's JSON
    line: int = 64 * MIB  # one line of a log; a longer one is passed over
    text: int = 16 * MIB  # one message's words
    noise: int = 20_000  # one tool call or result, one thought
    title: int = 2_000
    name: int = 500
    messages: int = 200_000  # in one chat
    entries: int = 200_000  # in one zip, or files in a folder
    zips: int = 3  # a zip in a zip in a zip
    unpacked: int = 64 * 1024 * MIB  # all that one zip unpacks to
    ratio: int = 200  # unpacked to packed, of an entry of more than 8 MiB
    inner: int = 4 * 1024 * MIB  # a zip inside a zip, or a database in one: copied to a temporary file


LIMITS = Limits()
