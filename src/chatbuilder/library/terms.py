"""Words: how text becomes what is searched, how a query is read, and where its words stand in a text.

SQLite's unicode61 splits at what is no letter and drops accents. Scripts without spaces (Chinese, Japanese, Thai …)
and Korean are cut into pairs of characters first, so that every two characters can be found; vowel signs that are
optional in writing (Arabic, Hebrew) are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from chatbuilder.errors import InputError

LONGEST, MOST = 1_000, 32  # characters and terms of a query

# Beyond Latin letters, whose accents SQLite takes off, and punctuation: only such text needs a closer look.
_SPECIAL = re.compile("[\u0250-\u1fff\u2c00-\ud7ff\uf900-\U0003ffff]")
_FOREIGN = re.compile("[\u00aa-\u1fff\u2c00-\ud7ff\uf900-\U0003ffff]")  # letters that are not ASCII, and marks
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_UNSPACED}]+")
_MARKS = (
    "\u00ad\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff"
)
_COMPATIBLE = re.compile("[\ufb00-\ufdff\ufe30-\ufe4f\ufe70-\ufefc\uff00-\uffef]+")  # wide and joined forms of letters
_MARK = re.compile(f"[{_MARKS}]+")
_SAME = str.maketrans("أإآٱىةکی", "اااايهكي")
_WORD = re.compile(r"[^\W_]")
_BEYOND = re.compile("[^\x00-\x7f]+")
_SHORT = 24  # characters of a stretch that is worth remembering


def fold(text: str) -> str:
    """Return text with everything taken off that a search should not be strict about; pairs are not made yet."""
    return text if text.isascii() or not _SPECIAL.search(text) else _folded(text)


def _folded(text: str) -> str:
    plain = _COMPATIBLE.sub(lambda found: unicodedata.normalize("NFKC", found.group()), text)
    bare = _MARK.sub("", unicodedata.normalize("NFD", plain))
    return unicodedata.normalize("NFC", bare).translate(_SAME)


def indexed(text: str) -> str:
    """Return what goes into the index for a text.

    The same text always gives the same result: rows are taken out of the index by giving it again. A change here needs
    a migration that builds the index anew.
    """
    if text.isascii() or not _SPECIAL.search(text):
        return text
    # What is done to a stretch beyond ASCII does not depend on its surroundings, and most stretches are short and come
    # again: an accented letter, a word, punctuation.
    return _BEYOND.sub(_stretch, text)


def _stretch(found: re.Match[str]) -> str:
    text = found[0]
    return _known_stretch(text) if len(text) <= _SHORT else _RUN.sub(_pairs, _folded(text))


@lru_cache(maxsize=20_000)
def _known_stretch(text: str) -> str:
    return _RUN.sub(_pairs, _folded(text))


def _pairs(run: re.Match[str]) -> str:
    text = run.group()
    return f" {' '.join(text[at : at + 2] for at in range(len(text)))} "  # the last character stands alone, too


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for, folded: a word, or several in a row; `prefix`: what begins like it as well."""

    text: str
    prefix: bool = False

    def expression(self) -> str:
        """Return the term in FTS5's language; what is in it stays data, as it is quoted."""
        out, at = [], 0
        for run in _RUN.finditer(self.text):
            out += [_quoted(self.text[at : run.start()], prefix=False), _unspaced(run.group())]
            at = run.end()
        out.append(_quoted(self.text[at:], self.prefix))
        found = [part for part in out if part]
        return f"({' AND '.join(found)})" if len(found) > 1 else "".join(found)


def _quoted(text: str, prefix: bool) -> str:
    if not _WORD.search(text):
        return ""
    inner = text.replace('"', " ")
    return f'"{inner}"{"*" if prefix else ""}'


def _unspaced(run: str) -> str:
    if len(run) == 1:
        return f'"{run}"*'
    return f'"{" ".join(run[at : at + 2] for at in range(len(run) - 1))}"'


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: all of `wanted`, none of `unwanted`."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()

    def expression(self) -> str:
        """Return the query in FTS5's language."""
        wanted = " AND ".join(term.expression() for term in self.wanted)
        return " NOT ".join([f"({wanted})", *(term.expression() for term in self.unwanted)])

    def marker(self) -> Marker:
        """Return what finds the wanted terms in a text as it was written."""
        return Marker(self.wanted)


