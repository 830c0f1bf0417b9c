"""What is handed out: wheel and source archive hold what they should, are reproducible, and work installed."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
from tools import generate

import chatbuilder
from tests.helpers import ROOT, Done, answers_file

NAME = f"chatbuilder-{chatbuilder.__version__}"
INFO = f"{NAME}.dist-info"
WINDOWS = os.name == "nt"
# What is no Python in the package: looks, the page of `serve`, and the mark of a typed package.
DATA = {".tcss", ".html", ".css", ".js", ".typed"}


def build(source: Path, target: Path, *kinds: str, **environment: str) -> list[Path]:
    """Build distributions as a front end does, without the network."""
    words = [sys.executable, "-m", "hatchling", "build", "-d", str(target), *kinds]
    done = subprocess.run(
        words, cwd=source, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(target.iterdir())


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with wheel and source archive in it."""
    folder = tmp_path_factory.mktemp("made")
    build(ROOT, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(made) -> Path:
    return made / f"{NAME}-py3-none-any.whl"


@pytest.fixture(scope="module")
def unpacked(made, tmp_path_factory) -> Path:
    """The source archive, unpacked."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(made / f"{NAME}.tar.gz") as archive:
        # Python before 3.11.4 has no filters; the archive is our own.
        archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return folder / NAME


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    ours = (path for path in (ROOT / "src").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    wanted = {path.relative_to(ROOT / "src").as_posix() for path in ours if ".egg-info" not in path.as_posix()}
    assert {Path(name).suffix for name in wanted} == DATA | {".py"}
    found = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in found if name.startswith("chatbuilder/")} == wanted
    shared = {f"{NAME}.data/data/{name}" for name in generate.shared()}
    about = {f"{INFO}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
    about |= {f"{INFO}/licenses/{name}" for name in ("LICENSE", "THIRD_PARTY_NOTICES.md")}
    assert found - {name for name in found if name.startswith("chatbuilder/")} == about | shared


def test_the_same_source_gives_the_same_bytes(made, tmp_path):
    """At another time, in another time zone, by somebody whose new files have other permissions."""
    before = os.umask(0o077)
    try:
        for path in (ROOT / "README.md", ROOT / "src" / "chatbuilder" / "__init__.py"):
            os.utime(path)
        again = build(ROOT, tmp_path / "again", TZ="Asia/Kathmandu", LC_ALL="C")
    finally:
        os.umask(before)
    assert [path.name for path in again] == sorted(path.name for path in made.iterdir())
    assert {path.name: path.read_bytes() for path in again} == {path.name: path.read_bytes() for path in made.iterdir()}


def test_the_source_archive_builds_the_same_wheel(wheel, unpacked, tmp_path):
    (again,) = build(unpacked, tmp_path / "again", "-t", "wheel")
    assert again.read_bytes() == wheel.read_bytes()


def test_the_source_archive_has_what_the_tests_and_the_script_need(unpacked):
    needed = ["dev.py", "pyproject.toml", "CHANGELOG.md", "LICENSE", "requirements/run.txt", "tests/conftest.py"]
    needed += ["tools/pictures.py", "benchmarks/__main__.py", "docs/commands.md", "examples/chatbuilder-parley"]
    assert [name for name in needed if not (unpacked / name).exists()] == []


@pytest.fixture(scope="module")
def program(wheel, tmp_path_factory) -> Path:
    """The program, installed by pip into an environment of its own.

    Its dependencies are those of this environment: nothing is fetched. A plain path brings them without our own
    editable installation, which stands in a .pth file beside them.
    """
    place = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    folder = place / ("Scripts" if WINDOWS else "bin")
    python = folder / ("python.exe" if WINDOWS else "python")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    ours = Path(sysconfig.get_path("purelib"))
    (theirs,) = place.rglob("site-packages")
    (theirs / "dependencies.pth").write_text(f"{ours}\n", "utf-8")
    return folder / ("chatbuilder.exe" if WINDOWS else "chatbuilder")


@pytest.fixture
def call(program, tmp_path):
    """Call the installed program from a folder that has nothing to do with the checkout."""

    def calls(*arguments: object) -> Done:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [str(program), *map(str, arguments)], cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)

    return calls


def test_installed_it_builds_a_vault(call, program, tmp_path):
    assert call("--version").out == f"chatbuilder {chatbuilder.__version__}\n"
    assert "COMMAND" in call("--help").out
    doctor = call("doctor")
    assert (doctor.code, chatbuilder.__version__ in doctor.out) == (0, True)
    place = call("doctor", "--json").data[0]
    assert place["state"] == "ok"
    answers = answers_file(tmp_path, target={"path": str(tmp_path / "vault")})
    assert call("build", "--answers", answers, "--out", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "README.md").exists()
    done = call("apply", "--answers", answers, "--yes", "--json")
    assert (done.code, done.data["status"]) == (0, "completed"), done.err
    assert call("verify", done.data["system"]).code == 0


def test_installed_it_brings_its_manual_page_and_completion(program):
    """Where `man` and the shells look for what is installed below the same folder."""
    there = {name: (program.parents[1] / name) for name in generate.shared()}
    assert [name for name, place in there.items() if not place.is_file()] == []


@pytest.mark.skipif(WINDOWS, reason="Windows has no pseudo-terminals of this kind")
def test_installed_it_opens_the_wizard_with_its_looks(program, monkeypatch):
    """A style sheet that were not in the wheel would end it at the first screen."""
    from tests.e2e.terminal import Terminal

    monkeypatch.delenv("PYTHONPATH", raising=False)
    with Terminal(program=(str(program),)) as window:
        window.see("Obsidian", "Continue")
        window.press("ctrl+q")
        assert window.ends() == 0
