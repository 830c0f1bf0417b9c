"""The house keeps its own rules: sizes, locks, versions, and what an import may load."""

import ast
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import chatbuilder

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src" / "chatbuilder"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SETS = ("run", "test", "dev")
SDKS = {"notion_client", "httpx", "pyairtable", "requests", "gspread", "google", "google_auth_oauthlib", "psycopg"}
HEAVY = SDKS | {"textual", "textual_serve", "openpyxl", "sqlalchemy", "keyring"}
REPORT = "import sys; print('LOADED', *{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
NOT_OURS = {".git", ".venv", "node_modules", "__pycache__", "dist", "build", "htmlcov"}


def project_files():
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS and not name.endswith(("_cache", ".egg-info"))]
        folders[:] = [name for name in folders if name not in {".hypothesis", ".benchmarks", ".idea", ".vscode"}]
        for name in names:
            path = Path(folder, name)
            if not name.startswith(".coverage") and name != "snapshot_report.html" and path.is_file():
                yield path


def locked(name):
    """Versions by name; a name locked for several markers keeps the first, which is enough here."""
    pins = re.findall(
        r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", (ROOT / "requirements" / f"{name}.txt").read_text("utf-8"), re.M
    )
    return {canonicalize_name(package): version for package, version in reversed(pins)}


def wanted(name):
    groups, project = PROJECT["dependency-groups"], PROJECT["project"]
    lines = [*project["dependencies"], *groups["build"]]
    lines += [line for extra in project["optional-dependencies"].values() for line in extra]
    lines += groups["test"] if name != "run" else []
    lines += groups["dev"] if name == "dev" else []
    return [Requirement(line) for line in lines]


def loaded_after(code, tmp_path):
    """The top-level modules a fresh interpreter holds after this code; the code may print and exit."""
    script = f"import atexit, sys\natexit.register(exec, {REPORT!r}, {{}})\n{code}"
    environment = {**os.environ, "CHATBUILDER_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, set(done.stderr.rpartition("LOADED")[2].split())


def test_changelog_names_the_version():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = re.search(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", changelog, re.M)
    announced = re.search(r"^Will be (\d+\.\d+\.\d+)\.$", changelog, re.M)
    assert chatbuilder.__version__ in [found[1] for found in (released, announced) if found]
    assert "## [Unreleased]" in changelog


@pytest.mark.parametrize(("folder", "most"), [(SRC, 400), (SRC / "screens", 150)], ids=["modules", "screens"])
def test_modules_stay_readable(folder, most):
    sizes = {
        path.relative_to(SRC).as_posix(): len(path.read_text("utf-8").splitlines()) for path in folder.rglob("*.py")
    }
    assert {name: lines for name, lines in sizes.items() if lines > most} == {}


def test_dev_script_is_short_and_needs_nothing():
    source = (ROOT / "dev.py").read_text("utf-8")
    nodes = list(ast.walk(ast.parse(source)))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names} == set()
    assert len(source.splitlines()) <= 200


def test_no_file_names_a_registry_or_somebodys_home():
    hosts = r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|deb\.debian\.org"
    places = {str(path) for path in (ROOT, Path.home())} - {"/", tempfile.gettempdir()}
    here = "|".join(rf"(?<![\w.-]){re.escape(place)}[\\/]" for place in places)
    found = re.compile(f"{hosts}|{here}".encode())
    hits = {path.relative_to(ROOT).as_posix(): found.search(path.read_bytes()) for path in project_files()}
    guilty = {name: hit[0] for name, hit in hits.items() if hit}
    assert guilty == {}


@pytest.mark.parametrize("name", SETS)
def test_locks_cover_every_dependency(name):
    pins = locked(name)
    assert [str(want) for want in wanted(name) if canonicalize_name(want.name) not in pins] == []
    loose = [
        str(w) for w in wanted(name) if not w.specifier.contains(pins[canonicalize_name(w.name)], prereleases=True)
    ]
    assert loose == []


@pytest.mark.parametrize("name", SETS)
def test_locks_are_hashed_and_name_no_place(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.M)[1:]
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert re.findall(r"://|^-|^\s*--(?!hash=)", text, re.M) == []


def test_locks_agree_with_each_other():
    run, test, dev = map(locked, SETS)
    assert run.items() <= test.items() <= dev.items()


def test_the_pipeline_loads_no_interface_and_no_sdk(tmp_path):
    _, loaded = loaded_after("import chatbuilder.pipeline", tmp_path)
    assert loaded & HEAVY == set()


@pytest.mark.parametrize(("flag", "says"), [("--help", "chatbuilder"), ("--version", chatbuilder.__version__)])
def test_help_and_version_load_neither_interface_nor_models(flag, says, tmp_path):
    code = f"sys.argv = ['chatbuilder', {flag!r}]\nfrom chatbuilder.__main__ import main\nsys.exit(main())"
    printed, loaded = loaded_after(code, tmp_path)
    assert says in printed
    assert loaded & (HEAVY | {"pydantic"}) == set()
