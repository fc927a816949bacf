"""When transitional clauses apply: days of assessment, one clause at most for a part on any day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from services.evaluation.rulebooks.rulebook import Transition
from services.evaluation.rulebooks.tables import Place, Table

_ENDS = frozenset({"assessed_from", "assessed_until", "assessed_before"})


def period(table: Table) -> tuple[date | None, date | None]:
    """First and last day, from `assessed_from` (included) and `assessed_until` (included) or `assessed_before` (not).

    Tells `missing` where no end is given, `malformed` where no day is left.
    """
    first, last = table.optional_date("assessed_from"), table.optional_date("assessed_until")
    before = table.optional_date("assessed_before")
    if last is not None and before is not None:
        table.place.tell(
            "malformed",
            "give `assessed_until` or `assessed_before`, not both",
            "`assessed_until` 与 `assessed_before` 只写其一",
            key="assessed_before",
        )
    if before is not None:
        last = before - timedelta(days=1)
    if not table.content.keys() & _ENDS:
        table.place.tell(
            "missing",
            "`assessed_from`, `assessed_until` or `assessed_before` is missing",
            "缺少 `assessed_from`、`assessed_until` 或 `assessed_before`",
        )
    if first is not None and last is not None and last < first:
        table.place.tell("malformed", "the clause applies on no day", "没有一天适用", key=_last_key(table))
    return first, last


def _last_key(table: Table) -> str:
    return "assessed_before" if "assessed_before" in table.content else "assessed_until"


def refuse_overlaps(transitions: Sequence[Transition], places: Sequence[Place]) -> None:
    """Tells `ambiguous` at the later of two clauses that both govern a part on some day."""
    for later, place in zip(range(len(transitions)), places, strict=True):
        for earlier in range(later):
            if _overlap(transitions[earlier], transitions[later]):
                other = transitions[earlier].key
                place.tell(
                    "ambiguous",
                    f"on some days `{other}` governs the same part as well",
                    f"有的日子过渡条款“{other}”也适用于同一项",
                )


def _overlap(one: Transition, other: Transition) -> bool:
    if one.part != other.part:
        return False
    first = max(one.first or date.min, other.first or date.min)
    return first <= min(one.last or date.max, other.last or date.max)
