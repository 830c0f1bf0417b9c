"""The vault as Obsidian would read it: valid, whole, and its tables show what the filters mean."""

from __future__ import annotations

import csv
import datetime
import json
import re
import subprocess
import sys
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbuilder import filters
from chatbuilder.blueprint import Blueprint, Table
from chatbuilder.config import Config, Options
from chatbuilder.design import design
from chatbuilder.filters import And, Cmp, Me, Not, Or, Today
from chatbuilder.generators.common.text import file_name
from chatbuilder.generators.obsidian import expressions, generate, layout, notes
from chatbuilder.solution import Solution
from tests.strategies import configs, neighbours
from tests.unit.generators.bases import Date, Vault, split, yaml_of

TODAY = datetime.date(2026, 5, 25)
DAYS = st.sampled_from([datetime.date(2026, 1, 12), datetime.date(2026, 2, 12), datetime.date(2026, 4, 1), TODAY])
EVERYTHING: dict[str, Any] = {
    "priorities": (
        "organization", "search", "analytics", "collaboration", "automation", "portability", "integration",
    ),
    "features": ("tags", "projects", "timeline", "templates", "reminders", "exports", "dashboard", "archive"),
    "team_size": "large",
    "complexity": "advanced",
}  # fmt: skip
LINK = re.compile(r"\[\[([^\[\]]*?)\]\]")
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def built(**answers: Any) -> tuple[Config, Blueprint, Solution]:
    config = Config(platform="obsidian", **{**EVERYTHING, **answers})
    blueprint = design(config)
    return config, blueprint, generate(config, blueprint)


def texts(solution: Solution) -> dict[str, str]:
    """The files of the vault by path from its root."""
    return {
        file.path.removeprefix("vault/"): file.data().decode()
        for file in solution.files
        if file.path.startswith("vault/")
    }


def vault_of(config: Config, today: datetime.date = TODAY) -> tuple[Blueprint, Vault, str]:
    blueprint = design(config)
    solution = generate(config, blueprint)
    return blueprint, Vault(texts(solution), today), solution.notes["folder"]


def title_of(note: Any, table: Table) -> str:
    return str(note.properties[table.title.key])


# what a view shows


@quick
@given(config=configs("obsidian"), today=DAYS)
def test_every_view_shows_the_rows_that_its_filter_means(config, today):
    blueprint, vault, root = vault_of(config, today)
    for view in blueprint.views:
        table = blueprint.table(view.table)
        base = vault.base(f"{root}/Bases/{table.name}.base")
        shown = sorted(title_of(note, table) for note in vault.rows(base, view.name))
        expected = filters.select_rows(view.filter, table.samples, today=today, me=layout.ME)
        if table.samples:
            assert shown == sorted(str(row[table.title.key]) for row in expected), view.name


@pytest.mark.parametrize("me", ["Robin", "Sam", "Nobody"])
def test_my_sessions_after_writing_my_name_into_the_filter(me):
    config, blueprint, _ = built()
    _, vault, root = vault_of(config)
    path = f"{root}/Bases/Chat Sessions.base"
    assert vault.texts[path].count(f'"{layout.ME}"') == 1
    vault.texts[path] = vault.texts[path].replace(layout.ME, me)
    view = next(view for view in blueprint.views if view.key == "my_sessions")
    expected = filters.select_rows(view.filter, blueprint.sessions.samples, today=TODAY, me=me)
    assert {n.properties["title"] for n in vault.rows(vault.base(path), view.name)} == {r["title"] for r in expected}


