"""Progress reports and major problems as tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Numeric, Select, and_, cast

from services.intake.exports.filters import MajorProblemFilters, ReportFilters
from services.intake.exports.tabular import Column
from services.intake.exports.view import CITY, NAME, USCC, View
from services.intake.reports.major_problem_queries import listed_major_problems
from services.intake.reports.queries import listed_reports
from shared.models.intake import Enterprise, MajorProblem, ProgressReport, ProgressReportSnapshot, ReportingPeriod
from shared.security.actor import Actor

REPORT_STATUS = {"draft": "草稿", "submitted": "已提交", "returned": "已退回", "accepted": "已通过"}
MAJOR_PROBLEM_STATUS = {"reported": "已上报", "acknowledged": "已受理", "settled": "已办结"}
SEVERITY = {"notable": "较大", "major": "重大", "critical": "特别重大"}


def _reports(actor: Actor, filters: ReportFilters) -> Select[*tuple[Any, ...]]:
    form = ProgressReportSnapshot.payload
    newest = and_(
        ProgressReportSnapshot.report_id == ProgressReport.id,
        ProgressReportSnapshot.revision == ProgressReport.revision,
    )
    return (
        listed_reports(actor, period=filters.period, status=filters.status)
        .outerjoin(ProgressReportSnapshot, newest)
        .with_only_columns(
            ReportingPeriod.code,
            Enterprise.uscc,
            Enterprise.name,
            Enterprise.city_code,
            ProgressReport.status,
            ProgressReport.revision,
            ProgressReport.submitted_at,
            ProgressReport.decided_at,
            form["patents", "valid_count"].as_integer(),
            form["patents", "industrialised_count"].as_integer(),
            cast(form["finance", "revenue_cny"].as_string(), Numeric),
            cast(form["finance", "rd_expense_cny"].as_string(), Numeric),
            ProgressReport.return_reasons,
        )
    )


def _major_problems(actor: Actor, filters: MajorProblemFilters) -> Select[*tuple[Any, ...]]:
    return listed_major_problems(actor, status=filters.status, severity=filters.severity).with_only_columns(
        MajorProblem.city_code,
        Enterprise.uscc,
        MajorProblem.severity,
        MajorProblem.title,
        MajorProblem.description,
        MajorProblem.status,
        MajorProblem.reported_by,
        MajorProblem.reported_at,
        MajorProblem.acknowledged_by,
        MajorProblem.acknowledged_at,
        MajorProblem.answer,
        MajorProblem.settled_by,
        MajorProblem.settled_at,
    )


REPORT_VIEWS = (
    View(
        "progress-reports",
        "监测报告",
        "reports:read",
        ReportFilters,
        (
            Column("报告期", "code", 14),
            USCC,
            NAME,
            CITY,
            Column("状态", width=11, labels=REPORT_STATUS),
            Column("版次", "integer", 8),
            Column("提交时间", "moment", 20),
            Column("审核时间", "moment", 20),
            Column("有效专利（件）", "integer", 14),
            Column("已产业化专利（件）", "integer", 18),
            Column("营业收入（元）", "money", 20),
            Column("研发投入（元）", "money", 20),
            Column("退回原因", "reasons", 50),
        ),
        _reports,
    ),
    View(
        "major-problems",
        "重大问题",
        "reports:read",
        MajorProblemFilters,
        (
            CITY,
            USCC,
            Column("程度", width=11, labels=SEVERITY),
            Column("标题", width=36),
            Column("情况说明", width=60),
            Column("状态", width=11, labels=MAJOR_PROBLEM_STATUS),
            Column("上报人", width=16),
            Column("上报时间", "moment", 20),
            Column("受理人", width=16),
            Column("受理时间", "moment", 20),
            Column("答复", width=60),
            Column("办结人", width=16),
            Column("办结时间", "moment", 20),
        ),
        _major_problems,
    ),
)
