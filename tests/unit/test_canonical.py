"""Canonical JSON: the same bytes as a general RFC 8785 implementation, and never a float."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from shared.canonical import canonical_text, sha256_hex

_text = st.text(st.characters(exclude_categories=["Cs"]))
_key = st.text(st.characters(max_codepoint=127))
_leaf = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _text
_json = st.recursive(_leaf, lambda inner: st.lists(inner) | st.dictionaries(_key, inner), max_leaves=20)


@given(_json)
def test_it_is_rfc_8785(value: object) -> None:
    text = canonical_text(value)
    assert text.encode() == rfc8785.dumps(value)
    assert json.loads(text) == value


@given(st.floats(), _json)
def test_a_float_anywhere_is_refused(number: float, beside: object) -> None:
    for value in (number, [beside, number], {"a": beside, "b": {"c": [number]}}):
        with pytest.raises((TypeError, ValueError)):
            canonical_text(value)


@given(_json)
def test_order_of_keys_does_not_matter(value: object) -> None:
    shuffled = json.loads(json.dumps({"z": value, "a": 1}))
    assert sha256_hex(canonical_text({"a": 1, "z": value})) == sha256_hex(canonical_text(shuffled))


def test_text_that_looks_like_a_float_is_no_float() -> None:
    assert canonical_text({"a": "x,1.5", "b": ":2e3"}) == '{"a":"x,1.5","b":":2e3"}'
