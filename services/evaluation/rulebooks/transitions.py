"""When transitional clauses apply: days of assessment, one clause at most for a part on any day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from services.evaluation.rulebooks.rulebook import Transition
from services.evaluation.rulebooks.tables import Place, Table


def period(table: Table) -> tuple[date | None, date | None]:
    """First and last day, from `assessed_from` (included) and `assessed_until` (included) or `assessed_before` (not).

    Raises RulebookError `missing` where no end is given, `malformed` where no day is left.
    """
    first, last = table.optional_date("assessed_from"), table.optional_date("assessed_until")
    before = table.optional_date("assessed_before")
    if last is not None and before is not None:
        raise table.place.error("malformed", "give `assessed_until` or `assessed_before`, not both")
    if before is not None:
        last = before - timedelta(days=1)
    if first is None and last is None:
        raise table.place.error("missing", "`assessed_from`, `assessed_until` or `assessed_before` is missing")
    if first is not None and last is not None and last < first:
        raise table.place.error("malformed", "the clause applies on no day")
    return first, last


def refuse_overlaps(transitions: Sequence[Transition], places: Sequence[Place]) -> None:
    """Raises RulebookError `ambiguous` at the later of two clauses that both govern a part on some day."""
    for later, place in zip(range(len(transitions)), places, strict=True):
        for earlier in range(later):
            if _overlap(transitions[earlier], transitions[later]):
                other = transitions[earlier].key
                raise place.error("ambiguous", f"on some days `{other}` governs the same part as well")


def _overlap(one: Transition, other: Transition) -> bool:
    if one.part != other.part:
        return False
    first = max(one.first or date.min, other.first or date.min)
    return first <= min(one.last or date.max, other.last or date.max)