DATES = [None, "2026-05-24", "2026-05-25", "2026-05-26", "2026-05-31"]
MOMENTS = [None, "2026-05-24T23:59:59Z", "2026-05-25T00:00:00Z", "2026-05-25T23:59:59Z", "2026-05-26T00:00:00Z"]
FIELDS: dict[str, tuple[tuple[str, ...], st.SearchStrategy[Any]]] = {
    "status": (("eq", "ne"), st.sampled_from(["Active", "Archived", "On Hold"])),
    "value": (("eq", "ne", "lt", "le", "gt", "ge"), st.integers(-1, 5)),
    "follow_up": (("eq", "ne", "lt", "le", "gt", "ge"), st.builds(Today, st.integers(-2, 7))),
    "last_activity": (("eq", "ne", "lt", "le", "gt", "ge"), st.builds(Today, st.integers(-2, 7))),
    "tags": (("has", "lacks"), st.sampled_from(["bug", "how-to"])),
    "secondary_topics": (("has", "lacks"), st.sampled_from(["Work", "a]] b", "[[x]]", 'say "hi"', "back\\"])),
    "topic": (("has", "lacks"), st.sampled_from(["Work", "Learning"])),
    "owner": (("eq", "ne", "has", "lacks"), st.sampled_from(["Sam", Me(), 'O"Neil'])),
    "auto_filed": (("eq", "ne"), st.booleans()),
}
TOPICS = ("Work", "Learning", "a]] b", "[[x]]", 'say "hi"', "back\\")


@st.composite
def comparisons(draw: st.DrawFn) -> Cmp:
    key = draw(st.sampled_from(list(FIELDS)))
    operators, values = FIELDS[key]
    empties = () if key == "auto_filed" else ("empty", "not_empty")
    op = draw(st.sampled_from((*operators, *empties)))
    return Cmp(key, op, None if op in empties else draw(values))


