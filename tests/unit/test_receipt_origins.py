"""Receipts of facts from several sources: canonical, equal alone and together, replayed to the byte, read by part."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.assessment.inputs import (
    Conflict,
    ConflictingClaim,
    Input,
    by_criterion,
    conflicts_of,
    fact_inputs,
    inputs_digest,
    part_inputs,
)
from services.evaluation.facts.overlay import Whose, overlay
from services.evaluation.facts.standing import Claim
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import judge
from services.evaluation.rulebooks.loader import load_recorded, rulebook_by_id
from services.evaluation.rulebooks.origins import FORM_ALONE, Origins
from services.evaluation.rulebooks.receipt import facts_texts, receipt, receipt_text, receipts, replay, replay_all
from shared.models.reads import AttachmentDigest
from shared.reference.province import province
from tests.unit.oracle import Facts, applications
from tests.unit.test_fact_standing import claims

RULEBOOK = rulebook_by_id(province().rulebooks, "hubei-2024")
DAY = date(2024, 6, 30)
APPLICATION = uuid.UUID(int=1)
SUBJECT = {"application_id": str(APPLICATION), "submitted_on": "2024-06-03"}
DATA = Path(__file__).parent / "data"
digests = st.lists(st.sampled_from(["0a" * 32, "0b" * 32]), min_size=1, max_size=2)
files = st.dictionaries(st.sampled_from(["1", "10", "2", "all"]), digests, max_size=3)


@settings(max_examples=40)
@given(st.lists(st.tuples(applications(), st.lists(claims(), max_size=4), files), min_size=1, max_size=4))
def test_receipts_are_canonical_equal_alone_and_together_and_replay(
    rows: list[tuple[Facts, list[Claim], dict[str, list[str]]]],
) -> None:
    whose = [Whose(str(at), APPLICATION) for at in range(len(rows))]
    stated = {str(at): row[1] for at, row in enumerate(rows)}
    facts, found = overlay(facts_frame([row[0] for row in rows]), whose, stated, DAY)
    origins = [Origins(one.sources, one.conflicts, row[2]) for one, row in zip(found, rows, strict=True)]
    parts = judge(RULEBOOK, facts)
    texts = receipts(RULEBOOK, facts, parts, [SUBJECT] * len(rows), DAY, origins)
    for at, text in enumerate(texts):
        alone = receipt(
            RULEBOOK,
            facts.row(at, named=True),
            parts.row(at, named=True),
            subject=SUBJECT,
            assessed_on=DAY,
            origins=origins[at],
        )
        assert receipt_text(alone) == text
        assert rfc8785.dumps(json.loads(text)) == text.encode()
        assert json.loads(text)["attachments"] == rows[at][2]
    assert replay_all(texts, RULEBOOK) == texts


def test_receipts_of_the_first_format_replay_as_they_were_written() -> None:
    """Receipt and rulebook are of before there were other sources, to the byte."""
    text = (DATA / "receipt-format-1.json").read_text(encoding="utf-8").rstrip("\n")
    path = DATA / "rulebook-of-receipt-format-1.toml"
    rulebook = load_recorded(path.read_text(encoding="utf-8"), origin=path.name)
    assert json.loads(text)["rulebook"]["digest"] == rulebook.digest
    assert json.loads(text)["format"] == "assessment-receipt/1"
    assert replay(text, rulebook) == text
    first, second = replay_all([text, _example()], rulebook)
    assert (first, json.loads(second)["format"]) == (text, "assessment-receipt/2")
    assert fact_inputs(text)["employees"] == Input(100, "self_reported", None, None, None)
    assert conflicts_of(text, rulebook) == []


def _claims() -> list[Claim]:
    moment = datetime(2024, 7, 1, tzinfo=UTC)
    return [
        Claim("valid_patents", "registry", 3, date(2024, 6, 1), moment, uuid.UUID(int=3), evidence="0c" * 32),
        Claim("valid_patents", "city_verified", 4, date(2024, 6, 2), moment, uuid.UUID(int=4)),
        Claim("employees", "registry", 80, date(2024, 6, 1), moment, uuid.UUID(int=5)),
    ]


def _example(**told: Any) -> str:
    form = {"valid_patents": 2, "industrialised_patents": 2, "employees": 80, "rd_staff": 9} | told
    facts, origins = overlay(facts_frame([form]), [Whose("x", APPLICATION)], {"x": _claims()}, DAY)
    (text,) = receipts(RULEBOOK, facts, judge(RULEBOOK, facts), [SUBJECT], DAY, origins)
    return text


def test_a_parts_inputs_are_what_its_test_reads_with_their_sources() -> None:
    inputs = part_inputs(_example(), RULEBOOK, "5.rate")
    form = Input(2, "self_reported", None, None, None)
    stated = Input(3, "registry", "2024-06-01", str(uuid.UUID(int=3)), "0c" * 32)
    assert inputs == {"industrialised_patents": form, "valid_patents": stated}
    assert part_inputs(_example(rd_staff=1), RULEBOOK, "5.rate") == inputs
    assert part_inputs(_example(industrialised_patents=1), RULEBOOK, "5.rate") != inputs
    assert part_inputs(json.loads(_example()), RULEBOOK, "5.rate") == inputs
    with pytest.raises(LookupError):
        part_inputs(_example(), RULEBOOK, "5.nothing")
    assert fact_inputs(_example())["rd_staff"] == Input(9, "self_reported", "2024-06-03", None, None)


def test_conflicts_name_who_is_contradicted_and_the_parts_they_touch() -> None:
    (conflict,) = conflicts_of(_example(), RULEBOOK)
    city = ConflictingClaim("city_verified", 4, "2024-06-02", str(uuid.UUID(int=4)))
    form = ConflictingClaim("self_reported", 2, None, None)
    assert conflict == Conflict("valid_patents", "registry", 3, (city, form), ("5.rate",))


def test_the_inputs_digest_tells_facts_and_sources_apart() -> None:
    (text,) = facts_texts(facts_frame([{"employees": 5}]))
    other = Origins({"employees": {"source": "registry"}})
    assert len({inputs_digest(text, FORM_ALONE), inputs_digest(text, other), inputs_digest("{}", FORM_ALONE)}) == 3
    # Those of one snapshot never change: files are no part of it.
    assert inputs_digest(text, Origins(attachments={"1": ["0a" * 32]})) == inputs_digest(text, FORM_ALONE)


def test_files_are_listed_by_criterion_once_and_sorted() -> None:
    listed = [(6, "b"), (6, "a"), (6, "b"), (None, "c"), (10, "a")]
    found = by_criterion(AttachmentDigest(uuid.uuid4(), number, digest) for number, digest in listed)
    assert found == {"6": ["a", "b"], "10": ["a"], "all": ["c"]}


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("sources", []),
        ("conflicts", {}),
        ("attachments", None),
        ("sources", {"employees": {"self_reported": 0.5}}),
        ("sources", {"企业": {}}),
        ("conflicts", [{"value": 2**53}]),
    ],
)
def test_what_is_no_receipt_of_the_second_format_is_refused(section: str, value: Any) -> None:
    content = json.loads(_example()) | {section: value}
    with pytest.raises(ValueError):  # noqa: PT011 - the kind matters, not the words
        replay(json.dumps(content), RULEBOOK)


def test_origins_without_one_canonical_form_are_refused() -> None:
    facts = facts_frame([{}])
    for wrong in (Origins({"employees": {"share": 0.5}}), Origins(conflicts=[{"事": 1}])):  # type: ignore[dict-item]
        with pytest.raises(ValueError, match="ASCII"):
            receipts(RULEBOOK, facts, judge(RULEBOOK, facts), [{}], DAY, [wrong])


def test_a_changed_source_is_kept_and_a_changed_fact_does_not_replay() -> None:
    content = json.loads(_example())
    content["facts"]["valid_patents"] = 9
    changed = receipt_text(content)
    assert replay(changed, RULEBOOK) != changed
