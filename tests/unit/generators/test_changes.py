"""What other answers change in a system that exists, held to the letter: titles, what stays, and a digest of requests.

The requests go to the small Notion, Airtable and spreadsheet of the contract tests, which refuse what the real ones
would. `CHATBUILDER_GOLDENS=write` writes the texts anew, as in test_goldens.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from itertools import pairwise

import pytest

from chatbuilder import catalog
from chatbuilder.design import design
from chatbuilder.generators import airtable, notion, sheets
from chatbuilder.generators.airtable import evolve as in_airtable
from chatbuilder.generators.notion import evolve as in_notion
from chatbuilder.generators.sheets import evolve as in_sheets
from chatbuilder.solution import Delivered, plain, resolve
from tests.contract.airtable import Base
from tests.contract.notion_workspace import MARK, Workspace
from tests.helpers import config, hold
from tests.unit.test_goldens import FOLDER, NOT_SIMPLE

TARGET = {"target": {"mark": MARK, "workspace": Base.workspace}}
ANSWERS = {
    "a little": ("organization", {
        "complexity": "simple", "features": ("archive", "projects"), "options": {
            "topics": ("Work", "Home"), "assistants": ("ChatGPT", "Claude"), "custom_fields": (
                {"name": "Client", "type": "select", "choices": ("Acme", "Globex")}, {"name": "Rank", "type": "text"},
                {"name": "Labels", "type": "multi_select", "choices": ("a", "b")},
                {"name": "Project (linked)", "type": "text"},
            ),
        },
    }),
    "everything": (NOT_SIMPLE, {
        "complexity": "advanced", "features": tuple(catalog.FEATURES), "team_size": "large", "options": {
            "topics": ("Work", "Travel"), "assistants": ("ChatGPT", "Gemini"), "date_format": "us", "custom_fields": (
                {"name": "Client", "type": "select", "choices": ("acme", "Globex", "Initech")},
                {"name": "Rank", "type": "number"}, {"name": "Due", "type": "date"},
                {"name": "Labels", "type": "multi_select", "choices": ("b", "c")},
            ),
        },
    }),
    **{
        f"{len(topics)} topics": ("organization", {"features": ("projects",), "options": {"topics": topics}})
        for topics in (("Work",), ("Home", "Work"), ("Play", "Home", "Work"))
    },
    "figures": ("analytics", {"complexity": "simple"}),
    "a team": ("organization collaboration", {
        "complexity": "moderate", "features": ("tags", "projects", "reminders"), "team_size": "small", "options": {
            "topics": ("Work",), "custom_fields": ({"name": "Client", "type": "text"},), "sample_data": False,
        },
    }),
}  # fmt: skip
WAYS = [
    ("a little", "everything", "a team", "everything", "everything", "a little"),
    ("a team", "a little", "everything"),
    ("figures", "everything"),
    ("a team", "everything"),
    ("1 topics", "2 topics", "3 topics", "1 topics"),
]


def answers_of(platform, which):
    priorities, answers = ANSWERS[which]
    words = priorities.split() if isinstance(priorities, str) else priorities
    return config(platform.__name__.rpartition(".")[2], *words, **answers)


def plan_of(platform, which):
    found = answers_of(platform, which)
    return platform.generate(found, design(found)).plan


class System:
    """A system that exists: what was delivered for each step, as a journal has it."""

    def __init__(self):
        self.delivered = {}

    @staticmethod
    def standing(plan, delivered):
        """What repair puts back: the plan, where the platform has no more to say."""
        return plan

    def results(self):
        return {**TARGET, **{key: item.result for key, item in self.delivered.items()}}

    def take(self, plan):
        """Deliver what changes; returns the steps of that."""
        changed = []
        for step in plan:
            payload, had = resolve(step.payload, self.results()), self.delivered.get(step.key)
            if had is None or had.payload != payload:
                changed.append(step)
                self.delivered[step.key] = Delivered(payload, self.send(payload, had.result if had else {}))
        return changed


class InNotion(System):
    platform, evolve, standing = notion, staticmethod(in_notion.evolve), staticmethod(in_notion.standing)

    def __init__(self):
        super().__init__()
        self.there = Workspace()

    def send(self, payload, had):
        path = payload["path"].format(**payload.get("params", {}))
        answer = self.there.answer(payload["method"], path, payload.get("query", {}), payload.get("body"))
        return {**had, **json.loads(json.dumps(answer))} if payload["makes"] != "database" else had or answer


class InAirtable(System):
    platform, evolve = airtable, staticmethod(in_airtable.evolve)

    def __init__(self):
        super().__init__()
        self.there = Base()

    def send(self, payload, had):
        path, sent = payload["path"].format(**payload.get("params", {})), payload["body"]
        if payload["makes"] == "rows":
            return self.rows(path, payload, had)
        sent = self.with_ids(payload) if payload["makes"] == "choices" else sent
        return json.loads(json.dumps(self.there.send(payload["method"], path, sent)))

    def rows(self, path, payload, had):
        """Send the rows that did not come with others before; earlier ones stand first."""
        sent, came = payload["body"], {} if had else payload.get("came", {})
        name = sent["performUpsert"]["fieldsToMergeOn"][0]
        fresh = [row for row in sent["records"] if row["fields"][name] not in came]
        answer = self.there.send(payload["method"], path, {**sent, "records": fresh}) if fresh else {"records": []}
        made = {row["fields"][name]: row for row in answer["records"]}
        ids = {**came, **{key: row["id"] for key, row in made.items()}}
        rows = [{"id": ids[row["fields"][name]], "key": row["fields"][name]} for row in sent["records"]]
        linked = {
            link: {row["fields"][link][0]: made[row["fields"][name]]["fields"][link][0]
                   for row in fresh if len(row["fields"].get(link, ())) == 1}
            for link in payload.get("by_name", ())
        }  # fmt: skip
        return {"records": [*had.get("records", ()), *rows], **({"linked": linked} if linked else {})}

    def with_ids(self, payload):
        """Choices that are there go with their ids, which delivery looks up."""
        table = self.there.tables[payload["params"]["table"]]
        field = next(f for f in table["fields"] if f["id"] == payload["params"]["field"])
        ids = {choice["name"]: choice["id"] for choice in field["options"]["choices"]}
        named = payload["body"]["options"]["choices"]
        return {"options": {"choices": [{**c, **({"id": ids[c["name"]]} if c["name"] in ids else {})} for c in named]}}


class InSheets(System):
    platform, evolve = sheets, staticmethod(in_sheets.evolve)

    def send(self, payload, had):
        stands = {"stands": payload["stands"]} if "stands" in payload else {}
        return {"id": "the-file", "marker": payload.get("marker"), **stands}


SYSTEMS = {"notion": InNotion, "airtable": InAirtable, "sheets": InSheets}


def digest(value):
    return hashlib.sha256(json.dumps(plain(value), default=str).encode()).hexdigest()[:12]


def told(step):
    return f"  {step.key}: {step.title} · {digest([step.kind, step.payload, step.depends_on])}"


def changes(name, way):
    """The lines that tell of each change on a way from answers to answers."""
    system = SYSTEMS[name]()
    system.take(plan_of(system.platform, way[0]))
    for before, then in pairwise(way):
        yield f"{before} -> {then}"
        plan = plan_of(system.platform, then)
        evolution = system.evolve(plan, system.delivered)
        yield from (f"  kept: {line}" for line in evolution.kept)
        yield f"  {len(evolution.plan.steps)} steps {digest([[s.key, s.title, s.depends_on] for s in evolution.plan])}"
        yield from map(told, system.take(evolution.plan))
        planned = {step.key: step for step in plan}
        stands = system.standing(plan, system.delivered)
        yield from (f"  put back{told(step)}" for step in stands if step != planned.get(step.key))


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_other_answers_change(name):
    hold(FOLDER / f"changes on {name}.txt", "".join(f"{line}\n" for way in WAYS for line in changes(name, way)))


def test_a_view_of_another_kind_stays_as_it_is():
    system, blueprint = InNotion(), design(answers_of(notion, "a team"))
    system.take(plan_of(notion, "a team"))
    lists = tuple(replace(view, kind="list") if view.key == "recent" else view for view in blueprint.views)
    plan = notion.generate(answers_of(notion, "a team"), replace(blueprint, views=lists)).plan
    found = system.evolve(plan, system.delivered)
    assert found.kept == ("View Recent (7 days) as a table (Notion cannot make it a list)",)
    assert system.take(found.plan) == []
