"""Splitting JSON: the same values as json.loads, whatever the layout and however the bytes arrive."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder.importers.common.json_stream import JsonStream, decode
from chatbuilder.importers.common.limits import Limits
from chatbuilder.importers.common.values import BadChat, clean_tree

TEXT = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ['},{"id":', '"}],[{', "\\", '\\"', "\\u0000", "{[", "é🙂"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
ALIKE = st.fixed_dictionaries(
    {"id": TEXT | st.none(), "parts": st.lists(st.fixed_dictionaries({"id": TEXT, "x": VALUES}), max_size=3)}
)
LAYOUTS = st.sampled_from(
    [{}, {"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False}, {"separators": (" ,\n", " : ")}]
)


class Dripping(io.BytesIO):
    """A stream that gives little at a time, as a socket or a compressed file may."""

    def __init__(self, data, size):
        super().__init__(data)
        self.size = size

    def read(self, size=-1):
        return super().read(min(size, self.size))


@given(st.lists(ALIKE | VALUES, max_size=8), LAYOUTS, st.integers(1, 60))
def test_elements_are_what_the_document_says(values, layout, size):
    data = json.dumps(values, **layout).encode("utf-8", "surrogatepass")
    found = list(JsonStream(Dripping(data, size)).elements())
    assert [one.bad for one in found] == [None] * len(values)
    assert [one.value for one in found] == clean_tree(values)
    assert [one.number for one in found] == list(range(1, len(values) + 1))


@given(st.dictionaries(TEXT, VALUES, max_size=5), LAYOUTS, st.integers(1, 60))
def test_members_are_what_the_document_says(values, layout, size):
    stream = JsonStream(Dripping(b"\xef\xbb\xbf" + json.dumps(values, **layout).encode(), size))
    assert {key: stream.value() for key, _ in stream.members()} == clean_tree(values)


@given(st.lists(ALIKE, min_size=3, max_size=6), st.data())
def test_one_broken_element_costs_itself_only(values, data):
    texts = [json.dumps(value, separators=(",", ":")) for value in values]
    spot = data.draw(st.integers(0, len(texts) - 2))
    broken = data.draw(
        st.sampled_from(
            ['{"id":"x","parts":nul}', '{"id":"x","parts":[1,}', '{"id":"x" "parts":1}', '{"id":"x","parts":"\\q"}']
        )
    )
    texts[spot] = broken
    found = list(JsonStream(io.BytesIO(f"[{','.join(texts)}]".encode())).elements())
    assert [one.number for one in found if one.bad] == [spot + 1]
    assert [one.value for one in found if not one.bad] == clean_tree(values[:spot] + values[spot + 1 :])


@given(st.binary(max_size=80) | st.text('[]{},:" \\n0tf', max_size=60).map(str.encode), st.integers(1, 30))
def test_any_bytes_end(data, size):
    for element in JsonStream(Dripping(b"[" + data, size), Limits(chat=20)).elements():
        assert element.number < 200


def test_a_quote_that_never_ends_does_not_swallow_the_rest():
    good = '{"id":"1","text":"a"}'
    bad = '{"id":"2","text":"a}'
    found = list(JsonStream(io.BytesIO(f"[{good},{bad},{good},{good}]".encode())).elements())
    assert [bool(one.bad) for one in found] == [False, True, False, False]


def test_values_of_every_kind_in_a_list():
    found = list(JsonStream(io.BytesIO(b'[1, "two" , [3,{"a":"]"}], null,tru, {"a":1}')).elements())
    assert [one.value for one in found] == [1, "two", [3, {"a": "]"}], None, None, {"a": 1}, None]
    assert [one.bad.code for one in found if one.bad] == ["malformed", "truncated"]


def test_what_only_the_lenient_decoder_takes():
    assert decode(b'{"a": "\\ud800x", "b": NaN, "c": "\xff", "d": "tab\there"}')["a"] == "\ufffdx"
    assert decode(b'"\\u0000\\u001b[1m\\r\\n\\u009b\xc2\x9b\x7f\\u0085caf\\u00e9"') == "[1m\ncafé"
    with pytest.raises(BadChat, match="broken"):
        decode(b"{")
    with pytest.raises(BadChat, match="too long"):
        decode(b"[" + b"9" * 5000 + b"]")
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        with pytest.raises(BadChat, match="nested too deeply"):
            decode(opening * 100_000 + b"1" + closing * 100_000)
        with pytest.raises(BadChat, match="nested too deeply"):
            decode(opening * 1010 + b'"\\r"' + closing * 1010)


@pytest.mark.parametrize("text", ["[1]", '{"a" 1}', "{1:2}", '{"a":', '{"a":}', '{"a":1', "{"])
def test_broken_objects_say_so(text):
    stream = JsonStream(io.BytesIO(text.encode()))
    with pytest.raises(BadChat):
        dict.fromkeys(stream.value() for _ in stream.members())


def test_a_list_must_be_one():
    with pytest.raises(BadChat, match="not a list"):
        list(JsonStream(io.BytesIO(b"{}")).elements())
