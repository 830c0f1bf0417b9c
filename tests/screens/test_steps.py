"""What each step does with the keys, the mouse and the answers."""

import pytest

from chatbuilder.widgets.bars import KeyBar
from tests.screens.conftest import WIDE

VALID = {"platform": "obsidian", "priorities": ["organization", "search"]}


async def test_nothing_is_chosen_for_anybody(window):
    async with window() as hand:
        assert hand.answers == {}
        assert hand.find("#forward").disabled
        assert "Choose a platform" in hand.text("#advice")
        await hand.press("down")
        assert hand.answers == {"platform": "airtable"}
        assert not hand.find("#forward").disabled


async def test_enter_takes_the_highlighted_platform(window):
    async with window() as hand:
        await hand.press("enter")
        assert hand.step == "priorities"
        assert hand.answers["platform"] == "notion"


async def test_enter_says_what_is_missing(window):
    async with window() as hand:
        await hand.press("enter")
        assert hand.find("#forward").disabled
        assert hand.text("#advice").strip().startswith("·")
        await hand.press("enter")
        assert hand.step == "priorities"
        assert hand.text("#advice").strip().startswith("✗ Choose at least one priority")


async def test_priorities_are_ranked_by_keys_numbers_and_mouse(window):
    async with window(size=WIDE) as hand:
        await hand.press("enter", "space", "down", "space", "down", "space")
        assert hand.answers["priorities"] == ("organization", "search", "analytics")
        await hand.press("shift+up")
        assert hand.answers["priorities"] == ("organization", "analytics", "search")
        await hand.press("1")
        assert hand.answers["priorities"] == ("analytics", "organization", "search")
        await hand.press("minus")
        assert hand.answers["priorities"] == ("organization", "analytics", "search")
        await hand.press("end", "2")
        assert hand.answers["priorities"] == ("organization", "integration", "analytics", "search")
        await hand.press("space")
        assert hand.answers["priorities"] == ("organization", "analytics", "search")
        width = hand.find("#priorities").size.width
        await hand.click("#priorities", offset=(width - 3, 0))
        assert hand.answers["priorities"][0] == "organization", "the arrow up of the first changes nothing"
        await hand.click("#priorities", offset=(width - 1, 0))
        assert hand.answers["priorities"] == ("analytics", "organization", "search")
        assert "1 Analytics" in hand.text("#order")


async def test_more_than_four_priorities_are_advised_against_and_allowed(window):
    async with window() as hand:
        await hand.press("enter", *["space", "down"] * 5)
        assert "nothing stands out" in hand.text("#advice")
        await hand.press("enter")
        assert hand.step == "features"


async def test_features_keep_the_order_of_the_catalogue(window):
    async with window(answers=VALID) as hand:
        await hand.press("down", "down", "space")
        assert hand.step == "features"
        await hand.press("end", "space", "home", "space")
        assert hand.answers["features"] == ("tags", "archive")
        await hand.press("space")
        assert hand.answers["features"] == ("archive",)


async def test_tab_goes_to_the_depth(window):
    async with window(answers=VALID) as hand:
        await hand.press("escape")
        assert hand.step == "team"
        await hand.press("down", "tab", "down")
        assert (hand.answers["team_size"], hand.answers["complexity"]) == ("small", "advanced")
        assert "Owner" in hand.text("#adds")


async def test_review_shows_every_answer_and_leads_back_to_it(window):
    async with window(answers={**VALID, "features": ["tags"], "team_size": "large"}) as hand:
        shown = hand.text("#answers")
        for words in ("Obsidian", "1 Organization  2 Search", "Tags", "More than 20", "Moderate"):
            assert words in shown
        for place, step in enumerate(["platform", "priorities", "features", "team", "team"]):
            await hand.press(*["down"] * place, "space")
            assert hand.step == step
            await hand.to("review")


async def test_a_suggestion_is_applied_with_one_key(window):
    async with window(answers={**VALID, "priorities": ["simplicity"], "complexity": "advanced"}) as hand:
        assert "apply" in hand.text("#findings")
        await hand.press("a")
        assert hand.answers["complexity"] == "simple"
        assert "pull in two directions" not in hand.text("#findings")


async def test_the_suggestion_under_the_cursor_is_the_one_applied(window):
    async with window(answers={**VALID, "team_size": "small"}, size=WIDE) as hand:
        keys = [f.key for f in hand.app.state.blueprint.findings]
        await hand.press("tab", *["down"] * keys.index("one_person_platform"), "space")
        assert hand.answers["platform"] == "notion"


