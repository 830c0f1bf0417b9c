"""Making foreign text harmless: names for files, Markdown, CSV cells, one-line labels."""

from __future__ import annotations

import re
import unicodedata

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*#^\[\]%]+')
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)
# CommonMark, and what Obsidian, Logseq and Notion add: $math$, ==mark==, %%comment%%. & only where it begins an entity.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~$]|&(?=#?\w+;)|=(?==)|(?<==)=|%(?=%)|(?<=%)%)")
_FORMULA = ("=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def slug(name: str, fallback: str = "system") -> str:
    """Return a lower-case ASCII word with hyphens, at most 60 characters; `fallback` when nothing is left."""
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:60].rstrip("-") or fallback


def file_name(name: str, fallback: str = "Untitled") -> str:
    """Return a name that every file system and Obsidian accept: at most 120 characters and 200 UTF-8 bytes.

    Source: Microsoft "Naming Files, Paths, and Namespaces"; Obsidian help "Internal links".
    """
    text = _UNSAFE.sub(" ", unicodedata.normalize("NFC", clean(name)))
    text = re.sub(r"\s+", " ", text).strip(" .")[:120]
    while len(text.encode()) > 200:
        text = text[:-1]
    text = text.rstrip(" .")
    return f"{text}_" if _RESERVED.match(text) else text or fallback


def clean(text: str) -> str:
    """Return text in NFC without control characters, lone surrogates or non-characters; line ends are newlines."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():
        return _NOT_XML.sub("", text) if _CONTROL.search(text) else text
    return unicodedata.normalize("NFC", _NOT_XML.sub("", text))


def one_line(text: str, limit: int = 0) -> str:
    """Return text on one line, cut with an ellipsis when `limit` (characters) is given."""
    line = " ".join(clean(text).split())
    return line[: limit - 1] + "…" if limit and len(line) > limit else line


def md(text: str) -> str:
    """Return text with Markdown's own characters escaped, on one line, safe inside a table cell."""
    return _MARKDOWN.sub(_escaped, one_line(text))


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"  # a function: templates with groups are slower before Python 3.12


def csv_cell(value: object) -> str:
    """Return a CSV cell that no spreadsheet takes for a formula (OWASP "CSV Injection"); line ends are newlines."""
    # A lone carriage return would end the row for some readers: Python before 3.13 does not quote it.
    text = "" if value is None else str(value).replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
