"""The third-party notices name every package that an installation brings, with a licence that lets us hand ours out."""

from __future__ import annotations

import re
from email.parser import HeaderParser
from importlib.metadata import PackageNotFoundError, distribution

from tools import notices

from tests.test_house import ROOT

TEXT = (ROOT / notices.PLACE).read_text("utf-8")
ROWS = dict(re.findall(r"^\| (\S+) \| \S+ \| ([^|]+) \|", TEXT, re.M)[1:])
VERSIONS = dict(re.findall(r"^\| (\S+) \| (\S+) \|", TEXT, re.M)[1:])
NOTICE_ONLY = {"MIT", "MIT-0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "PSF-2.0"}
# They ask for more than their notice, and for nothing of a program that only imports them; the head says what.
EXPLAINED = {"LGPL-3.0-only", "MPL-2.0"}


def test_every_locked_package_is_named_as_it_is_locked():
    """`python3 dev.py generate notices` writes the list anew after `python3 dev.py lock`."""
    assert {name: VERSIONS[name] for name in ROWS if name in VERSIONS} == notices.locked()


def test_no_licence_stands_against_handing_out_under_mit():
    licences = {name: set(re.findall(r"[A-Za-z0-9.-]+", words)) - {"AND", "OR"} for name, words in ROWS.items()}
    assert {name: found for name, found in licences.items() if not found <= NOTICE_ONLY | EXPLAINED} == {}
    head = TEXT[: TEXT.index("| package |")]
    assert [name for name, found in licences.items() if found & EXPLAINED and f"**{name}**" not in head] == []


def test_the_list_says_what_the_packages_say():
    for name, named in ROWS.items():
        try:
            found = distribution(name)
        except PackageNotFoundError:  # of another system
            continue
        assert notices.licence(HeaderParser().parsestr(found.read_text("METADATA") or "")) == named.strip()
