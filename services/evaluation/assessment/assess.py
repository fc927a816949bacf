"""Judge a batch of recommended snapshots by what their forms say and what others state."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, TypeAlias

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.facts import facts_frame
from services.evaluation.assessment.inputs import by_criterion, inputs_digest
from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.assessment.store import Judged, store
from services.evaluation.assessment.stored import judged_and_selected
from services.evaluation.facts.overlay import Whose, overlay
from services.evaluation.facts.queries import claims_of
from services.evaluation.rulebooks.judge import criterion_verdicts, judge
from services.evaluation.rulebooks.origins import Origins
from services.evaluation.rulebooks.receipt import facts_texts, receipts
from services.evaluation.rulebooks.rulebook import Rulebook
from shared import calendar
from shared.models.evaluation import Assessment
from shared.models.reads import RecommendedSnapshot, attachment_digests_of


async def assess(session: AsyncSession, snapshots: Sequence[RecommendedSnapshot]) -> int:
    """Judge the snapshots by what is known now; returns how many judgements were new.

    The same facts under the same rulebook are one judgement: it is found again, and current again. The earlier
    assessment of an application stays, no longer current. What an appeal reopened stays reopened, whatever the facts. What was judged before is left as it was where the cycle's
    selection is committed. To be held: `hold_judging`, and the candidacy of the cycles.
    """
    settled = await judged_and_selected(session, snapshots)
    waiting = [one for one in snapshots if one.snapshot_id not in settled]
    new = 0
    for (digest, assessed_on), group in groupby(sorted(waiting, key=_rulebook_and_date), key=_rulebook_and_date):
        rulebook = (await rulebook_of(session, digest)).on(assessed_on)
        new += await _assess_group(session, rulebook, assessed_on, list(group))
    return new


def _rulebook_and_date(snapshot: RecommendedSnapshot) -> tuple[str, Any]:
    return snapshot.rulebook_digest, snapshot.assessed_on


async def _assess_group(
    session: AsyncSession, rulebook: Rulebook, assessed_on: Any, snapshots: list[RecommendedSnapshot]
) -> int:
    judged = await _judged(session, rulebook, assessed_on, snapshots)
    known, reopened = await _known(session, rulebook, snapshots)
    new = [row for row, key in enumerate(_keys(judged)) if key not in known]
    again = [known[key] for key in _keys(judged) if key in known and not known[key].current]
    replaced = {snapshots[row].application_id for row in new} | {one.application_id for one in again}
    if replaced:
        superseded = update(Assessment).where(Assessment.application_id.in_(replaced), Assessment.current)
        await session.execute(superseded.values(current=False))
    if again:
        restored = update(Assessment).where(Assessment.id.in_([one.id for one in again]))
        await session.execute(restored.values(current=True))
    if new:
        await store(session, rulebook, judged if len(new) == len(snapshots) else judged.only(new), reopened)
    return len(new)


async def _judged(
    session: AsyncSession, rulebook: Rulebook, assessed_on: Any, snapshots: list[RecommendedSnapshot]
) -> Judged:
    whose = [Whose(one.uscc, one.application_id) for one in snapshots]
    told = facts_frame([one.payload for one in snapshots], assessed_on)
    stated = await claims_of(session, [one.uscc for one in snapshots])
    facts, stated_origins = overlay(told, whose, stated, assessed_on)
    parts = judge(rulebook, facts)
    return Judged(
        snapshots=snapshots,
        criteria=criterion_verdicts(rulebook, parts),
        receipts=receipts(
            rulebook,
            facts,
            parts,
            [_subject(one) for one in snapshots],
            assessed_on,
            await _with_attachments(session, snapshots, stated_origins),
        ),
        inputs=[inputs_digest(text, one) for text, one in zip(facts_texts(facts), stated_origins, strict=True)],
        conflicts=[len(one.conflicts) for one in stated_origins],
    )


async def _with_attachments(
    session: AsyncSession, snapshots: list[RecommendedSnapshot], origins: list[Origins]
) -> list[Origins]:
    found = await attachment_digests_of(session, [one.snapshot_id for one in snapshots])
    return [
        replace(one, attachments=by_criterion(files)) if (files := found.get(snapshot.snapshot_id)) else one
        for snapshot, one in zip(snapshots, origins, strict=True)
    ]


_Key: TypeAlias = tuple[uuid.UUID, str]


def _keys(judged: Judged) -> list[_Key]:
    return [(one.snapshot_id, digest) for one, digest in zip(judged.snapshots, judged.inputs, strict=True)]


@dataclass(frozen=True, slots=True)
class _Judgement:
    """One that is stored."""

    id: uuid.UUID
    application_id: uuid.UUID
    current: bool


async def _known(
    session: AsyncSession, rulebook: Rulebook, snapshots: list[RecommendedSnapshot]
) -> tuple[dict[_Key, _Judgement], dict[uuid.UUID, int]]:
    """What was judged of these snapshots by this rulebook since each was last reopened, by snapshot and inputs.

    And how often each snapshot was reopened.
    """
    statement = select(
        Assessment.snapshot_id,
        Assessment.inputs_digest,
        Assessment.reopening,
        Assessment.id,
        Assessment.application_id,
        Assessment.current,
    ).where(
        Assessment.snapshot_id.in_([one.snapshot_id for one in snapshots]),
        Assessment.rulebook_digest == rulebook.digest,
    )
    known: dict[_Key, _Judgement] = {}
    reopened: dict[uuid.UUID, int] = {}
    # The most reopened first: what was judged before an appeal does not come back.
    for row in await session.execute(statement.order_by(Assessment.reopening.desc())):
        if reopened.setdefault(row.snapshot_id, row.reopening) == row.reopening:
            known[row.snapshot_id, row.inputs_digest] = _Judgement(row.id, row.application_id, row.current)
    return known, reopened


def _subject(snapshot: RecommendedSnapshot) -> dict[str, str]:
    return {
        "application_id": str(snapshot.application_id),
        "snapshot_id": str(snapshot.snapshot_id),
        "snapshot_digest": snapshot.snapshot_digest,
        "submitted_on": calendar.business_date(snapshot.submitted_at).isoformat(),
    }
