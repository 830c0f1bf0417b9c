"""Building in Notion for real: what is made, what a fault leaves, what a person did stays; on the real SDK."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.generators.notion import generate
from chatbuilder.generators.notion.dashboard import widgets
from chatbuilder.solution import resolve
from tests.provision.notion_site import FULL, MID, PRIVATE, SEED, Bench, Crash, contents, solution_of, wanted
from tests.strategies import configs
from tests.vendors.faults import KINDS
from tests.vendors.notion import NO_DASHBOARDS, PARENT, NotionFake

MID_CALLS = 24


def made(fake: NotionFake) -> list[str]:
    """The calls that create something."""
    return [path for verb, path in fake.log if verb == "POST" and not path.endswith(("/search", "/query"))]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(config=configs("notion"))
def test_any_answers_become_what_the_design_says(config, tmp_path):
    bench = Bench(tmp_path)
    outcome = bench.apply(config)
    assert outcome.status == "completed", outcome.error
    built, plan = contents(bench.workspace), wanted(config)
    built["pages"].pop(("Somewhere", "", 0))
    plan["pages"].pop(("Somewhere", "", 0))
    assert built == plan
    assert bench.drift() == {}
    before = len(bench.fake.log)
    assert bench.apply(config).status == "completed"
    assert {verb for verb, _ in bench.fake.log[before:]} == {"GET"}


def test_few_calls(tmp_path):
    """The floor of the facts: home, databases, one read of ids, tabs, views, dashboard, rows; 1.15 times that."""
    bench = Bench(tmp_path)
    bench.apply(FULL)
    blueprint = design(FULL)
    tables, samples = len(blueprint.tables), sum(len(table.samples) for table in blueprint.tables)
    floor = 1 + 3 * tables + len(blueprint.views) + 1 + len(widgets(blueprint)) + samples
    assert len(bench.fake.log) <= 1.15 * floor


def test_what_is_reviewed_is_what_is_sent(tmp_path, monkeypatch):
    bench, sent = Bench(tmp_path), []
    answer = bench.workspace.answer
    monkeypatch.setattr(bench.workspace, "answer", lambda *call: (sent.append(call), answer(*call))[1])
    outcome = bench.apply(FULL)
    for step in solution_of(FULL).plan:
        payload = resolve(step.payload, {**outcome.results, **SEED})
        path = payload["path"].format(**payload.get("params", {}))
        assert (payload["method"], path, payload.get("query", {}), payload.get("body")) in sent, step.key


def test_side_by_side_the_tabs_keep_their_order(tmp_path):
    fake = NotionFake(latency=0.01)
    bench = Bench(tmp_path, fake, abreast=6)
    assert bench.apply(FULL).status == "completed"
    assert contents(bench.workspace) == wanted(FULL)
    assert fake.most_at_once > 1
    assert fake.conflicts == 0


# Faults -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
def test_any_fault_at_any_call_leaves_everything_once(kind, tmp_path):
    whole = wanted(MID)
    for index in range(MID_CALLS):
        bench = Bench(tmp_path)
        bench.fake.faults.plan[index] = kind
        bench.apply(MID)
        assert bench.fake.faults.met == [(index, kind)]
        assert bench.apply(MID).status == "completed"
        assert contents(bench.workspace) == whole, (kind, index, bench.fake.faults.requests[index])
        assert bench.drift() == {}


@pytest.mark.parametrize("after", [False, True])
def test_death_at_any_call_leaves_everything_once(after, tmp_path, monkeypatch):
    whole, died = wanted(MID), 0
    for index in range(MID_CALLS):
        bench = Bench(tmp_path)
        dying = _dying(bench.fake.answer, index, after=after)
        with monkeypatch.context() as patch:
            patch.setattr(bench.fake, "answer", dying)
            with pytest.raises(Crash):
                bench.apply(MID)
        died += 1
        assert bench.apply(MID).status == "completed"
        assert contents(bench.workspace) == whole, (index, bench.fake.log[index:])
    assert died == MID_CALLS


def _dying(answer, index, *, after):
    count = iter(range(1_000_000))

    def dying(*call):
        number = next(count)
        if number == index and not after:
            raise Crash
        found = answer(*call)
        if number == index:
            raise Crash
        return found

    return dying


def test_a_mid_size_system_has_as_many_calls_as_the_faults_count(tmp_path):
    bench = Bench(tmp_path)
    bench.apply(MID)
    assert len(bench.fake.log) == MID_CALLS


@pytest.mark.parametrize("kind", ["drop-before", "drop-after", "503-after", "503-before", "500", "slow"])
def test_a_private_page_whose_answer_is_lost_is_searched_for(kind, tmp_path):
    """The search is the only way to it, and finds what is new late."""
    bench = Bench(tmp_path)
    bench.fake.faults.plan[1] = kind  # after the look at the token
    assert bench.apply(PRIVATE).status == "completed"
    assert [page.title for page in bench.workspace.pages.values()].count("Chat Sessions") == 1


@pytest.mark.parametrize("after", [False, True])
def test_a_private_page_is_looked_up_after_death(after, tmp_path, monkeypatch):
    bench = Bench(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(bench.fake, "answer", _dying(bench.fake.answer, 1, after=after))
        with pytest.raises(Crash):
            bench.apply(PRIVATE)
    assert bench.apply(PRIVATE).status == "completed"
    assert [page.title for page in bench.workspace.pages.values()].count("Chat Sessions") == 1


@pytest.mark.parametrize("table", ["sessions", "topics"])
def test_a_row_in_doubt_is_found_though_its_title_has_another_name(table, tmp_path, monkeypatch):
    """The process dies after Notion made a row; before it is looked for, the person renames the title."""
    whole = Bench(tmp_path)
    whole.apply(MID)
    keys = [step.key for step in solution_of(MID).plan if step.payload["makes"] == "row"]
    first = len(whole.fake.log) - len(keys) + next(n for n, key in enumerate(keys) if key.startswith(f"row:{table}"))
    bench = Bench(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(bench.fake, "answer", _dying(bench.fake.answer, first, after=True))
        with pytest.raises(Crash):
            bench.apply(MID)
    source = next(
        s for s in bench.workspace.sources.values() if s.title == {"sessions": "Chat Sessions"}.get(table, "Topics")
    )
    assert len(source.rows) == 1
    bench.workspace._rename(source, next(p for p in source.properties.values() if p["type"] == "title"), "What")
    outcome = bench.apply(MID)
    assert outcome.status == "completed", outcome.error
    assert contents(bench.workspace)["rows"] == wanted(MID)["rows"]


def test_the_page_of_another_system_is_not_taken(tmp_path):
    """Two systems of one name: only the mark tells them apart."""
    bench = Bench(tmp_path)
    theirs = bench.workspace.give("99999999-9999-4999-8999-999999999999", "Chat Sessions", PARENT)
    bench.fake.faults.plan[3] = "drop-before"
    assert bench.apply(MID).status == "completed"
    assert bench.fake.faults.requests[3] == "POST /v1/pages"
    assert bench.delivered()["home"].result["id"] != theirs.id


@pytest.mark.parametrize("listed", [True, False])
def test_a_widget_whose_answer_is_lost_is_found(listed, tmp_path, monkeypatch):
    """A dashboard lists its widgets; where it does not, the views of the data source say where they are."""
    bench = Bench(tmp_path)
    plan = [step.key for step in solution_of(FULL).plan]
    for key in ("widget:figure:open", "widget:chart:by_week"):
        bench.fake.faults.plan[3 + plan.index(key)] = "drop-after"
    real = bench.workspace._get_views_one
    if not listed:
        monkeypatch.setattr(bench.workspace, "_get_views_one", lambda *a: {**real(*a), "configuration": None})
    assert bench.apply(FULL).status == "completed"
    assert len(bench.fake.faults.met) == 2
    assert contents(bench.workspace) == wanted(FULL)


def test_long_lists_are_read_to_their_end(tmp_path):
    bench = Bench(tmp_path)
    bench.workspace.page_cap = 2
    for index in (3, 5, 10, 14, 20):
        bench.fake.faults.plan[index] = "drop-after"
    assert bench.apply(MID).status == "completed"
    assert contents(bench.workspace) == wanted(MID)
    assert bench.drift() == {}
    assert bench.destroy() == {}


def test_a_first_tab_that_is_gone_is_made(tmp_path, monkeypatch):
    bench = Bench(tmp_path)
    real = bench.workspace._get_views

    def vanishing(query):
        found = real(query)
        bench.workspace._database(query["database_id"]).views.clear()
        return found

    monkeypatch.setattr(bench.workspace, "_get_views", vanishing)
    assert bench.apply(MID).status == "completed"
    there, whole = contents(bench.workspace)["views"], wanted(MID)["views"]
    assert {t: sorted(v[0] for v in views) for t, views in there.items()} == {
        t: sorted(v[0] for v in views) for t, views in whole.items()
    }


def test_a_short_answer_about_a_database_is_completed(tmp_path, monkeypatch):
    bench = Bench(tmp_path)
    real = bench.workspace._post_databases
    monkeypatch.setattr(bench.workspace, "_post_databases", lambda body: {"object": "database", "id": real(body)["id"]})
    assert bench.apply(MID).status == "completed"
    assert contents(bench.workspace) == wanted(MID)


def test_a_database_without_a_tab_is_told(tmp_path, monkeypatch):
    bench = Bench(tmp_path)
    monkeypatch.setattr(bench.workspace, "_get_views", lambda _: {"object": "list", "results": []})
    outcome = bench.apply(MID)
    assert "has no tab" in outcome.error.message


def test_a_storm_of_429_is_sat_out(tmp_path):
    bench = Bench(tmp_path)
    bench.fake.faults.storm(5, 5)
    assert bench.apply(MID).status == "completed"
    assert contents(bench.workspace) == wanted(MID)


def test_the_limit_is_kept_before_it_is_hit(tmp_path):
    bench = Bench(tmp_path, NotionFake(limit=180))
    for _ in range(2):
        assert bench.apply(FULL).status == "completed"
        bench.destroy()
        for record in bench.journal.records().values():
            bench.journal.removed(record.key)
    assert len(bench.fake.log) > 200
    assert bench.fake.refusals == 0


# Plans --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("plan", ["free", "plus"])
def test_without_a_business_plan_everything_but_the_dashboard_is_built(plan, tmp_path):
    bench = Bench(tmp_path, NotionFake(plan=plan))
    outcome = bench.apply(FULL)
    assert outcome.status == "completed"
    assert any(NO_DASHBOARDS in line for line in outcome.kept)
    whole = wanted(FULL)
    whole["views"]["Chat Sessions"] = [v for v in whole["views"]["Chat Sessions"] if v[1] != "dashboard"]
    assert contents(bench.workspace) == {**whole, "widgets": {}, "dashboards": []}
    bench.fake.plan = "business"
    assert bench.apply(FULL).status == "completed"
    assert contents(bench.workspace) == wanted(FULL)


def test_a_chart_that_is_refused_leaves_the_rest(tmp_path, monkeypatch):
    bench = Bench(tmp_path)
    refusal = bench.fake._refusal
    last = "Top topics"

    def refuse(method, template, params, query, body):
        if isinstance(body, dict) and body.get("name") == last:
            bench.workspace.answer("GET", "/v1/views/x", {}, None)
        return refusal(method, template, params, query, body)

    monkeypatch.setattr(bench.fake, "_refusal", refuse)
    outcome = bench.apply(FULL)
    assert outcome.status == "completed"
    assert [line for line in outcome.kept if last in line]
    assert contents(bench.workspace)["widgets"] == {
        widget: count for widget, count in wanted(FULL)["widgets"].items() if widget[0] != last
    }


# Keeping a system whole ---------------------------------------------------------------------------------------------
def _built(tmp_path: Path, config: Config = FULL) -> Bench:
    bench = Bench(tmp_path)
    assert bench.apply(config).status == "completed"
    return bench


def _sessions(bench: Bench):
    return next(s for s in bench.workspace.sources.values() if s.title == "Chat Sessions")


def _lose_view(bench):
    views = _sessions(bench).views
    del views[next(key for key, view in views.items() if view["name"] == "By topic")]


def _lose_first_tab(bench):
    views = _sessions(bench).views
    del views[next(iter(views))]


def _lose_field(bench):
    del _sessions(bench).properties["Value"]
    for view in _sessions(bench).views.values():
        for part in ("properties", "table_properties"):
            looks = view.get("configuration", {}).get(part, [])
            looks[:] = [look for look in looks if look["property_id"] != "Value"]


def _lose_option(bench):
    item = _sessions(bench).properties["Status"]
    item["select_options"] = item["select_options"][1:]


def _lose_row(bench):
    _sessions(bench).rows[0]["in_trash"] = True


def _erase_row(bench):
    del _sessions(bench).rows[0]


def _lose_table(bench):
    _sessions(bench).in_trash = True


def _lose_home(bench):
    next(page for page in bench.workspace.pages.values() if page.title == "Chat Sessions").in_trash = True


@pytest.mark.parametrize(
    ("lose", "missing"),
    [(_lose_view, {"view:by_topic"}), (_lose_first_tab, {"view:all_sessions"}), (_lose_field, {"database:sessions"}),
     (_lose_option, {"database:sessions"}), (_lose_row, {"row:sessions:1"}),
     (_erase_row, {"row:sessions:1"})],
)  # fmt: skip
def test_repair_puts_back_what_is_missing(lose, missing, tmp_path):
    bench = _built(tmp_path)
    lose(bench)
    assert {key for key, state in bench.drift().items() if state == "missing"} == missing
    assert bench.repair(FULL).status == "completed"
    assert bench.drift() == {}
    there, whole = contents(bench.workspace), wanted(FULL)
    assert {name for name, *_ in there["views"]["Chat Sessions"]} == {
        name for name, *_ in whole["views"]["Chat Sessions"]
    }
    assert {n: (t, set(o)) for n, (t, o, _) in there["fields"]["Chat Sessions"].items()} == {
        n: (t, set(o)) for n, (t, o, _) in whole["fields"]["Chat Sessions"].items()
    }
    assert there["rows"] == whole["rows"]


@pytest.mark.parametrize("lose", [_lose_table, _lose_home])
def test_repair_takes_back_out_of_the_trash(lose, tmp_path):
    bench = _built(tmp_path)
    rows = len(_sessions(bench).rows)
    _sessions(bench).rows.append({"id": "mine", "properties": {"Title": {"title": []}}})
    lose(bench)
    assert "missing" in bench.drift().values()
    assert bench.repair(FULL).status == "completed"
    assert bench.drift() == {}
    assert len(_sessions(bench).live()) == rows + 1


def test_a_deleted_link_comes_back_with_its_names_and_figures(tmp_path):
    bench = _built(tmp_path)
    source, far = _sessions(bench), next(s for s in bench.workspace.sources.values() if s.title == "Topics")
    del source.properties["Topic"]
    del far.properties["Sessions"]
    for view in [*source.views.values(), *far.views.values()]:
        looks = view.get("configuration", {}).get("properties", [])
        looks[:] = [look for look in looks if look["property_id"] in {**source.properties, **far.properties}]
    assert bench.repair(FULL).status == "completed"
    assert "Sessions" in far.properties
    assert far.properties["Sessions"]["target"] == source.id
    assert [key for key, state in bench.drift().items() if state == "missing"] == []


def test_what_a_person_changed_is_told_and_left(tmp_path):
    bench = _built(tmp_path)
    source = _sessions(bench)
    bench.workspace._rename(source, source.properties["Value"], "Worth")
    view = next(view for view in source.views.values() if view["name"] == "Active")
    view["filter"] = {"property": "Status", "select": {"equals": "On Hold"}}
    source.rows[0]["properties"]["Notes"] = {"rich_text": [{"type": "text", "text": {"content": "mine"}}]}
    assert bench.drift() == {"database:sessions": "edited", "view:active": "edited", "row:sessions:1": "edited"}
    before = len(bench.fake.log)
    assert bench.repair(FULL).status == "completed"
    assert {verb for verb, _ in bench.fake.log[before:]} <= {"GET", "POST"}
    assert made(bench.fake)[-1:] != ["/v1/views"] or len(made(bench.fake)) == len(solution_of(FULL).plan)
    assert "Worth" in source.properties
    assert "Value" not in source.properties


def test_destroy_moves_everything_to_the_trash(tmp_path):
    bench = _built(tmp_path)
    assert bench.destroy() == {}
    assert all(bench.workspace.trashed(s.database) for s in bench.workspace.sources.values())
    live = [page.title for page in bench.workspace.pages.values() if not bench.workspace.trashed(page.id)]
    assert live == ["Somewhere"]


def _add_row(bench):
    _sessions(bench).rows.append({"id": "aaaaaaaa-0000-4000-8000-000000000000", "properties": {"Title": {"title": []}}})


def _edit_row(bench):
    text = [{"type": "text", "text": {"content": "mine"}}]
    _sessions(bench).rows[0]["properties"]["Notes"] = {"rich_text": text}


def _fill_empty(bench):
    _sessions(bench).rows[0]["properties"]["Link"] = {"url": "https://a.test"}


def _write_in_row(bench):
    block = {"type": "paragraph", "paragraph": {"rich_text": [{"type": "text", "text": {"content": "mine"}}]}}
    bench.workspace.blocks[_sessions(bench).rows[0]["id"]] = [{"id": "mine", **block}]


@pytest.mark.parametrize("change", [_add_row, _edit_row, _fill_empty, _write_in_row])
def test_destroy_keeps_what_a_person_made_and_what_it_is_in(change, tmp_path):
    bench = _built(tmp_path)
    change(bench)
    kept = bench.destroy()
    assert {"database:sessions", "home"} <= set(kept)
    assert len(_sessions(bench).live()) == 1
    assert not bench.workspace.trashed(_sessions(bench).database)


def test_destroy_keeps_a_home_page_that_holds_more(tmp_path):
    bench = _built(tmp_path)
    home = next(page for page in bench.workspace.pages.values() if page.title == "Chat Sessions")
    bench.workspace.give("bbbbbbbb-0000-4000-8000-000000000000", "My page", home.id)
    assert bench.destroy() == {"home": "it still holds My page"}


def test_destroy_keeps_a_page_with_words_of_the_person(tmp_path):
    bench = _built(tmp_path)
    home = next(page for page in bench.workspace.pages.values() if page.title == "Chat Sessions")
    home.blocks.append({"type": "paragraph", "paragraph": {"rich_text": [{"text": {"content": "mine"}}]}})
    assert bench.destroy() == {"home": "you wrote on it"}
    assert bench.destroy() == {"home": "you wrote on it"}


def test_what_is_gone_already_is_no_trouble(tmp_path):
    bench = _built(tmp_path)
    bench.workspace.pages.clear()
    bench.workspace.sources.clear()
    bench.workspace.databases.clear()
    bench.workspace.widgets.clear()
    assert set(bench.drift().values()) == {"missing"}
    assert bench.destroy() == {}


# Other answers ------------------------------------------------------------------------------------------------------
TARGET = {"parent": PARENT}
SMALL = Config(
    platform="notion", priorities=("organization",), complexity="simple", features=("projects",), target=TARGET
)
LARGE = Config(
    platform="notion", priorities=("organization", "analytics", "collaboration"), complexity="advanced",
    features=("projects", "dashboard", "tags", "templates", "archive"), team_size="large", target=TARGET,
    options={"assistants": ("ChatGPT", "Claude", "Gemini", "Other", "Mistral")},
)  # fmt: skip


def test_other_answers_add_and_change_and_drop_nothing(tmp_path):
    bench = _built(tmp_path, SMALL)
    source = _sessions(bench)
    source.properties["Status"]["select_options"].append({"name": "Mine", "color": "red"})
    source.properties["Assistant"]["select_options"].append({"name": "Own", "color": "red"})
    source.properties["My field"] = {"id": "mine", "type": "url", "name": "My field", "own": True}
    rows = [dict(row) for row in source.rows]
    before = contents(bench.workspace)["fields"]["Chat Sessions"]
    evolution = bench.evolution(LARGE)
    assert any("add" in step.title for step in evolution.plan if "then" in step.payload)
    assert "Field Topic in Chat Sessions" in evolution.kept
    assert bench.apply(LARGE).status == "completed"
    there, whole = contents(bench.workspace), wanted(LARGE)
    after = there["fields"]["Chat Sessions"]
    for name, (kind, options, _) in before.items():
        assert after[name][0] == kind
        assert set(options) <= set(after[name][1])
    for name, (kind, options, _) in whole["fields"]["Chat Sessions"].items():
        fresh = f"{name} (linked)" if f"{name} (linked)" in after else name
        assert after[fresh][0] == kind
        assert set(options) <= set(after[fresh][1])
    assert "Own" in after["Assistant"][1]
    assert source.rows[: len(rows)] == rows
    assert {v[0] for v in whole["views"]["Chat Sessions"]} <= {v[0] for v in there["views"]["Chat Sessions"]}
    assert there["widgets"] == whole["widgets"]
    assert set(whole["tables"]) == set(there["tables"])
    assert bench.drift() == {}
    before = len(bench.fake.log)
    assert bench.apply(LARGE).status == "completed"
    assert {verb for verb, _ in bench.fake.log[before:]} == {"GET"}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=configs("notion", name="Chats"), then=configs("notion", name="Chats"))
def test_any_answers_lead_to_any_others(first, then, tmp_path):
    bench = _built(tmp_path, first)
    had = contents(bench.workspace)
    outcome = bench.apply(then)
    assert outcome.status == "completed", outcome.error
    assert not [line for line in outcome.kept if "did not keep" in line]
    there, whole = contents(bench.workspace), wanted(then)
    for table, fields in had["fields"].items():
        for name, (kind, options, _) in fields.items():
            assert there["fields"][table][name][0] == kind
            assert set(options) <= set(there["fields"][table][name][1])
        assert had["rows"][table] <= there["rows"][table]
    for table, views in whole["views"].items():
        assert {view[0] for view in views} <= {view[0] for view in there["views"][table]}
    assert set(whole["tables"]) <= set(there["tables"])
    assert max(there["tables"].values()) == 1
    assert bench.drift() == {}
    before = len(bench.fake.log)
    assert bench.apply(then).status == "completed"
    assert {verb for verb, _ in bench.fake.log[before:]} == {"GET"}


def test_back_and_forth_makes_nothing_twice(tmp_path):
    bench = _built(tmp_path, SMALL)
    assert bench.apply(LARGE).status == "completed"
    there = contents(bench.workspace)
    assert "View High value" in bench.evolution(SMALL).kept
    assert bench.apply(SMALL).status == "completed"
    assert bench.apply(LARGE).status == "completed"
    assert contents(bench.workspace)["fields"] == there["fields"]
    assert contents(bench.workspace)["views"] == there["views"]
    assert bench.drift() == {}


@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
def test_a_fault_while_it_changes_leaves_everything_once(kind, tmp_path):
    first = Config(platform="notion", priorities=("organization",), complexity="simple", target=TARGET,
                   options={"sample_data": False})  # fmt: skip
    then = Config(platform="notion", priorities=("organization",), features=("tags",), target=TARGET,
                  options={"sample_data": False})  # fmt: skip
    calm = _built(tmp_path, first)
    start = len(calm.fake.log)
    assert calm.apply(then).status == "completed"
    whole, calls = contents(calm.workspace), len(calm.fake.log) - start
    assert calls > 10
    for index in range(calls):
        bench = _built(tmp_path, first)
        bench.fake.faults.plan[start + index] = kind
        bench.apply(then)
        assert bench.apply(then).status == "completed"
        assert contents(bench.workspace) == whole, index


def test_a_view_that_was_deleted_comes_back_when_it_changes(tmp_path):
    bench = _built(tmp_path, SMALL)
    _lose_view(bench)
    assert bench.apply(LARGE).status == "completed"
    assert bench.drift() == {}


def test_fields_that_a_person_renamed_stay_theirs_when_answers_change(tmp_path):
    bench = _built(tmp_path, SMALL)
    source = _sessions(bench)
    for name in ("Assistant", "Last activity"):
        bench.workspace._rename(source, source.properties[name], f"My {name}")
    outcome = bench.apply(SMALL.model_copy(update={"options": LARGE.options, "features": ("projects", "tags")}))
    assert outcome.status == "completed", outcome.error
    assert {"My Assistant", "My Last activity", "Tags"} <= set(source.properties)
    assert not {"Assistant", "Last activity"} & set(source.properties)
    assert outcome.kept == ()
    untagged = next(view for view in source.views.values() if view["name"] == "Untagged")
    assert "My Assistant" in str(untagged)


def test_figures_and_rows_find_the_fields_that_a_person_renamed(tmp_path):
    """Formulas, rollups, filters and rows name fields: at advanced all of them need what has another name by now."""
    simple = FULL.model_copy(update={"complexity": "simple", "options": SMALL.options})
    bench = _built(tmp_path, simple)
    source = _sessions(bench)
    for name in ("Title", "Status", "Last activity", "Summary"):
        bench.workspace._rename(source, source.properties[name], f"My {name}")
    outcome = bench.apply(FULL.model_copy(update={"complexity": "advanced", "options": LARGE.options}))
    assert outcome.status == "completed", outcome.error
    assert outcome.kept == ()
    assert 'prop("My Last activity")' in source.properties["Days idle"]["expression"]
    assert not {"Title", "Status", "Last activity", "Summary"} & set(source.properties)


def test_what_is_put_back_uses_the_names_that_a_person_gave(tmp_path):
    bench = _built(tmp_path, SMALL)
    source = _sessions(bench)
    bench.workspace._rename(source, source.properties["Summary"], "In short")
    _lose_view(bench)
    assert bench.repair(SMALL).status == "completed"
    assert "missing" not in bench.drift().values()
    assert "Summary" not in source.properties


@pytest.mark.parametrize("calls", [5, 9, 14, 25, 31, 36, 45])
def test_a_build_that_was_interrupted_goes_on_with_its_plan(calls, tmp_path, monkeypatch):
    bench = Bench(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(bench.fake, "answer", _dying(bench.fake.answer, calls, after=True))
        with pytest.raises(Crash):
            bench.apply(FULL)
    done, plan = bench.delivered(), solution_of(FULL).plan
    assert done
    assert [step for step in bench.evolution(FULL).plan if step.key not in done] == [
        step for step in plan if step.key not in done
    ]
    assert bench.apply(FULL).status == "completed"
    assert contents(bench.workspace) == wanted(FULL)


def test_without_a_system_the_plan_is_the_plan(tmp_path):
    assert Bench(tmp_path).evolution(MID).plan == solution_of(MID).plan


def test_a_filter_that_notion_drops_is_told(tmp_path, monkeypatch):
    """Filters on links have been dropped without an error (makenotion/notion-mcp-server 281, 283)."""
    bench = Bench(tmp_path)
    real = bench.workspace._get_views_one

    def without(identity, _):
        return {**real(identity, _), "filter": None}

    monkeypatch.setattr(bench.workspace, "_get_views_one", without)
    outcome = bench.apply(MID)
    assert [line for line in outcome.kept if line.startswith("View Active") and "did not keep its filter" in line]


def test_a_grouping_that_notion_drops_is_told(tmp_path, monkeypatch):
    bench = Bench(tmp_path)
    real = bench.workspace._get_views_one

    def without(identity, _):
        view = real(identity, _)
        kept = {k: v for k, v in (view["configuration"] or {}).items() if k != "group_by"}
        return {**view, "configuration": kept or {"type": view["type"]}}

    monkeypatch.setattr(bench.workspace, "_get_views_one", without)
    assert any("did not keep its grouping" in line for line in bench.apply(MID).kept)


def test_a_table_that_comes_later_is_linked_like_the_first(tmp_path):
    first = Config(platform="notion", priorities=("organization",), target=TARGET, complexity="advanced")
    then = Config(platform="notion", priorities=("organization",), features=("projects",), target=TARGET,
                  complexity="advanced")  # fmt: skip
    bench = _built(tmp_path, first)
    assert any("Read the fields again" in step.title for step in bench.evolution(then).plan)
    assert bench.apply(then).status == "completed"
    assert contents(bench.workspace)["fields"] == wanted(then)["fields"]
    assert bench.drift() == {}


def test_a_view_of_another_kind_stays_as_it_is(tmp_path):
    bench = _built(tmp_path, SMALL)
    blueprint = design(SMALL)
    boards = tuple(replace(v, kind="list") if v.key == "recent" else v for v in blueprint.views)
    from chatbuilder.generators.notion.evolve import evolve

    evolution = evolve(generate(SMALL, replace(blueprint, views=boards)).plan, bench.delivered())
    assert "View Recent (7 days) as a table (Notion cannot make it a list)" in evolution.kept