class Marker:
    """Finds terms in a text as it was written. Without accents to look for, as in English, it is much faster."""

    def __init__(self, terms: tuple[Term, ...]) -> None:
        self._terms = terms
        self._ascii = _pattern(terms, re.escape)
        self._first = [token.lower() for term in terms for token in _tokens(term)[:1]]

    @cached_property
    def _any(self) -> re.Pattern[str]:
        return _pattern(self._terms, _variants)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Yield a match for each place; its `lastindex` is the number of the term, from 1."""
        if not text.isascii() and _FOREIGN.search(text):
            return self._any.finditer(text)
        low = text.lower()
        return self._ascii.finditer(text) if any(token in low for token in self._first) else iter(())

    def spans(self, text: str) -> tuple[tuple[int, int], ...]:
        """Return where the terms stand: first and one past the last character of each place."""
        return tuple(match.span() for match in self.finditer(text))


def _pattern(terms: tuple[Term, ...], char: Callable[[str], str]) -> re.Pattern[str]:
    return re.compile("|".join(f"({_looks_like(term, char)})" for term in terms), re.IGNORECASE)


_CONTROL = re.compile("[\0-\x1f\x7f]+")
_PIECE = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))(\*?)')


def parse(text: str, *, typing: bool = False) -> Query:
    """Read a query: words (all of them), "several in a row", -without, beginn*. Anything else in it is only text.

    `typing`: the last word may be the beginning of one. Raises `InputError` when there is nothing to look for.
    """
    if len(text) > LONGEST:
        raise _unusable(f"The query is longer than {LONGEST:,} characters.")
    plain = _CONTROL.sub(" ", unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode()))
    wanted: list[Term] = []
    unwanted: list[Term] = []
    for minus, phrase, word, star in _PIECE.findall(plain):
        term = Term(fold(phrase or word.rstrip("*")), bool(star or word.endswith("*")))
        if term.expression() and minus:
            unwanted.append(term)
        elif term.expression():
            wanted += (part for part in _apart(term) if part.expression())
    if typing and wanted and text[-1:].strip() and not text.endswith('"'):
        wanted[-1] = Term(wanted[-1].text, prefix=True)
    if not wanted:
        raise _unusable("There is no word to look for in it.")
    if len(wanted) + len(unwanted) > MOST:
        raise _unusable(f"The query has more than {MOST} words.")
    return Query(tuple(dict.fromkeys(wanted)), tuple(dict.fromkeys(unwanted)))


def _apart(term: Term) -> Iterator[Term]:
    """Yield the words and the runs of unspaced script in a term, which the index keeps apart."""
    at = 0
    for run in _RUN.finditer(term.text):
        yield Term(term.text[at : run.start()])
        yield Term(run.group())
        at = run.end()
    yield Term(term.text[at:], term.prefix)


def _unusable(reason: str) -> InputError:
    return InputError(
        reason, title="Nothing to search for", kept="the library as it is.",
        hint='give words; "in quotes" finds them in a row, -word leaves chats out, begin* finds beginnings.',
    )  # fmt: skip


_BEGIN = rf"(?:(?<![^\W_])|(?<=[{_UNSPACED}]))"
# A word does not end before a mark or a vowel sign.
_END = rf"(?![{_MARKS}\u0900-\u0963\u0966-\u0dff])(?:(?![^\W_])|(?=[{_UNSPACED}]))"
_TOKEN = re.compile(rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[^\W_]|[\u0900-\u0dff])+")


def _tokens(term: Term) -> list[str]:
    bare = _MARK.sub("", unicodedata.normalize("NFD", term.text))
    return [unicodedata.normalize("NFC", token).lower() for token in _TOKEN.findall(bare)]


def _looks_like(term: Term, variants: Callable[[str], str]) -> str:
    tokens = _tokens(term)
    words = []
    for number, token in enumerate(tokens):
        inner = "".join(variants(char) for char in token)
        if not _RUN.match(token):
            open_end = term.prefix and number == len(tokens) - 1
            inner = f"{_BEGIN}{inner}{'' if open_end else _END}"
        words.append(inner)
    return r"[\W_]*".join(words)


@cache
def _variants(char: str) -> str:
    """Return a pattern for a folded character and everything that is folded to it, with its marks."""
    same = _same().get(char, "")
    return f"[{re.escape(char)}{same}][{_MARKS}]*" if char.isalnum() else f"{re.escape(char)}[{_MARKS}]*"


@cache
def _same() -> dict[str, str]:
    found: dict[str, str] = {}
    for code in (
        *range(0xC0, 0x250),
        *range(0x370, 0x530),
        *range(0x622, 0x6D0),
        *range(0x1E00, 0x2000),
        *range(0xFF01, 0xFF5F),
    ):
        char = chr(code)
        bare = _MARK.sub("", unicodedata.normalize("NFKD" if code > 0xFF00 else "NFD", char)).translate(_SAME).lower()
        if char.isalnum() and len(bare) == 1 and bare != char:
            found[bare] = found.get(bare, "") + char
    return found