TREES = st.recursive(
    comparisons(),
    lambda part: st.one_of(
        st.builds(And, st.lists(part, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(part, min_size=1, max_size=3).map(tuple)),
        st.builds(Not, part),
    ),
    max_leaves=6,
)
ROWS = st.fixed_dictionaries(
    {
        "title": st.just("Row"),
        "status": st.sampled_from([None, "", "Active", "Archived"]),
        "value": st.sampled_from([None, 0, -1, 1, 4]),
        "follow_up": st.sampled_from(DATES),
        "last_activity": st.sampled_from(MOMENTS),
        "tags": st.sampled_from([(), ("bug",), ("bug", "how-to")]),
        "secondary_topics": st.lists(st.sampled_from(TOPICS), unique=True, max_size=3).map(tuple),
        "topic": st.sampled_from([(), ("Work",), ("Learning",)]),
        "owner": st.sampled_from([None, "Sam", 'O"Neil', layout.ME]),
        "auto_filed": st.sampled_from([None, True, False]),
    }
)
SHARED: dict[str, Any] = {}


def scene() -> tuple[Blueprint, layout.Layout, dict[str, str]]:
    """One big design, built once: rows and filters over it vary."""
    if not SHARED:
        config, blueprint, solution = built(options=Options(topics=TOPICS))
        SHARED["all"] = blueprint, layout.lay_out(blueprint, config.options.topics), texts(solution)
    return SHARED["all"]


OPERANDS: dict[str, tuple[Any, ...]] = {
    "status": ("Active", "Archived", ""),
    "value": (-1, 0, 1, 4),
    "follow_up": (Today(-1), Today(0), Today(6)),
    "last_activity": (Today(-1), Today(0), Today(1)),
    "tags": ("bug", "how-to"),
    "secondary_topics": TOPICS,
    "topic": ("Work", "Learning"),
    "owner": ("Sam", Me(), 'O"Neil'),
    "auto_filed": (True, False),
}
CELLS: dict[str, tuple[Any, ...]] = {
    "status": (None, "", "Active", "Archived"),
    "value": (None, -1, 0, 1, 4, 5),
    "follow_up": tuple(DATES),
    "last_activity": tuple(MOMENTS),
    "tags": ((), ("bug",), ("bug", "how-to")),
    "secondary_topics": ((), *((topic,) for topic in TOPICS), TOPICS),
    "topic": ((), ("Work",), ("Learning",)),
    "owner": (None, "Sam", 'O"Neil', layout.ME),
    "auto_filed": (None, True, False),
}


@pytest.mark.parametrize("key", list(FIELDS))
def test_each_comparison_of_each_kind_of_field_means_the_same_for_each_value(key):
    blueprint, plan, files = scene()
    table, path = blueprint.sessions, f"{plan.root}/Sessions/Row.md"
    asked = [Cmp(key, op, value) for op in FIELDS[key][0] for value in OPERANDS[key]]
    asked += [] if key == "auto_filed" else [Cmp(key, "empty"), Cmp(key, "not_empty")]
    for cell in CELLS[key]:
        row = {"title": "Row", key: cell}
        vault = Vault({**files, path: notes.row_note(table, row, blueprint, plan)}, TODAY)
        for cmp in asked:
            expected = filters.matches(cmp, row, today=TODAY, me=layout.ME)
            found = vault.passes(expressions.tree(cmp, table, plan), vault.notes[path], {})
            assert found == expected, (cmp, cell, expressions.tree(cmp, table, plan))


@settings(max_examples=200, deadline=None)
@given(expr=TREES, row=ROWS)
def test_any_filter_means_the_same_in_a_base_in_a_formula_and_in_the_reference(expr, row):
    blueprint, plan, files = scene()
    table = blueprint.sessions
    path = f"{plan.root}/Sessions/Row.md"
    vault = Vault({**files, path: notes.row_note(table, row, blueprint, plan)}, TODAY)
    expected = filters.matches(expr, row, today=TODAY, me=layout.ME)
    note = vault.notes[path]
    assert vault.passes(expressions.tree(expr, table, plan), note, {}) == expected
    assert bool(vault.evaluate(expressions.expression(expr, table, plan), note, {})) == expected


def test_formulas_and_rollups_give_what_the_design_says():
    config, blueprint, _ = built()
    _, vault, root = vault_of(config)
    mention = next(path for path in vault.notes if path.startswith(f"{root}/Sessions/"))
    vault.notes[mention].text += f"See [[{root}/Topics/Work]], [[{root}/Topics/Writing]], [[{root}/Projects/Thesis]].\n"
    sessions = vault.base(f"{root}/Bases/Chat Sessions.base")
    for row in blueprint.sessions.samples:
        note = next(n for n in vault.notes.values() if n.properties.get("title") == row["title"])
        idle = (TODAY - datetime.date.fromisoformat(row["last_activity"][:10])).days
        assert vault.evaluate("formula.days_idle", note, sessions) == idle
        due = filters.matches(blueprint.sessions.field("overdue").formula.when, row, today=TODAY)
        assert vault.evaluate("formula.overdue", note, sessions) is due
        assert vault.evaluate("formula.started_month", note, sessions) == row["started"][:7]
    for key, via in (("topics", "topic"), ("projects", "project")):
        table = blueprint.table(key)
        base = vault.base(f"{root}/Bases/{table.name}.base")
        for row in table.samples:
            mine = [s["last_activity"] for s in blueprint.sessions.samples if row["name"] in s[via]]
            note = next(
                n
                for n in vault.notes.values()
                if n.folder == f"{root}/{table.name}" and title_of(n, table) == row["name"]
            )
            assert vault.evaluate("formula.session_count", note, base) == len(mine)
            if key == "projects" and mine:
                latest = vault.evaluate("formula.latest", note, base)
                moment = latest.moment.isoformat() if isinstance(latest, Date) else latest
                assert moment == max(mine).removesuffix("Z")


def test_embedded_tables_list_what_links_to_their_note():
    config, blueprint, _ = built()
    _, vault, root = vault_of(config)
    related = vault.base(f"{root}/Bases/Related.base")
    by_project = {
        row["name"]: {s["title"] for s in blueprint.sessions.samples if row["name"] in s["project"]}
        for row in blueprint.table("projects").samples
    }
    assert any(by_project.values())
    for name, expected in by_project.items():
        shown = vault.rows(related, "Sessions of this project", this=f"{root}/Projects/{name}.md")
        assert {note.properties["title"] for note in shown} == expected


def test_figures_and_charts_of_the_dashboard():
    config, blueprint, _ = built()
    _, vault, root = vault_of(config)
    base = vault.base(f"{root}/Bases/Dashboard.base")
    figures = next(view for view in base["views"] if view["name"] == "Figures")
    rows = vault.rows(base, "Figures")
    for figure in blueprint.dashboard.figures:
        passing = filters.select_rows(figure.filter, blueprint.sessions.samples, today=TODAY)
        column = next(c for c, heading in base["properties"].items() if heading["displayName"] == figure.name)
        values = [1 if column == "file.name" else vault.evaluate(column, note, base) for note in rows]
        summary = figures["summaries"][column]
        if figure.aggregate == "count":
            assert summary == ("Filled" if figure.filter is None else "Checked")
            assert sum(bool(value) for value in values) == len(passing), figure.name
        else:
            numbers = [row[figure.field] for row in passing]
            assert summary == {"sum": "Sum", "average": "Average"}[figure.aggregate]
            assert sorted(v for v in values if v is not None) == sorted(numbers)
    bar = base["summaries"]["bar"].replace("values", "note.tags")
    note = next(n for n in rows if n.properties["tags"] == ["bug", "reference"])
    assert vault.evaluate(bar, note, base) == "██ 2"
    for chart in blueprint.dashboard.charts:
        view = next(view for view in base["views"] if view["name"] == chart.name)
        groups = [vault.evaluate(view["groupBy"]["property"], note, base) for note in vault.rows(base, chart.name)]
        assert len(groups) == len(blueprint.sessions.samples)
        assert None not in groups


# the vault as a whole


def checked_links(vault: Vault) -> int:
    count = 0
    for path, text in vault.texts.items():
        if not path.endswith((".md", ".base")):
            continue
        for link in LINK.findall(text):
            target, _, view = link.split("|")[0].partition("#")
            where = vault.resolve(target)
            assert where is not None, f"{path}: [[{link}]] leads nowhere"
            if view:
                assert view in [item["name"] for item in vault.base(where)["views"]], f"{path}: {link}"
            count += 1
    for note in vault.notes.values():
        for value in note.properties.values():
            for item in value if isinstance(value, list) else [value]:
                for link in LINK.findall(str(item)):
                    assert vault.resolve(link.split("|")[0]), f"{note.path}: {item}"
                assert not re.search(r"\]\(.*\)", str(item))
    return count


@quick
@given(config=configs("obsidian"))
def test_no_link_leads_nowhere_and_every_page_is_linked(config):
    _, vault, root = vault_of(config)
    assert checked_links(vault) > 3
    linked = {
        vault.resolve(link.split("|")[0].split("#")[0]) for text in vault.texts.values() for link in LINK.findall(text)
    }
    pages = {path for path in vault.texts if path.startswith(f"{root}/") and path.count("/") == 1}
    assert pages - linked - {f"{root}/Home.md"} == set()


KINDS: dict[str, Any] = {
    "text": str, "number": (int, float), "checkbox": bool, "multitext": list, "tags": list, "date": str,
    "datetime": str,
}  # fmt: skip


@quick
@given(config=configs("obsidian"))
def test_notes_are_valid_yaml_and_fit_the_types_of_the_vault(config):
    blueprint, vault, root = vault_of(config)
    stored = {field.key for table in blueprint.tables for field in table.fields if field.owner != "computed"}
    assert set(vault.types) == stored
    for note in vault.notes.values():
        template = note.folder == f"{root}/Templates"
        for key, value in note.properties.items():
            kind = vault.types[key]
            if value is None or (template and isinstance(value, str)):
                continue
            assert isinstance(value, KINDS[kind]), (note.path, key, value)
            if kind == "date":
                assert re.fullmatch(r"\d{4}-\d\d-\d\d", value)
            if kind == "datetime":
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", value)
            if kind == "tags":
                assert all(re.fullmatch(r"[\w/-]*[^\W\d][\w/-]*", tag) for tag in value)


@quick
@given(config=configs("obsidian"))
def test_sample_rows_come_through_unchanged(config):
    blueprint, vault, root = vault_of(config)
    for table in blueprint.tables:
        folder = f"{root}/{layout.FOLDERS[table.key]}"
        found = {title_of(note, table): note for note in vault.notes.values() if note.folder == folder}
        topics = config.options.topics if table.key == "topics" else ()
        assert set(found) == {row[table.title.key] for row in table.samples} or set(found) == set(topics)
        for row in table.samples:
            properties = found[row[table.title.key]].properties
            for field in layout.stored(table):
                value = row.get(field.key)
                if field.type in ("select", "text", "long_text", "number", "person", "title", "date", "checkbox"):
                    assert properties[field.key] == (value if value != "" else None)
                if field.type == "multi_select" and field.key != "tags":
                    assert properties[field.key] == list(value or ())


@quick
@given(config=configs("obsidian"))
def test_bases_name_only_properties_and_formulas_that_exist(config):
    _, vault, _ = vault_of(config)
    for path in vault.texts:
        if not path.endswith(".base"):
            continue
        base = vault.base(path)
        ids = [name for view in base["views"] for name in (*view["order"], *view.get("summaries", {}))]
        ids += [sort["property"] for view in base["views"] for sort in view.get("sort", ())]
        ids += [view["groupBy"]["property"] for view in base["views"] if "groupBy" in view]
        named = re.findall(r"(?:note|formula)\.\w+", vault.texts[path])
        for name in (*ids, *named, *base["properties"]):
            kind, _, key = name.partition(".")
            known = {"note": vault.types, "formula": base.get("formulas", {}), "file": {"name": ""}}[kind]
            assert key in known, f"{path}: {name}"
        for view in base["views"]:
            assert view["type"] in ("table", "cards", "list")
            summaries = set(view.get("summaries", {}).values())
            assert summaries <= {"Filled", "Checked", "Sum", "Average", "Latest", *base.get("summaries", {})}
        names = [view["name"] for view in base["views"]]
        assert len(names) == len(set(names))


@quick
@given(config=configs("obsidian"))
def test_paths_work_on_every_system_and_stay_in_one_folder(config):
    _, vault, root = vault_of(config)
    assert root == file_name(config.name)
    assert len({path.casefold() for path in vault.texts}) == len(vault.texts)
    for path in vault.texts:
        assert path.startswith((f"{root}/", ".obsidian/"))
        assert not re.search(r'[<>:"\\|?*#^\[\]\x00-\x1f]', path)
        for part in PurePosixPath(path).parts:
            assert part == part.strip(" ")
            assert not part.endswith(".")
            assert len(part.encode()) <= 255


@quick
@given(
    config=configs("obsidian"), extra=st.sampled_from(["<% tp.file %>", "%% hidden %%", "[[x]]", "[x](y)", "#tag #2"])
)
def test_nothing_a_person_typed_works_as_a_command_or_link(config, extra):
    data = {key: getattr(config, key) for key in Config.model_fields}
    options = config.options.model_copy(update={"topics": (extra, *config.options.topics), "assistants": (extra,)})
    _, vault, _ = vault_of(Config(**{**data, "name": f"a {extra}", "options": options}))
    for path, text in vault.texts.items():
        if path.endswith((".md", ".base")):
            assert "<%" not in text, path
    checked_links(vault)
    for note in vault.notes.values():
        outside = re.sub(r"```.*?```|`[^`]*`", "", note.body, flags=re.S)
        assert "%%" not in outside, note.path
        assert not re.search(r"(?<![\\\w&])#(?=\w)", re.sub(r"!?\[\[.*?\]\]", "", outside)), note.path


@quick
@given(config=configs("obsidian"))
def test_the_plan_delivers_exactly_the_files_of_the_export(config):
    solution = generate(config, design(config))
    steps = {step.payload["path"]: step for step in solution.plan}
    files = {step.payload["path"]: step.payload["text"] for step in solution.plan if step.kind == "file"}
    merged = {
        step.payload["path"]: json.dumps(step.payload["values"], indent=2, ensure_ascii=False) + "\n"
        for step in solution.plan
        if step.kind == "merge"
    }
    assert {**files, **merged} == texts(solution)
    assert len({step.key for step in solution.plan}) == len(solution.plan.steps) == len(steps)
    done: set[str] = set()
    for step in solution.plan:
        assert set(step.depends_on) <= done
        assert step.payload["path"].rpartition("/")[0] in {
            "",
            *(s.payload["path"] for s in solution.plan if s.key in done),
        }
        done.add(step.key)


def test_keys_do_not_depend_on_the_name():
    keys = [[step.key for step in built(name=name)[2].plan] for name in ("Chats", "A/B: [[c]]")]
    assert keys[0] == keys[1]
    assert {"folder:.", "file:Home.md", "file:Sessions/Plan a week of dinners.md", "merge:types.json"} <= set(keys[0])


@quick
@given(config=configs("obsidian"))
def test_same_answers_same_bytes(config):
    once, again = (generate(config, design(config)) for _ in range(2))
    assert [(f.path, f.data()) for f in once.files] == [(f.path, f.data()) for f in again.files]
    assert once.plan == again.plan
    assert once.guide == again.guide


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs("obsidian"))
def test_no_answer_is_dead(config):
    base = generate(config, design(config))
    plain = {f.path: f.data() for f in base.files if f.path != "blueprint.json" and not f.path.endswith("/Guide.md")}
    for what, other in neighbours(config):
        changed = generate(other, design(other))
        assert changed.guide.markdown != base.guide.markdown, what
        others = {
            f.path: f.data() for f in changed.files if f.path != "blueprint.json" and not f.path.endswith("/Guide.md")
        }
        assert others != plain, what


