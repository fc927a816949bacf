"""Receipts: what was judged by which rulebook with what result, as canonical JSON that replays byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias, cast

import polars as pl

from services.evaluation.rulebooks.catalogue import FactValue
from services.evaluation.rulebooks.frames import checked_facts, facts_frame
from services.evaluation.rulebooks.judge import conclude, criterion_verdicts, judge_by_day, verdict_text
from services.evaluation.rulebooks.rulebook import Rulebook
from shared.canonical import canonical_text, sha256_hex

Scalar: TypeAlias = str | int | bool | None
Subject: TypeAlias = Mapping[str, Scalar]
Receipt: TypeAlias = dict[str, "str | dict[str, Scalar]"]

FORMAT = "assessment-receipt/1"
# Beyond this RFC 8785, which counts in IEEE doubles, no longer tells integers apart.
_LARGEST_INTEGER = 2**53 - 1


def receipt(
    rulebook: Rulebook,
    facts: Mapping[str, FactValue],
    parts: Mapping[str, bool | None],
    *,
    subject: Subject,
    assessed_on: date,
) -> Receipt:
    """One application's receipt: every catalogued fact (money in 分), `judge`'s parts, and what they amount to.

    `subject` says what was judged (application, snapshot and its digest) and is kept as given.
    Raises FactError, and ValueError for a subject or parts that cannot stand in a receipt.
    """
    conclusion = conclude(parts, rulebook, {}, ())
    return {
        "format": FORMAT,
        "rulebook": {"id": rulebook.id, "digest": rulebook.digest},
        "assessed_on": assessed_on.isoformat(),
        "subject": _checked(subject),
        "facts": dict(checked_facts(facts_frame([facts])).row(0, named=True)),
        "parts": dict(parts),
        "criteria": {str(number): verdict for number, verdict in conclusion.criteria.items()},
        "overall": conclusion.overall,
    }


def receipt_text(receipt: Mapping[str, object]) -> str:
    """Canonical JSON (RFC 8785)."""
    return canonical_text(receipt)


def receipt_digest(text: str) -> str:
    """SHA-256 of a receipt's text, in hex."""
    return sha256_hex(text)


def receipts(
    rulebook: Rulebook,
    facts: pl.DataFrame,
    parts: pl.DataFrame,
    subjects: Sequence[Subject],
    assessed_on: date,
) -> list[str]:
    """The texts of many receipts at once, row by row equal to `receipt_text(receipt(…))`.

    Raises FactError, and ValueError when the lengths differ or a subject cannot stand in a receipt.
    """
    if not len(subjects) == facts.height == parts.height:
        raise ValueError(f"{len(subjects)} subjects for {facts.height} rows of facts and {parts.height} of parts")
    subject_texts = (canonical_text(_checked(subject)) for subject in subjects)
    days = [assessed_on.isoformat()] * len(subjects)
    return _texts(rulebook, _rows_as_json(checked_facts(facts)), parts, subject_texts, days)


def replay(receipt: str | Receipt, rulebook: Rulebook) -> str:
    """The receipt's facts judged again: the same text under the same rulebook, and what another would have said.

    Raises ValueError for what is no receipt of ours, FactError for facts the catalogue no longer allows.
    """
    return replay_all([receipt if isinstance(receipt, str) else receipt_text(receipt)], rulebook)[0]


def replay_all(texts: Sequence[str], rulebook: Rulebook) -> list[str]:
    """`replay` for many."""
    given = [_read(text) for text in texts]
    facts = [entry["facts"] for entry in given]
    days = [date.fromisoformat(entry["assessed_on"]) for entry in given]
    parts = judge_by_day(rulebook, facts_frame(facts), days)
    # The facts are written as they were given: a catalogue that has grown since must not add to an old receipt.
    subjects, written = (entry["subject"] for entry in given), (entry["assessed_on"] for entry in given)
    return _texts(rulebook, map(canonical_text, facts), parts, map(canonical_text, subjects), written)


def _texts(
    rulebook: Rulebook,
    facts: Iterable[str],
    parts: pl.DataFrame,
    subjects: Iterable[str],
    days: Iterable[str],
) -> list[str]:
    verdicts = criterion_verdicts(rulebook, parts)
    criteria = verdicts.select(verdict_text(pl.col(str(c.number))).alias(str(c.number)) for c in rulebook.criteria)
    header = canonical_text({"id": rulebook.id, "digest": rulebook.digest})
    columns = (days, _rows_as_json(criteria), facts, verdicts["overall"], _rows_as_json(parts), subjects)
    # Keys in order, without a space: what receipt_text would write.
    return [
        f'{{"assessed_on":"{day}","criteria":{criteria},"facts":{facts},"format":"{FORMAT}","overall":"{overall}",'
        f'"parts":{parts},"rulebook":{header},"subject":{subject}}}'
        for day, criteria, facts, overall, parts, subject in zip(*columns, strict=True)
    ]


def _rows_as_json(frame: pl.DataFrame) -> list[str]:
    """Each row as a JSON object with sorted keys; canonical for integers, booleans, text and null."""
    return frame.select(pl.struct(sorted(frame.columns)).struct.json_encode()).to_series().to_list()


def _checked(subject: Subject) -> dict[str, Scalar]:
    for key, value in subject.items():
        if not key.isascii() or not (value is None or type(value) in (str, int, bool)):
            raise ValueError(f"a subject holds text, integers, booleans and null under ASCII keys, not {key!r}")
        if type(value) is int and abs(value) > _LARGEST_INTEGER:
            raise ValueError(f"{key!r} is beyond 2^53: write it as text")
    return dict(subject)


def _read(text: str) -> Mapping[str, Any]:
    """The three sections that a replay starts from."""
    content: Any = json.loads(text)
    if not isinstance(content, dict) or cast("dict[str, Any]", content).get("format") != FORMAT:
        raise ValueError(f"not a receipt of format {FORMAT}")
    facts, subject, day = (cast("dict[str, Any]", content).get(key) for key in ("facts", "subject", "assessed_on"))
    if not isinstance(facts, dict) or not isinstance(subject, dict) or not isinstance(day, str):
        raise ValueError("the receipt is incomplete")  # noqa: TRY004 - a receipt is one value, right or wrong
    subject = _checked(cast("Subject", subject))
    return {"facts": facts, "subject": subject, "assessed_on": date.fromisoformat(day).isoformat()}
