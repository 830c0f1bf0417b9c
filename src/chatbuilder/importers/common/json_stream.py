"""JSON of any size with the memory of one element: split a stream into values and decode each by itself.

The next element's start is guessed from the first key of the one before (exporters write all alike) and the guess is
proved by decoding: a complete JSON object cannot be the beginning of another. Where the guess fails, an exact scan
over quotes and brackets finds the end. So a broken element costs itself only, and the fast decoder does the work.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import orjson

from chatbuilder.importers.common.limits import LIMITS, Limits
from chatbuilder.importers.common.values import BadChat, clean_tree

CHUNK = 256 * 1024
_BOM = b"\xef\xbb\xbf"
_BLANK = re.compile(rb"[ \t\r\n]*")
_FIRST_KEYS = re.compile(  # of an object: the first key with its brace, a plain value, the second key
    rb'(\{\s*"[^"\\]{1,100}"\s*:)\s*(?:"(?:[^"\\]|\\.){0,2500}"|[\w.+-]{1,40})\s*,\s*("[^"\\]{1,100}")'
)
_AFTER_OBJECT = re.compile(rb"\}\s*,\s*$")
_SCALAR = re.compile(rb'[^,\[\]{}"\s]*')
_OPEN_CLOSE = {
    # Possessive: what a stretch between quotes or brackets took is never given back. Groups are not: before 3.11.5
    # Python loses its place when one of them fails (https://github.com/python/cpython/issues/106052).
    ord("{"): (re.compile(rb'[^"{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*"[^"{}]*+)*', re.S), ord("{")),
    ord("["): (re.compile(rb'[^"\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*"[^"\[\]]*+)*', re.S), ord("[")),
}
# How control characters look in JSON, escaped or as they are; a carriage return stands for texts from Windows.
_ESCAPE = re.compile(rb"\\[rbfu]")
_ESCAPED = re.compile(rb"\\(?:[rbf]|u00[0189]|u007[fF])")
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
_PLAIN = re.compile(rb'[^"{}\[\],]*+')
_INSIDE = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*', re.S)
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"', re.S)


class Element(NamedTuple):
    """One value of a stream: its number from 1, the value, or why it cannot be read (`bad`), its size in bytes."""

    number: int
    value: Any
    bad: BadChat | None = None
    size: int | None = None


def decode(raw: bytes) -> Any:
    """Return the value of one JSON text, its strings clean. Raises BadChat with the reason."""
    try:
        return _decode_strictly(raw)
    except orjson.JSONDecodeError:
        return _decode_leniently(raw)


def _decode_strictly(raw: bytes) -> Any:
    """Return the value when this is exactly one JSON text that the fast decoder takes. Raises JSONDecodeError."""
    value = orjson.loads(raw)
    return _cleaned(value) if _unclean(raw) else value


def _unclean(raw: bytes) -> bool:
    """Whether there may be control characters in it; the quick looks come first."""
    if _ESCAPE.search(raw) and _ESCAPED.search(raw):
        return True
    return b"\x7f" in raw or (b"\xc2" in raw and _C1.search(raw) is not None)


def _decode_leniently(raw: bytes) -> Any:
    """Lone surrogates, NaN, bytes that are not UTF-8 and raw control characters are no reason to lose a chat."""
    try:
        return _cleaned(json.loads(raw.decode("utf-8", "replace"), strict=False))
    except RecursionError:
        raise BadChat("its JSON is nested too deeply", "too-large") from None
    except ValueError as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "a number is too long"
        raise BadChat(f"its JSON is broken ({reason})") from None


def _cleaned(value: Any) -> Any:
    try:
        return clean_tree(value)
    except RecursionError:
        raise BadChat("its JSON is nested too deeply", "too-large") from None


class JsonStream:
    """A cursor over one JSON document. Reads forward only; holds one element and what was read ahead."""

    def __init__(self, stream: BinaryIO, limits: Limits = LIMITS) -> None:
        self._stream = stream
        self._limits = limits
        self._buffer = b""
        self._at = 0
        self._ended = False
        self._before = 0
        while len(self._buffer) < len(_BOM) and self._fill():
            pass
        if self._buffer.startswith(_BOM):
            self._at = len(_BOM)

    @property
    def position(self) -> int:
        """How many bytes lie behind the cursor."""
        return self._before + self._at

    def peek(self) -> int:
        """Return the next byte that is not blank, without taking it; -1 at the end."""
        while True:
            self._at = _BLANK.match(self._buffer, self._at).end()  # type: ignore[union-attr]  # always matches
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._fill():
                return -1

    def elements(self) -> Iterator[Element]:
        """Yield the elements of the array that starts here; broken ones and a cut end as `bad`."""
        if self.peek() != ord("["):
            raise BadChat("it is not a list")
        self._at += 1
        number = 0
        while (head := self.peek()) != ord("]"):
            if head == ord(","):
                self._at += 1
                continue
            number += 1
            if head == -1:
                yield Element(number, None, BadChat("the file ends in the middle of the list", "truncated"))
                return
            element = self._element(number, head)
            yield element
            if element.bad and element.bad.code == "truncated":
                return
        self._at += 1

    def members(self) -> Iterator[tuple[str, int]]:
        """Yield (key, first byte of its value) of the object that starts here; the caller takes each value.

        Raises BadChat where the object is broken.
        """
        if self.peek() != ord("{"):
            raise BadChat("it is not an object")
        self._at += 1
        while (head := self.peek()) != ord("}"):
            if head == ord(","):
                self._at += 1
                continue
            if head != ord('"'):
                raise BadChat("its JSON is broken (a key is missing)" if head != -1 else "the file ends in the middle")
            key = self.value()
            if self.peek() != ord(":"):
                raise BadChat("its JSON is broken (a colon is missing)")
            self._at += 1
            yield str(key), self.peek()
        self._at += 1

    def value(self) -> Any:
        """Return the value that starts here. Raises BadChat when it is broken, cut or too large."""
        end = self._end(self.peek())
        raw = self._buffer[self._at : end]
        self._at = end
        return decode(raw)

    def _element(self, number: int, head: int) -> Element:
        if head != ord("{"):
            try:
                return Element(number, self.value())
            except BadChat as bad:
                self._pass_over()
                return Element(number, None, bad)
        guess = self._guess()
        if guess:
            try:
                value = _decode_strictly(self._buffer[self._at : guess])
            except (orjson.JSONDecodeError, BadChat):
                return self._exactly(number, guess)
            size = guess - self._at
            self._at = guess
            return Element(number, value, None, size)
        return self._exactly(number, None)

    def _exactly(self, number: int, guess: int | None) -> Element:
        """Read an object by its brackets. When it is broken, go on behind it, or at the guess if that is nearer."""
        after = guess - self._at if guess else None
        try:
            length = self._end(ord("{")) - self._at
        except BadChat as bad:
            if after is None:
                self._pass_over()
                return Element(number, None, bad)
            self._at += after
            return Element(number, None, BadChat("its JSON is broken (a quote or bracket is not closed)"))
        raw = self._buffer[self._at : self._at + length]
        try:
            found = Element(number, decode(raw))
        except BadChat as bad:
            found = Element(number, None, bad)
            length = min(length, after or length)
        self._at += length
        return found

    def _guess(self) -> int | None:
        """Return where this object probably ends: before a comma and an object with the same first two keys."""
        first = _FIRST_KEYS.match(self._buffer, self._at)
        if not first:
            return None
        search = first.end() - self._at
        for _ in range(2):
            while (found := self._buffer.find(first[1], self._at + search)) > 0:
                if end := self._boundary(found, first[2]):
                    return end
                search = found + 1 - self._at
            search = max(search, len(self._buffer) - self._at - 3000)
            if not self._fill():
                return None
        return None

    def _boundary(self, found: int, second_key: bytes) -> int | None:
        """Return the end of what stands before `found` when that is a comma after an object, else None."""
        keys = _FIRST_KEYS.match(self._buffer, found)
        between = _AFTER_OBJECT.search(self._buffer, max(self._at, found - 200), found)
        return between.start() + 1 if keys and keys[2] == second_key and between else None

    def _end(self, head: int) -> int:
        """Return where the value that starts here ends; the buffer then holds all of it."""
        if head in _OPEN_CLOSE:
            return self._end_of_brackets(head)
        pattern = _STRING if head == ord('"') else _SCALAR
        while True:
            found = pattern.match(self._buffer, self._at)
            if found and (head == ord('"') or found.end() < len(self._buffer) or self._ended):
                if found.end() == self._at:
                    raise BadChat("its JSON is broken (a value is missing)")
                return found.end()
            self._more()

    def _end_of_brackets(self, head: int) -> int:
        pattern, opening = _OPEN_CLOSE[head]
        depth, offset = 0, 0
        while True:
            found = pattern.match(self._buffer, self._at + offset)
            offset = found.end() - self._at  # type: ignore[union-attr]  # always matches
            if self._at + offset == len(self._buffer) or self._buffer[self._at + offset] == ord('"'):
                self._more()
                continue
            depth += 1 if self._buffer[self._at + offset] == opening else -1
            offset += 1
            if depth == 0:
                return self._at + offset

    def _more(self) -> None:
        held = len(self._buffer) - self._at
        if held > self._limits.chat:
            raise BadChat(f"it is larger than {self._limits.chat // 1024} KiB", "too-large")
        if not self._fill(max(CHUNK, held)):
            raise BadChat("the file ends in the middle of it", "truncated")

    def _pass_over(self) -> None:
        """Drop a value that cannot be held, brackets balanced as far as they are; at worst up to the end."""
        depth = 0
        if self._buffer[self._at : self._at + 1] == b"}":
            self._at += 1
        while True:
            self._at = _PLAIN.match(self._buffer, self._at).end()  # type: ignore[union-attr]  # always matches
            if self._at == len(self._buffer):
                if not self._fill():
                    return
                continue
            byte = self._buffer[self._at]
            if depth <= 0 and byte in b",]}":
                return
            self._at += 1
            depth += (byte in b"{[") - (byte in b"}]")
            if byte == ord('"'):
                self._pass_over_string()

    def _pass_over_string(self) -> None:
        """Go behind the quote that ends the string the cursor is in."""
        while True:
            self._at = _INSIDE.match(self._buffer, self._at).end()  # type: ignore[union-attr]  # always matches
            if self._buffer[self._at : self._at + 1] == b'"':
                self._at += 1
                return
            if not self._fill():
                self._at = len(self._buffer)
                return

    def _fill(self, size: int = CHUNK) -> bool:
        """Read more; False at the end of the stream."""
        if self._ended:
            return False
        chunk = self._stream.read(size)
        self._ended = not chunk
        self._before += self._at
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0
        return not self._ended
