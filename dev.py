#!/usr/bin/env python3
"""Everything a checkout needs, in one script: it makes .venv, installs what is locked, and runs the tool.

python3 dev.py run [ARGS...]      the program itself
python3 dev.py test [PYTEST...]   the tests; without arguments all, in parallel, with the coverage floor
python3 dev.py check              test and lint
python3 dev.py lint               ruff, mypy, import-linter
python3 dev.py lock [--upgrade]   write requirements/*.txt anew from pyproject.toml
python3 dev.py pictures [ARGS...] the pictures in the README and the guides
python3 dev.py reference          the tables in docs/commands.md and docs/answers.md
python3 dev.py generate [PART...] the manual page, completion scripts and third-party notices
python3 dev.py bench [ARGS...]    the benchmarks
python3 dev.py mutants [ROOM...]  plants mistakes in a room and counts those that its tests notice

Standard library only; Python 3.11 or newer; Linux, macOS and Windows.
"""

from __future__ import annotations  # so that an old Python lives to read the sentence in lacking

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCKS = ROOT / "requirements"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
PIP = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet")
OLDEST = (3, 11)
COVERAGE_FLOOR = 90
# Each set holds the one before it, so one environment serves all three.
SETS = ("run", "test", "dev")
GROUPS = {"run": ("build",), "test": ("build", "test"), "dev": ("build", "test", "dev")}
LINTERS = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",), ("lint-imports",))


def advice(package: str) -> str:
    """How to get Python (or its venv module) on this system."""
    if sys.platform == "darwin":
        return "install it with `brew install python@3.13` or from python.org"
    if os.name == "nt":
        return "install it with `winget install Python.Python.3.13` or from python.org"
    return f"install it with your package manager, on Debian and Ubuntu `sudo apt install {package}`"


def lacking() -> str:
    """Return what is missing, and how to get it; nothing when all is there."""
    found = ".".join(map(str, sys.version_info[:2]))
    if sys.version_info < OLDEST:
        remedy = advice("python3.11 python3.11-venv")
        return f"chatbuilder needs Python 3.11 or newer and this is {found}: {remedy}."
    if not (find_spec("ensurepip") and find_spec("venv")):
        return f"This Python {found} has no venv module: {advice(f'python{found}-venv')}."
    return ""


def call(*command: object, quiet: bool = False) -> int:
    """Run a command in the checkout and return its exit code."""
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=ROOT, stdout=sys.stderr if quiet else None, check=False).returncode


def must(*command: object) -> None:
    """Run a step of an installation; its output goes to stderr, and its failure ends everything."""
    code = call(*command, quiet=True)
    if code:
        print("The installation stopped; the reason is above. Mend it and run again.", file=sys.stderr)
        raise SystemExit(code)


def fingerprint(wanted: str) -> str:
    """What the environment depends on: this Python, this place, the project file and the locks."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    for path in (ROOT / "pyproject.toml", LOCKS / f"{wanted}.txt"):
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def stamp(name: str) -> Path:
    """Where the fingerprint of a finished installation is kept."""
    return VENV / f"installed-{name}"


def installed(wanted: str) -> bool:
    """Whether this set, or a larger one, is already there as locked."""
    larger = SETS[SETS.index(wanted) :]
    return PYTHON.exists() and any(
        stamp(name).exists() and stamp(name).read_text("utf-8") == fingerprint(name) for name in larger
    )


def make_venv() -> None:
    """Create .venv unless one of this Python, made in this very place, is there and works."""
    probe = f"import sys, pip; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})"
    settings = VENV / "pyvenv.cfg"
    here = settings.exists() and str(VENV) in settings.read_text("utf-8")
    if here and PYTHON.exists() and call(PYTHON, "-c", probe, quiet=True) == 0:
        return
    if VENV.exists():
        shutil.rmtree(VENV)
    must(sys.executable, "-m", "venv", VENV)


def ensure(wanted: str) -> int:
    """Have .venv hold the locked set and the project itself; return 0, or end here."""
    if installed(wanted):
        return 0
    print(f"Preparing .venv ({wanted}) ...", file=sys.stderr)
    make_venv()
    for name in SETS:
        stamp(name).unlink(missing_ok=True)
    pip = (PYTHON, *PIP)
    must(*pip, "--require-hashes", "-r", LOCKS / f"{wanted}.txt")
    must(*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT)
    stamp(wanted).write_text(fingerprint(wanted), "utf-8")
    return 0


def run(arguments: list[str]) -> int:
    """Start chatbuilder in the caller's folder, so that the paths typed mean what they say."""
    ensure("run")
    words = [str(PYTHON), "-P", "-m", "chatbuilder", *arguments]
    if os.name != "nt":
        os.execv(words[0], words)
    return subprocess.run(words, check=False).returncode  # exec does not wait on Windows


def test(arguments: list[str]) -> int:
    """Run what is named, or everything with the coverage floor."""
    ensure("test")
    floor = ("-n", "auto", "--cov", "--cov-report=term", f"--cov-fail-under={COVERAGE_FLOOR}")
    return call(PYTHON, "-m", "pytest", *(arguments or floor))


def lint(arguments: list[str]) -> int:
    """Run every linter, even after one has failed."""
    ensure("dev")
    codes = [call(BIN / command[0], *command[1:]) for command in LINTERS]
    return int(any(codes))


def check(arguments: list[str]) -> int:
    """All that must hold before a change is handed in."""
    ensure("dev")
    return max(test([]), lint([]))


def lock(arguments: list[str]) -> int:
    """Pin every set, the largest first so that the smaller ones agree with it."""
    words = "pip compile pyproject.toml --quiet --universal --python-version=3.11 --generate-hashes --no-annotate"
    words += " --no-emit-index-url --no-emit-find-links --all-extras"
    with tempfile.TemporaryDirectory() as folder:
        must(sys.executable, "-m", "venv", folder)
        python = Path(folder) / PYTHON.relative_to(VENV)
        must(python, *PIP, "uv")
        for name in reversed(SETS):
            groups = [f"--group={group}" for group in GROUPS[name]]
            agree = [] if name == "dev" else ["--constraint=requirements/dev.txt"]
            ends = (f"--output-file=requirements/{name}.txt", "--custom-compile-command=python3 dev.py lock")
            must(python, "-m", "uv", "--no-config", *words.split(), *groups, *agree, *ends, *arguments)
    return 0


def tool(*words: object, wanted: str = "test") -> Callable[[list[str]], int]:
    """Return the command that runs a script of the checkout, in the environment of the tests or a larger one."""
    return lambda arguments: ensure(wanted) or call(PYTHON, *words, *arguments)


COMMANDS = {f.__name__: f for f in (run, test, check, lint, lock)}
COMMANDS |= {name: tool(ROOT / "tools" / f"{name}.py") for name in ("pictures", "reference", "generate")}
COMMANDS["mutants"] = tool(ROOT / "tools" / "mutants.py", wanted="dev")
COMMANDS["bench"] = tool("-m", "benchmarks")


def main() -> int:
    """Pick the command."""
    name, arguments = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    if name not in COMMANDS:
        print(__doc__)
        return 0 if name in ("-h", "--help", "help") else 2
    missing = lacking()
    if missing:
        print(missing, file=sys.stderr)
        return 2
    return COMMANDS[name](arguments)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