@pytest.mark.parametrize(
    ("field", "text", "says", "better"),
    [
        ("name", "../x", "path", "My chats"),
        ("name", "", "empty", "Chats"),
        ("timezone", "Mars/Base", "time zone", "Europe/Paris"),
        ("topics", "", "at least one", "Work, Play"),
        ("topics", "a, A", "twice", "a, b"),
        ("assistants", "x" * 101, "limit is 100", "Claude"),
    ],
)
async def test_a_wrong_value_is_explained_in_place_and_stops_nothing_else(field, text, says, better, window):
    async with window(answers=VALID, size=WIDE) as hand:
        control = hand.find(f"#{field}")
        control.focus()
        control.value = text
        await hand.rest()
        assert says in " ".join(hand.text().split())
        assert hand.find("#forward").disabled
        await hand.press("enter")
        assert hand.step == "review"
        assert control.value == text, "what was typed stays"
        control.value = better
        await hand.rest()
        await hand.press("enter")
        assert hand.step == "solution"


async def test_options_are_changed_with_the_keyboard(window):
    async with window(answers=VALID) as hand:
        hand.find("#date_format").focus()
        await hand.press("space")
        assert hand.answers["options"]["date_format"] == "european"
        await hand.press("left", "left")
        assert hand.answers["options"]["date_format"] == "us"
        await hand.press("tab", "space")
        assert hand.answers["options"]["sample_data"] is False
        hand.find("#timezone").focus()
        await hand.press("ctrl+u")
        await hand.type("europe/par")
        await hand.press("right")
        assert hand.answers["options"]["timezone"] == "Europe/Paris"


async def test_a_field_of_ones_own_is_added_changed_and_removed(window):
    async with window(answers=VALID) as hand:
        hand.find("#fields").focus()
        await hand.press("space")
        await hand.press("enter")
        assert "Must not be empty" in hand.text(), "nothing is kept without a name"
        await hand.type("Title")
        assert "built-in field" in hand.text()
        await hand.press("ctrl+u")
        await hand.type("Client")
        await hand.press("tab", *["right"] * 5, "tab")
        await hand.type("Acme, Globex")
        await hand.press("enter")
        assert hand.answers["options"]["custom_fields"] == (
            {"name": "Client", "type": "select", "choices": ["Acme", "Globex"]},
        )
        assert "Client" in hand.text()
        await hand.press("home", "space")
        await hand.press("ctrl+u")
        await hand.type("Buyer")
        await hand.press("enter")
        assert hand.answers["options"]["custom_fields"][0]["name"] == "Buyer"
        await hand.press("home", "space")
        await hand.click("#remove")
        assert hand.answers["options"]["custom_fields"] == ()
        await hand.press("enter")
        assert hand.step == "solution"


async def test_leaving_the_field_dialog_changes_nothing(window):
    async with window(answers=VALID) as hand:
        hand.find("#fields").focus()
        await hand.press("space")
        await hand.type("Client")
        await hand.press("escape")
        assert hand.step == "review"
        assert "custom_fields" not in hand.answers.get("options", {})


async def test_the_solution_shows_guide_design_files_and_plan(window, size):
    async with window(answers={**VALID, "features": ["dashboard"]}, size=size) as hand:
        await hand.press("enter")
        solution = hand.app.state.solution
        assert "Chat Sessions in Obsidian" in hand.text("#text")
        await hand.press("down")
        assert "What you get" in hand.text("#text")
        await hand.press("2", "down")
        assert "Title" in hand.text("#text")
        await hand.press("3", "end")
        assert max(file.path for file in solution.files) in hand.text("#text").replace("\n", "")
        await hand.press("4")
        assert solution.plan.steps[0].key in hand.text("#text")
        await hand.press("2")
        assert "Chat Sessions" in hand.text("#text"), "each tab is where it was left"


async def test_every_entry_of_every_tab_can_be_looked_at_and_copied(window):
    async with window(answers={**VALID, "features": ["tags", "projects", "dashboard"]}, size=WIDE) as hand:
        await hand.press("enter")
        for tab in "1234":
            await hand.press(tab)
            contents = hand.find("#contents")
            for place in range(len(contents.options)):
                contents.highlighted = place
                await hand.pilot.pause()
                assert hand.text("#text").strip(), contents.current
        await hand.press("c")
        assert hand.app.clipboard
        await hand.press("1", "home", "c")
        assert hand.app.clipboard == hand.app.state.solution.guide.markdown


async def test_the_solution_follows_a_change_of_answers(window):
    async with window(answers=VALID) as hand:
        await hand.to("solution")
        before = hand.app.state.solution
        await hand.press("escape", "down", "down", "space", "space")
        await hand.to("solution")
        assert hand.app.state.solution != before
        assert "tags" in hand.app.state.solution.blueprint.features


