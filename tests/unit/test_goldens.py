"""What is designed and rendered, held to the letter: a change of a word or a request is made on purpose, and reviewed.

`CHATBUILDER_GOLDENS=write` writes the files anew; look at the difference before you commit it. The design is kept as
text. Of each platform's guide, documents, files and steps a digest is kept: it names what changed, `chatbuilder build`
shows how.
"""

import dataclasses
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from chatbuilder import catalog, pipeline
from chatbuilder.design import design
from chatbuilder.solution import plain
from tests.helpers import config, hold

FOLDER = Path(__file__).parent / "goldens"
NOT_SIMPLE = tuple(key for key in catalog.PRIORITIES if key != "simplicity")
ANSWERS = {
    "everything": {"features": tuple(catalog.FEATURES), "team_size": "large", "complexity": "advanced"},
    "a team": {
        "features": ("tags", "projects", "reminders", "archive"),
        "team_size": "small",
        "complexity": "moderate",
    },
    "the least": {"team_size": "solo", "complexity": "simple"},
}
PRIORITIES = {"everything": NOT_SIMPLE, "a team": ("organization", "collaboration"), "the least": ("simplicity",)}
PLACES = {**dict.fromkeys(catalog.PLATFORMS, None), "postgresql": {"database": "postgresql://sam@host/chats"}}


def answers(which, place="obsidian"):
    target = PLACES[place]
    platform = "custom" if target else place
    return config(platform, *PRIORITIES[which], **ANSWERS[which], **({"target": target} if target else {}))


def pruned(value):
    """Data without what says nothing: None, False and what is empty."""
    if dataclasses.is_dataclass(value):
        said = {f.name: pruned(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {
            type(value).__name__: {key: entry for key, entry in said.items() if entry not in (None, False, "", [], {})}
        }
    if isinstance(value, dict):
        return {key: pruned(entry) for key, entry in value.items()}
    return [pruned(entry) for entry in value] if isinstance(value, (tuple, list)) else value


def content(file):
    """A file's bytes; of a zip those of its members, for how they are packed depends on the machine's zlib."""
    data = file.data()
    if not data.startswith(b"PK"):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return b"".join(info.filename.encode() + packed.read(info) for info in packed.infolist())


@pytest.mark.parametrize("which", ANSWERS)
def test_the_design(which):
    told = json.dumps(pruned(design(answers(which))), indent=1, ensure_ascii=False)
    hold(FOLDER / f"design of {which}.json", f"{told}\n")


def test_simplicity_beside_everything_else():
    """What is left out and why, what contradicts what, and fields of one's own of every type."""
    fields = [{"name": f"My {kind}", "type": kind} for kind in catalog.CUSTOM_FIELD_TYPES]
    fields = [{**f, "choices": ["A", "B", "C"]} if "select" in f["type"] else f for f in fields]
    told = pruned(
        design(
            config("notion", *catalog.PRIORITIES, features=tuple(catalog.FEATURES), complexity="advanced",
                   options={"custom_fields": fields})
        )
    )  # fmt: skip
    hold(FOLDER / "design of contradictions.json", json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def test_what_is_said_beforehand():
    """Every finding of many answers on every platform, in its words, with what it changes."""
    asked = {
        "one thing": (["organization"], {"complexity": "simple"}),
        "simplicity": (["simplicity", "search"], {"features": list(catalog.FEATURES)[:5], "complexity": "advanced"}),
        "a team": (["collaboration", "analytics"], {"features": ["timeline", "projects"], "team_size": "medium"}),
        "everything": (
            NOT_SIMPLE,
            {"features": list(catalog.FEATURES), "team_size": "large", "complexity": "advanced"},
        ),
        "a way out": (["portability", "automation"], {"features": ["reminders", "templates", "dashboard"]}),
        "alone": (["collaboration", "simplicity"], {"options": {"custom_fields": [{"name": "Client"}]}}),
    }
    lines = [
        f"{platform}, {which}: {f.level} {f.key}: {f.title}. {f.reason} {f.suggestion} {dict(f.change or {})}"
        for platform in catalog.OURS
        for which, (priorities, more) in asked.items()
        for f in design(config(platform, *priorities, **more)).findings
    ]
    hold(FOLDER / "findings.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("place", PLACES)
def test_what_is_rendered_and_delivered(place):
    lines = []
    for which in ANSWERS:
        solution = pipeline.build(answers(which, place))
        parts = [("guide", solution.guide.markdown.encode())]
        parts += [(f"document {document.key}", document.markdown.encode()) for document in solution.documents]
        parts += [(f"file {file.path}", content(file)) for file in solution.files]
        steps = [dataclasses.replace(step, payload=plain(step.payload)) for step in solution.plan]
        parts += [(f"step {step.key}", json.dumps(dataclasses.astuple(step), default=str).encode()) for step in steps]
        parts += [(f"by hand {n}", repr(step).encode()) for n, step in enumerate(solution.manual)]
        lines += [f"{which}: {name} {hashlib.sha256(data).hexdigest()[:12]}" for name, data in parts]
    hold(FOLDER / f"{place}.txt", "\n".join(lines) + "\n")
