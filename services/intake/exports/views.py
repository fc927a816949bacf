"""The list views that can be exported: what each shows, who may see it, and the one statement behind it.

A further capability adds its view here: a `View` of columns, scope, filters and a statement within the actor's reach.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Numeric, Select, and_, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.queries import within_reach
from services.intake.exports.filters import ApplicationFilters, Filters, ImportFilters, RejectedRowFilters
from services.intake.exports.tabular import Column
from services.intake.imports.queries import import_within_reach
from shared.models.intake import Application, ApplicationImport, ApplicationSnapshot, Cycle, Enterprise, ImportRow
from shared.reference.divisions import cities
from shared.security.actor import Actor

# Returns a select of one expression per column, in their order, limited to what the actor may see.
Statement = Callable[[Actor, Any], Select[*tuple[Any, ...]]]
# Raises a Problem before the first byte, for a thing that the filters name and the actor may not see.
Check = Callable[[AsyncSession, Actor, Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class View:
    """One exportable list. `name` is the last part of its path, `title` the name of the file and of its sheet."""

    name: str
    title: str
    scope: str
    filters: type[Filters]
    columns: tuple[Column, ...]
    statement: Statement
    check: Check | None = None


CITIES = {city.code: city.name for city in cities()}
APPLICATION_STATUS = {
    "draft": "草稿",
    "submitted": "已提交",
    "returned": "已退回",
    "recommended": "已推荐",
    "not_recommended": "不予推荐",
    "passed_on": "已转省级",
    "withdrawn": "已撤回",
}
IMPORT_STATUS = {"received": "已接收", "processed": "已处理", "stopped": "已中止", "refused": "整份退回"}


def _applications(actor: Actor, filters: ApplicationFilters) -> Select[*tuple[Any, ...]]:
    form = ApplicationSnapshot.payload
    statement = (
        select(
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
        )
        .join(Enterprise, Enterprise.id == Application.enterprise_id)
        .join(Cycle, Cycle.id == Application.cycle_id)
        .outerjoin(
            ApplicationSnapshot,
            and_(
                ApplicationSnapshot.application_id == Application.id,
                ApplicationSnapshot.revision == Application.revision,
            ),
        )
        .order_by(Application.id)
    )
    if filters.cycle is not None:
        statement = statement.where(Cycle.code == filters.cycle)
    if filters.status is not None:
        statement = statement.where(Application.status == filters.status)
    return within_reach(statement, actor)


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


def _imports(actor: Actor, filters: ImportFilters) -> Select[*tuple[Any, ...]]:
    statement = (
        select(
            ApplicationImport.id,
            Cycle.code,
            ApplicationImport.file_name,
            ApplicationImport.city_code,
            ApplicationImport.status,
            ApplicationImport.rows_read,
            ApplicationImport.rows_accepted,
            ApplicationImport.rows_rejected,
            ApplicationImport.problem["title_zh"].as_string(),
            ApplicationImport.uploaded_by,
            ApplicationImport.created_at,
            ApplicationImport.finished_at,
        )
        .join(Cycle, Cycle.id == ApplicationImport.cycle_id)
        .order_by(ApplicationImport.id)
    )
    if filters.cycle is not None:
        statement = statement.where(Cycle.code == filters.cycle)
    if actor.city_code is not None:
        statement = statement.where(ApplicationImport.city_code == actor.city_code)
    return statement


def _rejected_rows(_: Actor, filters: RejectedRowFilters) -> Select[*tuple[Any, ...]]:
    return (
        select(ImportRow.sheet, ImportRow.row, ImportRow.uscc, ImportRow.violations)
        .where(ImportRow.import_id == filters.import_id, ImportRow.outcome == "rejected")
        .order_by(ImportRow.position)
    )


async def _import_is_within_reach(session: AsyncSession, actor: Actor, filters: RejectedRowFilters) -> object:
    return await import_within_reach(session, actor, filters.import_id)


_USCC = Column("统一社会信用代码", "code", 22)
_CYCLE = Column("批次", "code", 12)
VIEWS: tuple[View, ...] = (
    View(
        "applications",
        "申报清单",
        "applications:read",
        ApplicationFilters,
        (
            _CYCLE,
            _USCC,
            Column("企业名称", width=36),
            Column("市州", width=22, labels=CITIES),
            Column("状态", width=11, labels=APPLICATION_STATUS),
            Column("版次", "integer", 8),
            Column("提交时间", "moment", 20),
            Column("报告年度", "code", 10),
            Column("营业收入（元）", "money", 20),
            Column("研发投入（元）", "money", 20),
            Column("从业人员（人）", "integer", 14),
            Column("退回原因", "reasons", 50),
        ),
        _applications,
    ),
    View(
        "cycles",
        "申报批次",
        "cycles:read",
        Filters,
        (
            _CYCLE,
            Column("名称", width=36),
            Column("开始时间", "moment", 20),
            Column("截止时间", "moment", 20),
            Column("评估日", "date", 13),
            Column("评判规则", "code", 20),
            Column("规则摘要（SHA-256）", "code", 68),
        ),
        _cycles,
    ),
    View(
        "imports",
        "导入记录",
        "imports:read",
        ImportFilters,
        (
            Column("编号", "code", 38),
            _CYCLE,
            Column("文件名", width=36),
            Column("市州", width=22, labels=CITIES),
            Column("状态", width=11, labels=IMPORT_STATUS),
            Column("读取行数", "integer", 11),
            Column("采用行数", "integer", 11),
            Column("未采用行数", "integer", 12),
            Column("整份退回原因", width=36),
            Column("上传人", width=16),
            Column("上传时间", "moment", 20),
            Column("完成时间", "moment", 20),
        ),
        _imports,
    ),
    View(
        "rejected-rows",
        "未采用的行",
        "imports:read",
        RejectedRowFilters,
        (
            Column("工作表", width=14),
            Column("行号", "integer", 8),
            _USCC,
            Column("原因", "reasons", 90),
        ),
        _rejected_rows,
        _import_is_within_reach,
    ),
)
