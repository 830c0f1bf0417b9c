"""The licences of what the program is installed with, from the metadata of the locked packages."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from email.message import Message
from email.parser import HeaderParser
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACE = "THIRD_PARTY_NOTICES.md"
LOCK = ROOT / "requirements" / "run.txt"
# What packages say in other words than SPDX's.
WORDS = {
    "Apache 2": "Apache-2.0", "Apache 2.0": "Apache-2.0", "Apache Software License": "Apache-2.0",
    "MIT License": "MIT", "BSD": "BSD-2-Clause", "BSD License": "BSD-3-Clause",
    "Python Software Foundation License": "PSF-2.0", "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
}  # fmt: skip
HEAD = """\
# Third-party notices

chatbuilder is under the MIT licence (LICENSE). It is handed out without the packages below: pip, pipx or uv fetch them
when it is installed, each under its own licence, and the text of that licence comes with each of them, in its
`.dist-info` folder. This list has every package of `requirements/run.txt`, those that only build the program from a
checkout (hatchling, editables and what they need) and those of single systems included.
`python3 dev.py generate notices` writes it.

None of the licences stands against using or handing out chatbuilder under the MIT licence. These ask for more than
that their notice is kept:

- **psycopg** and **psycopg-binary** (LGPL-3.0-only) are libraries that chatbuilder only imports, unchanged, and that
  anyone can exchange for another version. Whoever puts them together with chatbuilder into one file (a frozen program,
  an image) has to hand out their licence with it and let them be exchanged. psycopg-binary carries libpq and OpenSSL.
- **certifi**, **orjson** and **pathspec** (MPL-2.0, orjson in part) are used unchanged: changed files of theirs would
  have to be published under the same licence.
- Packages under Apache-2.0 ask that their NOTICE files stay with them, where they are.

| package | version | licence | home |
|---|---|---|---|
"""


def locked() -> dict[str, str]:
    """Return the versions of the lock by package."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", LOCK.read_text("utf-8"), re.M))


def licence(about: Message) -> str:
    """Return the licence that a package's metadata names, "" when it names none."""
    if expression := about["License-Expression"]:
        return str(expression)
    classifiers = (line for line in about.get_all("Classifier", []) if line.startswith("License :: OSI Approved :: "))
    names = [line.rpartition(" :: ")[2] for line in classifiers]
    said = (about["License"] or "").strip()
    if said and "\n" not in said and len(said) <= 40:
        return WORDS.get(said, said)
    return " AND ".join(sorted({WORDS.get(name, name) for name in names}))


def home(about: Message) -> str:
    """Return where a package is at home."""
    urls = dict(line.split(", ", 1) for line in about.get_all("Project-URL", []) if ", " in line)
    named = {name.lower(): url for name, url in urls.items()}
    wanted = ("source", "source code", "repository", "homepage", "github", "github: repo")
    found = next((named[name] for name in wanted if name in named), about["Home-page"] or "")
    return found.split()[0] if found.startswith("https://") else ""


def metadata(pins: dict[str, str]) -> dict[str, Message]:
    """Return the metadata of every package: of what is installed here, else of what the registry has."""
    found, missing = {}, []
    for name, version in pins.items():
        try:
            here = distribution(name)
        except PackageNotFoundError:
            here = None
        if here is not None and here.version == version:
            found[name] = HeaderParser().parsestr(here.read_text("METADATA") or "")
        else:
            missing.append(f"{name}=={version}")
    with tempfile.TemporaryDirectory() as folder:
        if missing:
            words = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder, *missing]
            subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", *words], check=True)
        for wheel in Path(folder).iterdir():
            with zipfile.ZipFile(wheel) as archive:
                (inside,) = (n for n in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
                about = HeaderParser().parsestr(archive.read(inside).decode())
            name = re.sub(r"[-_.]+", "-", about["Name"]).lower()
            found[name] = about
    return found


def text() -> str:
    """Return the whole file. Raises `LookupError` for a package whose licence has to be looked up by a person."""
    pins = locked()
    rows = []
    for name, about in sorted(metadata(pins).items()):
        if not (named := licence(about)):
            raise LookupError(f"{name} names no licence in its metadata: read its licence file and tell this script")
        rows.append(f"| {name} | {pins[name]} | {named} | {home(about)} |\n")
    return HEAD + "".join(rows)
