"""The exchange with the national system as tables: what is told to it, and what differs between the two sides."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.exports.application_views import APPLICATION_STATUS
from services.intake.exports.filters import DeliveryFilters, DifferenceFilters
from services.intake.exports.tabular import Column
from services.intake.exports.view import ID, View
from services.intake.national.queries import listed_deliveries, listed_differences, reconciliation_or_refuse
from shared.models.intake import NationalDelivery, NationalDifference
from shared.security.actor import Actor

RECORD_KIND = {"application": "申报", "recommendation": "推荐", "pool_change": "培育库变动"}
DELIVERY_STATUS = {
    "pending": "待报送",
    "sent": "报送中",
    "accepted": "已接收",
    "rejected": "被拒收",
    "dead": "已停止重试",
}
DIFFERENCE = {
    "missing_there": "国家系统缺少",
    "missing_here": "本系统缺少",
    "digest_differs": "内容不一致",
    "status_differs": "状态不一致",
}
_EITHER_STATUS = APPLICATION_STATUS | DELIVERY_STATUS


def _deliveries(_: Actor, filters: DeliveryFilters) -> Select[*tuple[Any, ...]]:
    return (
        listed_deliveries(filters.status)
        .order_by(NationalDelivery.id.desc())
        .with_only_columns(
            NationalDelivery.id,
            NationalDelivery.key,
            NationalDelivery.kind,
            NationalDelivery.status,
            NationalDelivery.attempts,
            NationalDelivery.failures,
            NationalDelivery.due_at,
            NationalDelivery.last_error,
            NationalDelivery.remote_id,
            NationalDelivery.result["reason"].as_string(),
            NationalDelivery.digest,
            NationalDelivery.created_at,
            NationalDelivery.settled_at,
        )
    )


def _differences(_: Actor, filters: DifferenceFilters) -> Select[*tuple[Any, ...]]:
    ours, theirs = NationalDifference.ours, NationalDifference.theirs
    return listed_differences(filters.reconciliation_id).with_only_columns(
        NationalDifference.difference,
        NationalDifference.kind,
        NationalDifference.key,
        *(side[member].as_string() for side in (ours, theirs) for member in ("status", "version", "digest")),
    )


async def _is_known(session: AsyncSession, _: Actor, filters: DifferenceFilters) -> object:
    return await reconciliation_or_refuse(session, filters.reconciliation_id)


_KIND = Column("类别", width=14, labels=RECORD_KIND)
_DIGEST = 68
NATIONAL_VIEWS = (
    View(
        "national-deliveries",
        "向国家系统报送",
        "national:read",
        DeliveryFilters,
        (
            ID,
            Column("报送标识", "code", 60),
            _KIND,
            Column("状态", width=12, labels=DELIVERY_STATUS),
            Column("报送次数", "integer", 10),
            Column("失败次数", "integer", 10),
            Column("下次报送时间", "moment", 20),
            Column("最近错误", width=40),
            Column("国家系统编号", "code", 24),
            Column("国家系统答复", width=40),
            Column("内容摘要（SHA-256）", "code", _DIGEST),
            Column("生成时间", "moment", 20),
            Column("办结时间", "moment", 20),
        ),
        _deliveries,
    ),
    View(
        "national-differences",
        "与国家系统对账差异",
        "national:read",
        DifferenceFilters,
        (
            Column("差异", width=16, labels=DIFFERENCE),
            _KIND,
            Column("标识", "code", 60),
            Column("本系统状态", width=14, labels=_EITHER_STATUS),
            Column("本系统版本", "integer", 12),
            Column("本系统摘要（SHA-256）", "code", _DIGEST),
            Column("国家系统状态", width=14, labels=_EITHER_STATUS),
            Column("国家系统版本", "integer", 14),
            Column("国家系统摘要（SHA-256）", "code", _DIGEST),
        ),
        _differences,
        _is_known,
    ),
)
