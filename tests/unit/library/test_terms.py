"""Words: what a search is not strict about, and queries that are only text."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder.errors import InputError
from chatbuilder.library import chats_schema
from chatbuilder.library.terms import LONGEST, fold, indexed, parse

SAME = [
    ("resume", "Mein Résumé hier", "Résumé"),
    ("RÉSUMÉ", "my resume", "resume"),
    ("naïve", "nai\u0308ve", "nai\u0308ve"),
    ("未来", "人工智能的未来怎么样", "未来"),
    ("能", "人工智能", "能"),
    ("人工智能", "谈谈人工智能。", "人工智能"),
    ("カタカナ", "ひらがなとカタカナです", "カタカナ"),
    ("한국", "한국어를 공부해요", "한국"),
    ("ภาษา", "สวัสดีภาษาไทย", "ภาษา"),
    ("السلام", "السَّلامُ عليكم", "السَّلامُ"),
    ("احمد", "قال أحمد", "أحمد"),
    ("שלום", "שָׁלוֹם עולם", "שָׁלוֹם"),
    ("हिन्दी", "मुझे हिन्दी पसंद है", "हिन्दी"),
    ("алеша", "Привет, Алёша!", "Алёша"),
    ("αθηνα", "στην Αθήνα", "Αθήνα"),
    ("tieng viet", "Tiếng Việt", "Tiếng"),
    ("full", "ｆｕｌｌ width", "ｆｕｌｌ"),
    ("GPT模型", "用GPT模型写", "GPT"),
    ("foo-bar", "a foo_bar b", "foo_bar"),
    ('"foo bar"', "a foo, bar b", "foo, bar"),
    ("lebens*", "Ein Lebenslauf", "Lebens"),
    ("x²", "x² + y²", "x²"),
    ("C++", "in C++ or", "C"),
    ("apple", "“an Apple” — 🙂", "Apple"),
    ("cafe", "cafe\u0301s? cafe\u0301!", "cafe\u0301"),
]
DIFFERENT = [
    ("resume", "resumed"),
    ("智未", "人工智能的未来"),
    ('"bar foo"', "foo bar"),
    ("foo -bar", "foo bar"),
    ("हिन्दी", "हनद"),
    ("title:foo", "foo"),
    ("foo OR bar", "foo"),
    ("foo NEAR bar", "foo bar"),
]


class Index:
    """An index with one row."""

    def __init__(self, text: str) -> None:
        self.db = sqlite3.connect(":memory:")
        statements = chats_schema.CHATS.split(";\n")
        self.db.execute(next(s for s in statements if "VIRTUAL" in s))
        self.db.execute("INSERT INTO search (rowid, title, prompts, answers) VALUES (1, '', ?, '')", (indexed(text),))

    def has(self, query: str, **more: bool) -> bool:
        found = self.db.execute("SELECT rowid FROM search WHERE search MATCH ?", (parse(query, **more).expression(),))
        return found.fetchone() is not None


@pytest.mark.parametrize(("query", "text", "mark"), SAME)
def test_a_search_finds_a_word_however_it_is_written_and_marks_it(query, text, mark):
    assert Index(text).has(query)
    spans = parse(query).marker().spans(text)
    assert [text[start:end] for start, end in spans][:1] == [mark]


@pytest.mark.parametrize(("query", "text"), DIFFERENT)
def test_other_words_are_not_found(query, text):
    assert not Index(text).has(query)


def test_the_last_word_may_be_a_beginning_while_it_is_typed():
    assert Index("a long Lebenslauf").has("long leb", typing=True)
    assert not Index("a long Lebenslauf").has("long leb")
    assert not Index("a long Lebenslauf").has("long leb ", typing=True)
    assert not Index("a long Lebenslauf").has('"leb"', typing=True)


@pytest.mark.parametrize("query", ["", "   ", '"', "-", "-word", "***", "…!?", "x" * (LONGEST + 1), "a " * 40, "\0"])
def test_a_query_without_a_word_to_find_is_refused_with_a_way_on(query):
    with pytest.raises(InputError) as caught:
        parse(query)
    assert caught.value.hint
    assert caught.value.kept


ANYTHING = st.text(
    st.one_of(st.sampled_from("\"'*-()^:{}+ NEAROT未来ไทยأحé\u0301\0"), st.characters(codec=None)), max_size=30
)


@given(query=ANYTHING, text=ANYTHING)
def test_whatever_is_typed_is_data(query, text):
    """No query is a mistake in SQL or in FTS5's language, or takes long to mark."""
    text = text.encode("utf-8", "ignore").decode()
    try:
        parsed = parse(query)
    except InputError:
        return
    Index(text).has(query)
    parsed.marker().spans(text)


LETTERS = st.characters(codec="utf-8", categories=("Ll", "Lu", "Lo", "Nd"))


@given(words=st.lists(st.text(LETTERS, min_size=1, max_size=6), min_size=1, max_size=6), at=st.integers(0, 5))
def test_every_word_of_a_text_finds_it(words, at):
    assert Index(" ".join(words)).has(words[at % len(words)])


@given(text=ANYTHING)
def test_folding_is_stable(text):
    """Rows are taken out of the index by giving the same text again."""
    assert fold(fold(text)) == fold(text)
    assert indexed(text) == indexed(text)
