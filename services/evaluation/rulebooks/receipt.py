"""Receipts: what was judged by which rulebook with what result, as canonical JSON that replays byte for byte."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias, cast

import polars as pl

from services.evaluation.rulebooks.catalogue import FactValue
from services.evaluation.rulebooks.frames import checked_facts, facts_frame
from services.evaluation.rulebooks.judge import conclude, criterion_verdicts, judge_by_day, verdict_text
from services.evaluation.rulebooks.origins import FORM_ALONE, Origins, Subject, canonical_subject, canonical_value
from services.evaluation.rulebooks.rulebook import Rulebook
from shared.canonical import canonical_text, sha256_hex

Receipt: TypeAlias = dict[str, Any]

FORMAT = "assessment-receipt/2"
# The first format knew of nothing but the form: no attachments, no other sources. Its receipts replay as they were.
FIRST_FORMAT = "assessment-receipt/1"


def receipt(
    rulebook: Rulebook,
    facts: Mapping[str, FactValue],
    parts: Mapping[str, bool | None],
    *,
    subject: Subject,
    assessed_on: date,
    origins: Origins = FORM_ALONE,
) -> Receipt:
    """One application's receipt: every catalogued fact (money in 分), `judge`'s parts, and what they amount to.

    `subject` says what was judged (application, snapshot and its digest) and is kept as given.
    Raises FactError, and ValueError for a subject, origins or parts that cannot stand in a receipt.
    """
    conclusion = conclude(parts, rulebook, {}, ())
    return {
        **origins.sections(),
        "format": FORMAT,
        "rulebook": {"id": rulebook.id, "digest": rulebook.digest},
        "assessed_on": assessed_on.isoformat(),
        "subject": canonical_subject(subject),
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
    origins: Sequence[Origins] | None = None,
) -> list[str]:
    """The texts of many receipts at once, row by row equal to `receipt_text(receipt(…))`.

    Without `origins` all facts come from the form alone.
    Raises FactError, and ValueError when the lengths differ or a subject or origins cannot stand in a receipt.
    """
    if not len(subjects) == facts.height == parts.height:
        raise ValueError(f"{len(subjects)} subjects for {facts.height} rows of facts and {parts.height} of parts")
    written = _Given(
        facts=facts_texts(facts),
        subjects=[canonical_text(canonical_subject(subject)) for subject in subjects],
        days=[assessed_on.isoformat()] * len(subjects),
        origins=[_ALONE] * len(subjects) if origins is None else [_sections_of(one) for one in origins],
    )
    return _texts(rulebook, written, parts)


def facts_texts(facts: pl.DataFrame) -> list[str]:
    """Each row's facts as they stand in its receipt: canonical JSON. Raises FactError."""
    return _rows_as_json(checked_facts(facts))


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
    written = _Given(
        facts=[canonical_text(one) for one in facts],
        subjects=[canonical_text(entry["subject"]) for entry in given],
        days=[entry["assessed_on"] for entry in given],
        origins=[_sections_text(entry["origins"]) for entry in given],
    )
    return _texts(rulebook, written, parts)


@dataclass(frozen=True, slots=True)
class _Given:
    """What judging does not change, as canonical texts, one per receipt. `origins`: its sections, None: format 1."""

    facts: Sequence[str]
    subjects: Sequence[str]
    days: Sequence[str]
    origins: Sequence[tuple[str, str, str] | None]


def _sections_of(origins: Origins) -> tuple[str, str, str] | None:
    return _ALONE if origins is FORM_ALONE else _sections_text(origins.sections())


def _sections_text(sections: Mapping[str, Any] | None) -> tuple[str, str, str] | None:
    if sections is None:
        return None
    attachments, conflicts, sources = (canonical_text(sections[key]) for key in _SECTIONS)
    return attachments, conflicts, sources


_SECTIONS: Mapping[str, type] = {"attachments": dict, "conflicts": list, "sources": dict}
_ALONE = ("{}", "[]", "{}")


def _texts(rulebook: Rulebook, given: _Given, parts: pl.DataFrame) -> list[str]:
    verdicts = criterion_verdicts(rulebook, parts)
    criteria = verdicts.select(verdict_text(pl.col(str(c.number))).alias(str(c.number)) for c in rulebook.criteria)
    header = canonical_text({"id": rulebook.id, "digest": rulebook.digest})
    judged = (_rows_as_json(criteria), verdicts["overall"], _rows_as_json(parts))
    columns = (given.days, given.facts, given.subjects, given.origins, *judged)
    return [_text(header, *row) for row in zip(*columns, strict=True)]


def _text(
    header: str,
    day: str,
    facts: str,
    subject: str,
    origins: tuple[str, str, str] | None,
    criteria: str,
    overall: str,
    parts: str,
) -> str:
    """Keys in order, without a space: what receipt_text would write."""
    before = after = ""
    if origins is not None:
        attachments, conflicts, sources = origins
        before, after = f'"attachments":{attachments},"conflicts":{conflicts},', f'"sources":{sources},'
    version = FIRST_FORMAT if origins is None else FORMAT
    return (
        f'{{"assessed_on":"{day}",{before}"criteria":{criteria},"facts":{facts},"format":"{version}",'
        f'"overall":"{overall}","parts":{parts},"rulebook":{header},{after}"subject":{subject}}}'
    )


def _rows_as_json(frame: pl.DataFrame) -> list[str]:
    """Each row as a JSON object with sorted keys; canonical for integers, booleans, text and null."""
    return frame.select(pl.struct(sorted(frame.columns)).struct.json_encode()).to_series().to_list()


def _read(text: str) -> Mapping[str, Any]:
    """The sections that a replay starts from."""
    content: Any = json.loads(text)
    if not isinstance(content, dict) or cast("dict[str, Any]", content).get("format") not in (FORMAT, FIRST_FORMAT):
        raise ValueError(f"not a receipt of format {FORMAT} or {FIRST_FORMAT}")
    content = cast("dict[str, Any]", content)
    facts, subject, day = (content.get(key) for key in ("facts", "subject", "assessed_on"))
    if not isinstance(facts, dict) or not isinstance(subject, dict) or not isinstance(day, str):
        raise ValueError("the receipt is incomplete")  # noqa: TRY004 - a receipt is one value, right or wrong
    return {
        "facts": facts,
        "subject": canonical_subject(cast("Subject", subject)),
        "assessed_on": date.fromisoformat(day).isoformat(),
        "origins": None if content["format"] == FIRST_FORMAT else _read_origins(content),
    }


def _read_origins(content: Mapping[str, Any]) -> Mapping[str, Any]:
    if not all(isinstance(content.get(key), kind) for key, kind in _SECTIONS.items()):
        raise ValueError("the receipt is incomplete")
    return {key: canonical_value(content[key]) for key in _SECTIONS}
