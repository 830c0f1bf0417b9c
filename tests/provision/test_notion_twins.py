"""A private home page whose answer was lost may come twice, as the search finds it late: the second is cleared away."""

from __future__ import annotations

import pytest

from chatbuilder import pipeline
from chatbuilder.pipeline.outside import URLS
from tests.provision.notion_site import PRIVATE
from tests.vendors.clock import FakeTime
from tests.vendors.notion import NotionFake, serving


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch):
    clock = FakeTime()
    fake = NotionFake(limit=None)
    fake.clock, fake.token = clock.now, "ntn_twins"
    monkeypatch.setattr("chatbuilder.pipeline.outside.RealTime", lambda: clock)
    with serving(fake) as url:
        monkeypatch.setenv(URLS["notion"], url)
        monkeypatch.setenv("NOTION_TOKEN", fake.token)
        yield fake


def apply():
    job = pipeline.apply(PRIVATE, on_event=lambda event: None, cancelled=lambda: False)
    assert job.status == "completed", job.error
    return job


def homes(site):
    return [p for p in site.workspace.pages.values() if p.title == "Chat Sessions" and not site.workspace.trashed(p.id)]


@pytest.mark.parametrize("kind", ["drop-after", "500"])
def test_the_next_apply_moves_the_second_to_the_trash(site, kind):
    site.found_after = 10_000
    site.faults.plan = {2: kind}
    first = apply()
    made = len(homes(site))
    assert site.faults.met[0] == (2, kind)
    assert site.faults.requests[2] == "POST /v1/pages"
    site.found_after = 0
    again = apply()
    assert [page.id for page in homes(site)] == [_id(first)]
    assert again.result["url"] == first.result["url"]
    assert (made == 2) is any("made twice" in text for text in again.result["next"])
    assert "made twice" not in " ".join(apply().result["next"])


def test_one_with_words_of_the_person_stays(site):
    site.found_after = 10_000
    site.faults.plan = {2: "drop-after"}
    first = apply()
    other = next(page for page in homes(site) if page.id != _id(first))
    words = {"rich_text": [{"type": "text", "text": {"content": "mine"}}]}
    other.blocks.append({"object": "block", "type": "paragraph", "paragraph": words})
    site.found_after = 0
    told = " ".join(apply().result["next"])
    assert "left to you, because you wrote on it" in told
    assert len(homes(site)) == 2


def test_a_page_that_was_never_in_doubt_is_not_searched_for(site):
    apply()
    site.log.clear()
    apply()
    assert not [path for _, path in site.log if path == "/v1/search"]


def _id(job):
    text = job.result["url"].rpartition("-")[2].rpartition("/")[2]
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