async def test_the_preview_changes_with_every_key(window):
    async with window(size=WIDE) as hand:
        await hand.press("enter", "space")
        before = hand.text("#preview-text")
        await hand.press("down", "down", "space")
        assert "+Value" in hand.text("#preview-text")
        assert hand.text("#preview-text") != before
        await hand.press("space")
        assert "−Value" in hand.text("#preview-text")


async def test_the_stepper_takes_keys_and_clicks_to_what_was_seen_only(window, size):
    async with window(answers=VALID, size=size) as hand:
        line = hand.text("#stepper")
        await hand.click("#stepper", offset=(line.index("Features"), 0))
        assert hand.step == "features"
        await hand.click("#stepper", offset=(hand.text("#stepper").index("Solution"), 0))
        assert hand.step == "features"
        hand.find("#stepper").focus()
        await hand.press("left", "left", "enter")
        assert hand.step == "platform"
        hand.find("#stepper").focus()
        await hand.press("left", "space")
        assert hand.step == "review"


@pytest.mark.parametrize("key", ["escape", "alt+left"])
async def test_back_never_loses_an_answer(key, window):
    async with window(answers=VALID) as hand:
        await hand.to("setup")
        answers = hand.answers
        for step in ("solution", "review", "team", "features", "priorities", "platform", "platform"):
            await hand.press(key)
            assert hand.step == step
        assert hand.answers is answers


async def test_the_keys_at_the_bottom_are_few_and_true(window, size):
    async with window(size=size) as hand:
        for step in ("platform", "priorities", "features", "team", "review", "solution", "setup"):
            await hand.to(step)
            bar = hand.app.screen.query_one(KeyBar)
            shown = [binding.description for binding, _ in list(bar.keys().values())[: KeyBar.MOST]]
            assert len(hand.text("KeyBar")) <= size[0]
            assert "Continue" in shown
            for words in shown:
                assert words in hand.text("KeyBar")
            assert ("Back" in shown) == (step != "platform")
        assert not next(enabled for binding, enabled in bar.keys().values() if binding.description == "Continue")


async def test_a_letter_is_a_letter_where_one_types(window):
    async with window(answers={**VALID, "priorities": ["simplicity"], "complexity": "advanced"}) as hand:
        hand.find("#name").focus()
        await hand.rest()
        assert "Apply" not in hand.text("KeyBar")
        await hand.press("a")
        assert hand.answers["name"] == "Chat Sessionsa"
        assert hand.answers["complexity"] == "advanced"


async def test_a_click_on_a_key_does_what_the_key_does(window):
    async with window(answers=VALID) as hand:
        await hand.click("KeyBar", offset=(hand.text("KeyBar").index("Back"), 0))
        assert hand.step == "team"


async def test_consent_is_asked_before_settings_of_the_person_are_extended(window, tmp_path):
    settings = tmp_path / "vault" / ".obsidian" / "app.json"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"mine": 1}')
    async with window(answers={**VALID, "target": {"path": str(tmp_path / "vault")}}, size=WIDE) as hand:
        await hand.to("setup")
        assert hand.find("#consent").display
        assert hand.find("#start").disabled
        await hand.press("ctrl+s")
        assert hand.app.state.progress is None
        hand.find("#consent").focus()
        await hand.press("space")
        assert not hand.find("#start").disabled
        await hand.press("ctrl+s")
        assert "Built" in hand.text("#advice")
    assert '"mine": 1' in settings.read_text()


async def test_another_place_is_looked_at_again(window, tmp_path):
    (tmp_path / "file").write_text("x")
    async with window(answers=VALID) as hand:
        await hand.to("setup")
        assert not hand.find("#start").disabled
        hand.find("#path").value = str(tmp_path / "file" / "vault")
        await hand.rest()
        assert hand.find("#start").disabled
        hand.find("#path").value = str(tmp_path / "new")
        await hand.rest()
        assert not hand.find("#start").disabled
        found = hand.text("#found").replace("\n", "").replace("│", "").replace(" ", "")
        assert str(tmp_path / "new").replace(" ", "") in found  # a long path is wrapped


async def test_a_wrong_database_is_explained_in_place(window):
    async with window(answers={**VALID, "platform": "custom"}) as hand:
        await hand.to("setup")
        hand.find("#database").value = "mysql://x"
        await hand.rest()
        assert "must look like" in " ".join(hand.text().split()).lower()
        assert hand.find("#start").disabled
        hand.find("#database").value = ""
        await hand.rest()
        assert hand.find("#database").value == "", "a place that was cleared is not filled in again"
