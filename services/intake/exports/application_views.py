"""Applications and their cycles as tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Numeric, Select, and_, cast, select

from services.intake.applications.queries import Wanted, correction_overdue, listed_applications
from services.intake.exports.filters import ApplicationFilters, Filters
from services.intake.exports.tabular import Column
from services.intake.exports.view import CITY, CYCLE, NAME, USCC, View
from shared.models.intake import Application, ApplicationSnapshot, Cycle, Enterprise
from shared.security.actor import Actor

APPLICATION_STATUS = {
    "draft": "草稿",
    "submitted": "已提交",
    "returned": "已退回",
    "recommended": "已推荐",
    "not_recommended": "不予推荐",
    "passed_on": "已转省级",
    "withdrawn": "已撤回",
}


def _applications(actor: Actor, filters: ApplicationFilters) -> Select[*tuple[Any, ...]]:
    form = ApplicationSnapshot.payload
    wanted = Wanted(
        cycle=filters.cycle,
        status=filters.status,
        city=filters.city,
        uscc=filters.uscc,
        correction_overdue=filters.correction_overdue,
    )
    newest = and_(
        ApplicationSnapshot.application_id == Application.id, ApplicationSnapshot.revision == Application.revision
    )
    return (
        listed_applications(actor, wanted)
        .outerjoin(ApplicationSnapshot, newest)
        .with_only_columns(
            Cycle.code,
            Enterprise.uscc,
            Enterprise.name,
            Application.city_code,
            Application.status,
            Application.revision,
            Application.submitted_at,
            form["finance", "fiscal_year"].as_integer(),
            cast(form["finance", "revenue_cny"].as_string(), Numeric),
            cast(form["finance", "rd_expense_cny"].as_string(), Numeric),
            form["people", "employees"].as_integer(),
            Application.return_reasons,
            Application.correct_until,
            correction_overdue,
        )
    )


def _cycles(_: Actor, __: Filters) -> Select[*tuple[Any, ...]]:
    return select(
        Cycle.code,
        Cycle.title,
        Cycle.opens_at,
        Cycle.closes_at,
        Cycle.assessed_on,
        Cycle.rulebook_id,
        Cycle.rulebook_digest,
    ).order_by(Cycle.opens_at.desc())


APPLICATION_VIEWS = (
    View(
        "applications",
        "申报清单",
        "applications:read",
        ApplicationFilters,
        (
            CYCLE,
            USCC,
            NAME,
            CITY,
            Column("状态", width=11, labels=APPLICATION_STATUS),
            Column("版次", "integer", 8),
            Column("提交时间", "moment", 20),
            Column("报告年度", "code", 10),
            Column("营业收入（元）", "money", 20),
            Column("研发投入（元）", "money", 20),
            Column("从业人员（人）", "integer", 14),
            Column("退回原因", "reasons", 50),
            Column("补正期限", "moment", 20),
            Column("补正逾期", "boolean", 10),
        ),
        _applications,
    ),
    View(
        "cycles",
        "申报批次",
        "cycles:read",
        Filters,
        (
            CYCLE,
            Column("名称", width=36),
            Column("开始时间", "moment", 20),
            Column("截止时间", "moment", 20),
            Column("评估日", "date", 13),
            Column("评判规则", "code", 20),
            Column("规则摘要（SHA-256）", "code", 68),
        ),
        _cycles,
    ),
)
