"""Help, menu, export, errors: the dialogs over a step."""

import zipfile
from pathlib import Path

import pytest

from chatbuilder import wizard
from chatbuilder.errors import InputError
from chatbuilder.screens.helptexts import HELP
from tests.screens.conftest import NARROW, WIDE

VALID = {"platform": "excel", "priorities": ["search"]}


@pytest.mark.parametrize("step", wizard.ORDER[:7])
async def test_f1_explains_every_step_and_its_keys(step, window, size):
    async with window(size=size) as hand:
        await hand.to(step)
        await hand.press("f1")
        assert hand.step == "Help"
        words = " ".join(hand.text("#inside Static").split())
        assert HELP[step][0][:60] in words
        await hand.press("end")
        assert "Menu: everything that can be done" in hand.text()
        await hand.press("f1", "escape")
        assert hand.step == step


async def test_the_menu_goes_to_any_step_that_was_seen(window):
    async with window(answers=VALID) as hand:
        await hand.press("ctrl+p")
        shown = hand.text()
        for step in wizard.STEPS[:5]:
            assert f"Go to {wizard.ORDER.index(step.id) + 1} {step.name}" in shown
        assert "Go to 6" not in shown
        await hand.type("features")
        await hand.press("enter")
        assert hand.step == "features"


async def test_the_menu_exports_and_copies_the_plan(window):
    async with window(answers=VALID) as hand:
        await hand.to("solution")
        await hand.press("ctrl+p")
        await hand.type("copy the plan")
        await hand.press("enter")
        assert hand.app.clipboard == wizard.plan_text(hand.app.state.solution)
        await hand.press("ctrl+p")
        await hand.type("export")
        await hand.press("enter")
        assert hand.step == "ExportScreen"


@pytest.mark.parametrize("theme", ["Dark", "Light", "High contrast"])
async def test_every_theme_can_be_chosen(theme, window):
    async with window() as hand:
        await hand.press("ctrl+p")
        await hand.type(f"theme {theme.lower()}")
        await hand.press("enter")
        assert hand.app.theme == f"chatbuilder-{theme.split()[-1].lower()}"
        assert hand.step == "platform"


async def test_export_writes_once_updates_and_keeps_what_was_changed(window, tmp_path, size):
    folder = tmp_path / "out"
    async with window(answers=VALID, size=size) as hand:
        await hand.to("solution")
        await hand.press("e")
        hand.find("#folder").value = str(folder)
        await hand.press("enter")
        assert "written" in hand.text("#report")
        await hand.press("enter")
        assert hand.step == "solution"
        edit(folder / "README.md")
        await hand.press("e")
        hand.find("#folder").value = str(folder)
        await hand.press("enter")
        assert "unchanged" in hand.text("#report")
        assert "1 kept, because you changed them" in hand.text("#report")
        assert "README.md" in hand.text("#report")
        await hand.press("escape")
    assert text(folder / "README.md") == "mine"


async def test_export_as_a_zip(window, tmp_path):
    async with window(answers=VALID) as hand:
        await hand.to("solution")
        await hand.press("e")
        hand.find("#folder").value = str(tmp_path / "out")
        await hand.press("tab", "space", "shift+tab", "enter")
        assert "written" in hand.text("#report")
    assert names(tmp_path / "out")


async def test_an_export_that_is_refused_says_why_in_the_dialog(window, tmp_path):
    edit(tmp_path / "file")
    async with window(answers=VALID) as hand:
        await hand.to("solution")
        await hand.press("e", "ctrl+u", "enter")
        assert "Name a folder" in hand.text()
        hand.find("#folder").value = str(tmp_path / "file" / "out")
        await hand.press("enter")
        assert hand.step == "ExportScreen"
        assert "✗" in hand.text("#report")
        hand.find("#folder").value = str(tmp_path / "good")
        await hand.press("enter")
        assert "written" in hand.text("#report")


async def test_an_exported_package_opens_the_last_step(window):
    async with window(answers=VALID) as hand:
        await hand.to("solution")
        await hand.press("e", "enter", "enter", "enter")
        assert hand.step == "setup"
        assert "Exported" in hand.text("#advice")
        await hand.press("enter")
        assert "The package is written" in hand.text("#question")


async def test_an_error_is_told_with_what_was_kept_and_what_to_do(window):
    error = InputError("It [bold]broke[/bold].", title="Oh", problems=["[/x]"], kept="all.", hint="go on.")
    for size in (NARROW, WIDE):
        async with window(answers=VALID, size=size) as hand:
            hand.app.trouble(error)
            await hand.rest()
            shown = hand.text()
            for words in ("Oh: It [bold]broke[/bold].", "[/x]", "Kept: all.", "Next: go on."):
                assert words in shown
            await hand.press("enter")
            assert hand.step == "review"
            await hand.press("enter")
            assert hand.step == "solution"


def edit(file: Path) -> None:
    file.write_text("mine")


def text(file: Path) -> str:
    return file.read_text()


def names(folder: Path) -> list[str]:
    (file,) = folder.glob("*.zip")
    with zipfile.ZipFile(file) as archive:
        return archive.namelist()
