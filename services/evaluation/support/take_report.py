"""Take loans and equity from a progress report: the ledger says what the report says while it is accepted."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.support.ledger import hold_recording, is_current
from services.evaluation.support.report_items import ReportedItem, items_of
from shared import audit
from shared.models.base import new_id
from shared.models.evaluation import SupportAction
from shared.models.reads import AcceptedReport, accepted_report

_TAKING = text("SELECT pg_advisory_xact_lock(hashtextextended('support from report ' || :id, 0))")
_LEFT_OUT, _REOPENED = "该报告更正后已不含此项", "该报告已退回，不再是已接收的报告"


async def take_report(session: AsyncSession, report_id: uuid.UUID) -> None:
    """Bring the rows taken from a report in line with it; doing so again changes nothing.

    What the report says no more is withdrawn, what it says anew is added, and what stays is left as it was recorded.
    """
    await session.execute(_TAKING, {"id": str(report_id)})
    report = await accepted_report(session, report_id)
    if report is not None:
        await hold_recording(session, [report.enterprise_id])
    items = [] if report is None else items_of(report)
    taken = await _taken(session, report_id)
    wanted = Counter(item.content for item in items)
    stale: list[SupportAction] = []
    for row in taken:
        if wanted[_content(row)] > 0:
            wanted[_content(row)] -= 1
        else:
            stale.append(row)
    rows = [_withdrawal(row, report) for row in stale]
    if report is not None:
        rows += [_row(report, item) for item in _remaining(items, wanted)]
    session.add_all(rows)
    await session.flush()
    acts: list[tuple[tuple[str, uuid.UUID], dict[str, Any]]] = [
        (("support_action", row.id), {"source_key": row.source_key, "withdrawn": row.withdrawn}) for row in rows
    ]
    await audit.record_each(session, service="evaluation", actor=audit.SYSTEM, action="support.take", acts=acts)


async def _taken(session: AsyncSession, report_id: uuid.UUID) -> Sequence[SupportAction]:
    statement = (
        select(SupportAction).where(SupportAction.report_id == report_id, is_current()).order_by(SupportAction.id)
    )
    return (await session.execute(statement)).scalars().all()


def _content(row: SupportAction) -> tuple[Any, ...]:
    return (row.kind, row.happened_on, row.provider, row.subject, row.amount_fen, row.claim)


def _remaining(items: Sequence[ReportedItem], wanted: Counter[tuple[Any, ...]]) -> list[ReportedItem]:
    """The items that no row tells yet: of equal ones the last."""
    found: list[ReportedItem] = []
    for item in reversed(items):
        if wanted[item.content] > 0:
            wanted[item.content] -= 1
            found.append(item)
    return found[::-1]


def _row(report: AcceptedReport, item: ReportedItem) -> SupportAction:
    return SupportAction(
        id=new_id(),
        kind=item.kind,
        uscc=report.uscc,
        city_code=report.city_code,
        source="report",
        happened_on=item.happened_on,
        provider=item.provider,
        subject=item.subject,
        amount_fen=item.amount_fen,
        claim=item.claim,
        recorded_by=audit.SYSTEM.subject,
        report_id=report.id,
        report_revision=report.revision,
        source_key=f"{report.id}/{report.revision}/{item.place}",
    )


def _withdrawal(row: SupportAction, report: AcceptedReport | None) -> SupportAction:
    return SupportAction(
        id=new_id(),
        kind=row.kind,
        uscc=row.uscc,
        city_code=row.city_code,
        source="report",
        recorded_by=audit.SYSTEM.subject,
        corrects=row.id,
        withdrawn=True,
        reason=_REOPENED if report is None else _LEFT_OUT,
        report_id=row.report_id,
        report_revision=row.report_revision if report is None else report.revision,
        source_key=f"{row.source_key}/withdrawn",
    )
