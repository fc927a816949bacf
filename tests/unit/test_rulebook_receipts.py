"""Receipts: canonical to the byte, the same alone as in a batch, and reproduced by judging their facts again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.rulebooks.errors import FactError
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import judge
from services.evaluation.rulebooks.loader import rulebook_by_id
from services.evaluation.rulebooks.receipt import receipt, receipt_digest, receipt_text, receipts, replay, replay_all
from shared.reference.province import province
from tests.unit.oracle import Facts, applications

RULEBOOK = rulebook_by_id(province().rulebooks, "hubei-2024")
DAY = date(2024, 6, 15)

subjects = st.dictionaries(
    st.text(st.characters(max_codepoint=127), min_size=1, max_size=12),
    st.text(max_size=20) | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans() | st.none(),
    max_size=4,
)


def made(rows: list[Facts], given_subjects: list[dict[str, Any]]) -> list[str]:
    facts = facts_frame(rows)
    return receipts(RULEBOOK, facts, judge(RULEBOOK, facts), given_subjects, DAY)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(applications(), subjects), min_size=1, max_size=5))
def test_receipts_are_canonical_equal_alone_and_together_and_replay(pairs: list[tuple[Facts, dict[str, Any]]]) -> None:
    rows, whose = [row for row, _ in pairs], [subject for _, subject in pairs]
    texts = made(rows, whose)
    parts = judge(RULEBOOK, facts_frame(rows)).rows(named=True)
    for text, row, row_parts, subject in zip(texts, rows, parts, whose, strict=True):
        assert rfc8785.dumps(json.loads(text)) == text.encode()
        alone = receipt(RULEBOOK, row, row_parts, subject=subject, assessed_on=DAY)
        assert receipt_text(alone) == text
        assert replay(alone, RULEBOOK) == text
        assert json.loads(text)["subject"] == subject
    assert replay_all(texts, RULEBOOK) == texts


def example(**changes: Any) -> tuple[str, dict[str, Any]]:
    (text,) = made([{"valid_patents": 2, "industrialised_patents": 1} | changes], [{"application": "甲\n\u2028"}])
    return text, json.loads(text)


def test_receipt_holds_all_that_decided() -> None:
    text, content = example()
    assert content["rulebook"] == {"id": "hubei-2024", "digest": RULEBOOK.digest}
    assert content["assessed_on"] == "2024-06-15"
    assert content["facts"]["valid_patents"] == 2
    assert content["facts"]["revenue_cny"] is None
    assert (content["parts"]["5.rate"], content["criteria"]["5"], content["overall"]) == (True, "met", "unknown")
    assert receipt_digest(text) == sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("parts", "5.rate", False),
        ("criteria", "5", "not_met"),
        ("facts", "industrialised_patents", 0),
        ("rulebook", "digest", "0" * 64),
    ],
)
def test_a_receipt_that_was_changed_does_not_replay(section: str, key: str, value: Any) -> None:
    text, content = example()
    content[section][key] = value
    changed = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert changed != text
    assert replay(changed, RULEBOOK) != changed


def test_a_receipt_with_other_layout_or_content_does_not_replay() -> None:
    text, content = example()
    assert replay(json.dumps(content, indent=1), RULEBOOK) == text
    assert replay(receipt_text(content | {"remark": "x"}), RULEBOOK) == text


def test_another_rulebook_tells_what_it_would_have_decided() -> None:
    text, _ = example()
    criterion = RULEBOOK.criteria[4]
    stricter = replace(criterion.parts[0], sql="(4 * industrialised_patents >= 3 * NULLIF(valid_patents, 0))")
    other = replace(
        RULEBOOK,
        id="example-2026",
        digest="1" * 64,
        criteria=(*RULEBOOK.criteria[:4], replace(criterion, parts=(stricter,)), *RULEBOOK.criteria[5:]),
    )
    content = json.loads(replay(text, other))
    assert content["rulebook"] == {"id": "example-2026", "digest": "1" * 64}
    assert (content["parts"]["5.rate"], content["overall"]) == (False, "not_met")


def test_old_receipts_gain_no_facts_when_the_catalogue_grows() -> None:
    _, content = example()
    del content["facts"]["violation"]
    before_it_grew = receipt_text(content)
    assert replay(before_it_grew, RULEBOOK) == before_it_grew


@pytest.mark.parametrize("value", [0.5, 2**53, [1], {"a": 1}])
def test_subjects_hold_only_what_has_one_canonical_form(value: Any) -> None:
    with pytest.raises(ValueError, match="share"):
        made([{}], [{"share": value}])
    with pytest.raises(ValueError, match="ASCII"):
        made([{}], [{"企业": "x"}])


def test_lengths_must_agree() -> None:
    facts = facts_frame([{}, {}])
    with pytest.raises(ValueError, match="1 subjects for 2 rows"):
        receipts(RULEBOOK, facts, judge(RULEBOOK, facts), [{}], DAY)


def test_what_is_no_receipt_is_refused() -> None:
    complete = '{"assessed_on":"2024-06-15","facts":{},"format":"assessment-receipt/1","subject":{}}'
    assert replay(complete, RULEBOOK)
    broken = (('"facts":{}', '"facts":[]'), ("2024-06-15", 'x","y":"'), ('"subject":{}', '"subject":{"a":0.5}'))
    texts = [complete.replace(old, new) for old, new in broken]
    for text in (*texts, "[]", "{}", '{"format":"something-else/1"}', "not json"):
        with pytest.raises(ValueError):  # noqa: PT011 - the kind matters, not the words
            replay(text, RULEBOOK)
    _, content = example()
    content["facts"]["valid_patents"] = 2.5
    with pytest.raises(FactError):
        replay(json.dumps(content), RULEBOOK)
