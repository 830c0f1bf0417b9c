"""build: any valid answers, every platform, and the same answers make the same bytes anywhere."""

import json
import os
import tomllib
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbuilder import answers, catalog, pipeline
from chatbuilder.solution import Ref
from tests.helpers import answers_file, config, python, tree
from tests.strategies import configs

FEW = settings(max_examples=max(4, settings.default.max_examples // 6))
FULL = {
    "priorities": [p for p in catalog.PRIORITIES if p != "simplicity"],
    "features": list(catalog.FEATURES),
    "team_size": "large",
    "complexity": "advanced",
    "name": "🗂️ “Größe” [x]",
    "options": {"custom_fields": [{"name": "=a|b", "type": "select", "choices": ["]]", "x"]}]},
}
HASHES = """
import hashlib, json, sys
from chatbuilder import pipeline
found = {}
for text in json.load(sys.stdin):
    config = pipeline.check(text)
    for name, data in pipeline.package(pipeline.build(config), config).items():
        found[f"{config.platform} {len(text)} {name}"] = hashlib.sha256(data).hexdigest()
print(json.dumps(found))
"""


def test_the_same_answers_make_the_same_bytes_in_any_process(tmp_path):
    """Another hash seed, time zone, language, folder and home."""
    wanted = json.dumps(
        [{"platform": p, "priorities": ["search"], **more} for p in catalog.PLATFORMS for more in ({}, FULL)]
    )
    found = []
    for seed, zone, place in (("1", "Pacific/Auckland", tmp_path), ("2", "America/Caracas", "/")):
        environment = {
            "PYTHONHASHSEED": seed,
            "TZ": zone,
            "LC_ALL": "C",
            "HOME": str(place),
            "CHATBUILDER_HOME": str(tmp_path / seed),
        }
        done = python(HASHES, input=wanted, env=environment, cwd=place)
        assert done.code == 0, done.err
        found.append(done.data)
    assert len(found[0]) > 200
    assert {name for name in found[0] if found[0][name] != found[1].get(name)} == set()
    assert found[0].keys() == found[1].keys()


@pytest.mark.parametrize("platform", catalog.PLATFORMS)
def test_any_answers_build(platform):
    @FEW
    @given(configs(platform))
    def build(found):
        solution = pipeline.build(found)
        files = pipeline.package(solution, found)
        assert {"README.md", "answers.toml", "plan.json", "blueprint.json", "data-dictionary.csv"} <= set(files)
        assert answers.check(tomllib.loads(files["answers.toml"].decode())) == found
        assert files["README.md"].decode() == solution.guide.markdown
        assert json.loads(files["plan.json"]) == solution.plan.data()
        folded = [name.casefold() for name in files]
        assert len(set(folded)) == len(folded)  # also where case does not count
        for name in files:
            parts = PurePosixPath(name).parts
            assert not name.startswith("/")
            assert ".." not in parts
            assert all(len(part.encode()) <= 255 for part in parts)
        check_plan(solution.plan)

    build()


def check_plan(plan):
    """Keys are unique, and everything a step needs comes before it."""
    seen = {"target"}
    for step in plan:
        assert step.key not in seen
        assert set(step.depends_on) <= seen
        needed = refs(step.payload)
        assert needed <= seen
        assert needed - {"target"} <= closure(step, plan)
        seen.add(step.key)


def closure(step, plan):
    """Every step that must be done before this one."""
    by_key = {other.key: other for other in plan}
    found, todo = set(), list(step.depends_on)
    while todo:
        key = todo.pop()
        if key not in found:
            found.add(key)
            todo += by_key[key].depends_on
    return found


def refs(value):
    if isinstance(value, Ref):
        return {value.step}
    if isinstance(value, dict):
        return set().union(*(refs(key) | refs(item) for key, item in value.items()))
    return set().union(*(refs(item) for item in value)) if isinstance(value, (list, tuple)) else set()


@FEW
@given(configs(), st.booleans())
def test_exporting_twice_changes_nothing(tmp_path_factory, found, zipped):
    folder = tmp_path_factory.mktemp("out")
    solution = pipeline.build(found)
    first = pipeline.export(solution, found, str(folder), zipped=zipped)
    before = tree(folder)
    second = pipeline.export(solution, found, str(folder), zipped=zipped)
    assert set(second.unchanged) == set(first.written)
    assert tree(folder) == before


@pytest.mark.parametrize("platform", catalog.PLATFORMS)
def test_an_export_follows_the_answers(tmp_path, platform):
    """Other answers: files come, go and change; what is left is the export of the new answers alone."""
    for more in ({}, FULL, {"priorities": ["simplicity"]}):
        found = pipeline.check({"platform": platform, "priorities": ["search"], **more})
        solution = pipeline.build(found)
        pipeline.export(solution, found, str(tmp_path / "out"))
    pipeline.export(solution, found, str(tmp_path / "alone"))
    assert tree(tmp_path / "out") == tree(tmp_path / "alone")


def test_the_command_builds_what_the_pipeline_builds(tmp_path, run_cli):
    place = answers_file(tmp_path, "logseq")
    assert run_cli("build", "--answers", place, "--out", tmp_path / "out").code == 0
    found = config("logseq")
    files = pipeline.package(pipeline.build(found), found)
    assert {name: data for name, data in tree(tmp_path / "out").items() if name != ".chatbuilder-export.json"} == files


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permissions of this kind")
def test_no_file_of_an_export_is_wider_than_the_umask(tmp_path):
    found = config("custom", "portability", features=["exports"])
    before = os.umask(0o077)
    try:
        pipeline.export(pipeline.build(found), found, str(tmp_path / "out"))
    finally:
        os.umask(before)
    assert {oct(place.stat().st_mode & 0o077) for place in (tmp_path / "out").rglob("*")} == {"0o0"}