@quick
@given(config=configs("obsidian"))
def test_every_script_that_a_page_names_is_there(config):
    _, vault, root = vault_of(config)
    for path, text in vault.texts.items():
        for script in re.findall(r"Scripts[/\\](\w+\.\w+)", text):
            assert f"{root}/Scripts/{script}" in vault.texts, path


def test_topics_are_notes_even_without_samples():
    config, _, _ = built(options=Options(sample_data=False, topics=("Bees", "a|b", "a b", "A: B")))
    _, vault, root = vault_of(config)
    assert {p for p in vault.notes if p.startswith(f"{root}/Topics/")} == {
        f"{root}/Topics/{name}.md" for name in ("Bees", "a b", "a b (2)", "A B (3)")
    }
    assert not [p for p in vault.notes if p.startswith(f"{root}/Sessions/")]
    assert checked_links(vault) > 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [("how to", "how-to"), ("#x!", "x"), ("2026", "t2026"), ("a/b", "a/b"), ("🚀 go", "🚀-go"), ("::", "t")],
)
def test_tags_are_tags(text, expected):
    assert layout.tag(text) == expected


@pytest.mark.parametrize(
    "value", ['"', "\\", "a: b", "# x", "- x", "\u2028", "\x85", "\ufeff", "é🗂️", "[[", "<%", "{{x}}", "'", "yes", "012"]
)
def test_any_text_survives_front_matter(value):
    from chatbuilder.generators.obsidian.yaml import document, front_matter

    properties, _ = split(front_matter({"a": value, "b": [value]}) + "\n")
    assert properties == {"a": value, "b": [value]}
    assert yaml_of(document({"a": value, "b": [{"c": value}, value]})) == {"a": value, "b": [{"c": value}, value]}


