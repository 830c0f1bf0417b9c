"""A platform of another package in the wizard: listed, asked where to build, built, resumed, and gone."""

from __future__ import annotations

from chatbuilder import catalog, pipeline
from tests.foreign import bringing
from tests.helpers import saved_draft

BRINGS = "chatbuilder_org:PLATFORM"


async def test_it_is_listed_last_and_built_with_the_keyboard_alone(window, size, home):
    with bringing(BRINGS):
        async with window(size=size) as hand:
            await hand.press("end")
            assert "Org-mode" in hand.text()
            assert "chatbuilder-org" in hand.text()
            await hand.press("enter")
            assert hand.answers["platform"] == "org"
            await hand.to("setup")
            assert "Folder" in hand.text()
            assert hand.answers["target"] == {"path": str(home.parent / "org")}
            await hand.press("ctrl+s")
            assert "Built" in hand.text("#advice")
            await hand.press("enter")
            assert hand.step == "done"
        assert [(s.platform, s.status) for s in pipeline.systems()] == [("org", "ready")]
        assert (home.parent / "org" / "Chat Sessions" / "index.org").is_file()


async def test_a_session_with_it_is_resumed(window):
    draft = saved_draft(platform="org", priorities=["search"], target={"path": "/tmp/x"})
    with bringing(BRINGS):
        async with window() as hand:
            assert "Org-mode" in hand.text()
        async with window(draft) as hand:
            assert hand.answers["platform"] == "org"
            assert "Org-mode" in hand.text()


async def test_a_session_opens_without_the_package_and_says_what_is_missing(window):
    draft = saved_draft(platform="org", priorities=["search"])
    with bringing():
        async with window() as hand:
            assert "org · at" in hand.text()
        async with window(draft) as hand:
            assert hand.step == "platform"
            assert "Nothing here brings the platform 'org'" in hand.told
            assert hand.answers["priorities"] == ("search",)


async def test_our_own_are_all_there_whatever_others_bring(window):
    with bringing("nothing_of_that_name:PLATFORM"):
        async with window(size=(120, 36)) as hand:
            text = hand.text("#platforms")
            assert all(catalog.PLATFORMS[name].name in text for name in catalog.OURS if name != "custom")


async def test_one_with_an_api_is_connected_as_it_says(window, tmp_path, monkeypatch):
    from tests.integration.test_platform_plugins import REMOTE, package

    monkeypatch.syspath_prepend(str(package(tmp_path / "lib", "remote_two", REMOTE)))
    with bringing("remote_two:PLATFORM"):
        async with window(answers={"platform": "remote", "priorities": ["search"], "features": []}) as hand:
            await hand.to("setup")
            assert "Notebook" in hand.text()
            await hand.press("ctrl+t")
            assert hand.step == "ConnectScreen"
            assert "Open remote.example and copy it." in hand.text()
