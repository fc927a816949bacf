"""Deltas: edition n with the changes between is edition m, for every history and every n and m."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.finance.lists.deltas import folded
from services.finance.lists.differences import Listed, apply_changes, changes_between
from services.finance.lists.edition import body_of, digest_of, edition_content, entry_of, head_of
from shared.models.finance import EditionChange
from shared.models.reads import PoolMember

# Who is listed under which name: few codes, so that many leave and come back.
_state = st.dictionaries(st.sampled_from(["A", "B", "C", "D", "E"]), st.sampled_from(["甲", "乙"]))
_history = st.lists(_state, min_size=1, max_size=6)
_AT = datetime(2026, 1, 1, tzinfo=UTC)


def _members(state: dict[str, str]) -> list[PoolMember]:
    return [PoolMember(uscc, name, "420100", date(2024, 6, 6), uuid.UUID(int=1)) for uscc, name in state.items()]


def _listed(state: dict[str, str]) -> dict[str, Listed]:
    return {one.uscc: Listed(entry_of(one), None) for one in _members(state)}


def _published(history: list[dict[str, str]]) -> tuple[list[dict], list[list[EditionChange]]]:
    """Every edition of a history, and the rows that each recorded."""
    editions: list[dict] = []
    recorded: list[list[EditionChange]] = []
    before: dict[str, str] = {}
    for serial, state in enumerate(history, start=1):
        previous = digest_of(body_of(editions[-1])) if editions else None
        editions.append(
            edition_content(
                programme="p",
                title="名单",
                serial=serial,
                issued_at=_AT + timedelta(days=serial),
                expires_at=_AT + timedelta(days=serial + 31),
                previous_digest=previous,
                entries=[entry_of(one) for one in _members(state)],
            )
        )
        changes = changes_between(_listed(before), _listed(state))
        recorded.append([EditionChange(uscc=one.uscc, change=one.kind, entry=one.entry) for one in changes])
        before = state
    return editions, recorded


def _delta(editions: list[dict], recorded: list[list[EditionChange]], since: int, to: int) -> dict:
    return {
        "digest_before": digest_of(body_of(editions[since])),
        "digest_after": digest_of(body_of(editions[to])),
        "head": head_of(editions[to]),
        **folded([one for rows in recorded[since + 1 : to + 1] for one in rows]),
    }


@given(_history)
def test_an_edition_with_the_changes_since_is_the_later_one(history: list[dict[str, str]]) -> None:
    editions, recorded = _published(history)
    for since in range(len(editions)):
        for to in range(since, len(editions)):
            delta = _delta(editions, recorded, since, to)
            assert body_of(apply_changes(editions[since], delta)) == body_of(editions[to])
            codes = [one["uscc"] for one in delta["added"] + delta["changed"]] + delta["removed"]
            assert len(codes) == len(set(codes)) <= sum(map(len, recorded[since + 1 : to + 1]))


def test_a_delta_of_another_edition_or_an_altered_one_is_not_applied() -> None:
    editions, recorded = _published([{"A": "甲"}, {"A": "甲", "B": "甲"}, {"B": "乙"}])
    delta = _delta(editions, recorded, 1, 2)
    with pytest.raises(ValueError, match="begins at another"):
        apply_changes(editions[0], delta)
    with pytest.raises(ValueError, match="does not make"):
        apply_changes(editions[1], delta | {"removed": []})
    with pytest.raises(ValueError, match="does not make"):
        apply_changes(editions[1], delta | {"head": delta["head"] | {"serial": 9}})