def test_settings_are_only_what_is_needed_and_no_plugin_is_installed():
    _, _, solution = built()
    found = {path.removeprefix(".obsidian/") for path in texts(solution) if path.startswith(".obsidian/")}
    assert found == {"app.json", "core-plugins.json", "types.json", "templates.json", "bookmarks.json"}
    assert json.loads(texts(solution)[".obsidian/app.json"]) == {"alwaysUpdateLinks": True}


def test_the_guide_covers_every_chosen_answer_and_what_stays_by_hand():
    _, _, solution = built()
    text = solution.guide.markdown
    for words in (
        "Open folder as vault",
        "no boards of its own",
        "no calendar of its own",
        "Your name",
        "Importer",
        "backup.sh",
    ):
        assert words in text
    assert "`chatbuilder sync SYSTEM` then writes one note for each chat" in text
    assert {step.key for step in solution.manual} == {"open_vault", "template_folder", "my_name", "layouts", "schedule"}
    summaries = "By itself: " + text.split("## How your answers show")[1].split("## Views")[0]
    assert summaries.count("\n- **") == len(EVERYTHING["priorities"]) + len(EVERYTHING["features"]) + 2


# the scripts


@pytest.fixture
def disk(tmp_path):
    """A vault on disk, with a completed session and one that no rule has seen yet."""
    _, _, solution = built(options=Options(topics=("Coding", "Work")))
    for path, text in texts(solution).items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="\n")
    system = tmp_path / solution.notes["folder"]
    new = (
        '---\ntitle: "A Python error"\nstatus: Active\ntags: []\ntopic:\nauto_filed:\nfollow_up: 2020-01-01\n'
        "mine: kept\n---\n\nText --- stays.\n"
    )
    (system / "Sessions" / "New.md").write_text(new, encoding="utf-8", newline="\n")
    return system


