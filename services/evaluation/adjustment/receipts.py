"""Receipts of adjustment: who was judged, by which rules, on which day, with what outcome; they replay byte for byte."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, cast

import polars as pl

from services.evaluation.adjustment.explanation import explain
from services.evaluation.adjustment.members import MEMBER_COLUMNS, checked_members, members_frame
from services.evaluation.adjustment.outcomes import outcomes as judged
from services.evaluation.adjustment.rules import Rules
from shared.canonical import canonical_text

__all__ = ["FORMAT", "explain", "receipts", "replay"]

FORMAT = "adjustment-receipt/1"
_PIECE = 50_000


def receipts(rules: Rules, members: pl.DataFrame, outcomes: pl.DataFrame, on: date) -> list[str]:
    """Canonical JSON (RFC 8785) for each row: format, member (every column), on, outcome, rules (id and digest).

    `outcomes` are those of these members on this day. Raises FactError, ValueError where the rows are not theirs.
    """
    frame = checked_members(members, on)
    if not frame["membership_id"].equals(outcomes["membership_id"]):
        raise ValueError("the outcomes are of other members")
    header = canonical_text({"digest": rules.digest, "id": rules.id})
    before, after = f'{{"format":"{FORMAT}","member":', f',"on":"{on.isoformat()}","outcome":'
    # The order of kinds says nothing: the same member has one receipt.
    members_told = frame.with_columns(pl.col("incident_kinds").list.unique().list.sort())
    results = outcomes.drop("membership_id")
    texts: list[str] = []
    # Piece by piece, so that what is put together does not stand beside its parts for all members at once.
    for start in range(0, frame.height, _PIECE):
        piece = (_rows_as_json(one.slice(start, _PIECE)) for one in (members_told, results))
        texts += [f'{before}{m}{after}{o},"rules":{header}}}' for m, o in zip(*piece, strict=True)]
    return texts


def replay(text: str, rules: Rules) -> str:
    """The receipt's member judged again on its day: the same text under the same rules, else what these would have said.

    Raises ValueError for what is no receipt of ours, FactError for a member that cannot be judged.
    """
    member, on = _read(text)
    frame = members_frame([member])
    return receipts(rules, frame, judged(rules, frame, on), on)[0]


def _rows_as_json(frame: pl.DataFrame) -> list[str]:
    """Each row as a JSON object with sorted keys; canonical for integers, booleans, dates, text, lists and null."""
    return frame.select(pl.struct(sorted(frame.columns)).struct.json_encode()).to_series().to_list()


def _read(text: str) -> tuple[dict[str, Any], date]:
    content: Any = json.loads(text)
    if not isinstance(content, dict) or cast("dict[str, Any]", content).get("format") != FORMAT:
        raise ValueError(f"not a receipt of format {FORMAT}")
    content = cast("dict[str, Any]", content)
    member, on = content.get("member"), content.get("on")
    if not isinstance(member, dict) or not isinstance(on, str):
        raise ValueError("the receipt is incomplete")  # noqa: TRY004 (a receipt is one value, right or wrong)
    return {key: _value(key, value) for key, value in cast("dict[str, Any]", member).items()}, date.fromisoformat(on)


def _value(name: str, value: Any) -> Any:
    is_day = MEMBER_COLUMNS.get(name) == pl.Date()
    return date.fromisoformat(value) if is_day and isinstance(value, str) else value