def script(system, *words):
    command = [sys.executable, str(system / "Scripts" / "sessions.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=60)


def properties(path):
    return split(path.read_text("utf-8"))


def test_script_files_new_sessions_once(disk):
    new = disk / "Sessions" / "New.md"
    others = {p: p.read_bytes() for p in (disk / "Sessions").glob("*.md") if p != new}
    assert script(disk, "file").stdout == "1 filed.\n"
    found, body = properties(new)
    assert found["topic"] == f"[[{disk.name}/Topics/Coding|Coding]]"
    assert found["tags"] == ["bug"]
    assert found["auto_filed"] is True
    assert (found["mine"], body) == ("kept", "\nText --- stays.\n")
    assert {p: p.read_bytes() for p in others} == others
    assert script(disk, "file").stdout == "0 filed.\n"


def test_script_archives_by_age_and_lists_what_is_due(disk):
    done = disk / "Sessions" / "Plan a week of dinners.md"
    assert "New" in script(disk, "due").stdout
    assert script(disk, "archive", "99999").stdout == "0 archived.\n"
    assert script(disk, "archive").stdout == "1 archived.\n"
    found, _ = properties(done)
    assert found["status"] == "Archived"
    assert datetime.date.fromisoformat(found["archived_on"])


def test_script_exports_every_table(disk, tmp_path):
    target = tmp_path / "out"
    result = script(disk, "export", str(target))
    assert result.returncode == 0, result.stderr
    rows = json.loads((target / "sessions.json").read_text("utf-8"))
    assert {row["title"] for row in rows} >= {"A Python error", "Plan a week of dinners"}
    with (target / "sessions.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert next(row for row in table if row["note"] == "Plan a week of dinners")["topic"] == "Coding"
    assert {p.name for p in target.iterdir()} >= {"topics.csv", "projects.csv", "prompts.csv"}


@pytest.mark.parametrize("words", [(), ("nothing",), ("export",), ("due", "x")])
def test_script_explains_itself(disk, words):
    result = script(disk, *words)
    assert result.returncode == 1
    assert "archive completed sessions" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_backup_saves_the_folder_whole_and_not_into_itself(disk, tmp_path):
    command = ["sh", str(disk / "Scripts" / "backup.sh")]
    done = subprocess.run([*command, str(tmp_path / "safe")], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    (archive,) = (tmp_path / "safe").iterdir()
    names = subprocess.run(["tar", "-tzf", archive], capture_output=True, text=True, check=True, timeout=60).stdout
    assert f"./{disk.name}/Home.md" in names.splitlines()
    inside = subprocess.run([*command, str(disk / "Backups")], capture_output=True, text=True, check=False, timeout=60)
    assert inside.returncode == 1
    assert "outside" in inside.stderr
