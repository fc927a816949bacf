"""Imports, and what came of their rows, as tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.exports.filters import ImportFilters, ImportRowFilters, RejectedRowFilters
from services.intake.exports.tabular import Column
from services.intake.exports.view import CITY, CYCLE, ID, USCC, View
from services.intake.imports.queries import COUNTS, import_within_reach, listed_imports, listed_rows
from shared.models.intake import ApplicationImport, Cycle, ImportRow
from shared.security.actor import Actor

IMPORT_FORMAT = {"workbook": "Excel 工作簿", "ndjson": "NDJSON"}
IMPORT_MODE = {"accept_good": "逐行采用", "all_or_nothing": "全部成功才导入"}
IMPORT_STATUS = {"received": "已接收", "processed": "已处理", "stopped": "已中止", "refused": "整份退回"}
ROW_OUTCOME = {"accepted": "已采用", "rejected": "未采用", "held_back": "无误但未导入"}


def _imports(actor: Actor, filters: ImportFilters) -> Select[*tuple[Any, ...]]:
    return (
        listed_imports(actor, cycle=filters.cycle)
        .order_by(ApplicationImport.id.desc())
        .with_only_columns(
            ApplicationImport.id,
            Cycle.code,
            ApplicationImport.format,
            ApplicationImport.file_name,
            ApplicationImport.city_code,
            ApplicationImport.mode,
            ApplicationImport.validate_only,
            ApplicationImport.status,
            *COUNTS,
            ApplicationImport.problem["title_zh"].as_string(),
            ApplicationImport.uploaded_by,
            ApplicationImport.created_at,
            ApplicationImport.finished_at,
        )
    )


def _rows(_: Actor, filters: ImportRowFilters) -> Select[*tuple[Any, ...]]:
    return listed_rows(filters.import_id, outcome=filters.outcome).with_only_columns(
        ImportRow.sheet,
        ImportRow.row,
        ImportRow.uscc,
        ImportRow.outcome,
        ImportRow.application_id,
        ImportRow.violations,
    )


def _rejected_rows(_: Actor, filters: RejectedRowFilters) -> Select[*tuple[Any, ...]]:
    return listed_rows(filters.import_id, outcome="rejected").with_only_columns(
        ImportRow.sheet, ImportRow.row, ImportRow.uscc, ImportRow.violations
    )


async def _is_within_reach(session: AsyncSession, actor: Actor, filters: RejectedRowFilters) -> object:
    return await import_within_reach(session, actor, filters.import_id)


_SHEET = Column("工作表", width=14)
_ROW = Column("行号", "integer", 8)
_WHY = Column("原因", "reasons", 90)
IMPORT_VIEWS = (
    View(
        "imports",
        "导入记录",
        "imports:read",
        ImportFilters,
        (
            ID,
            CYCLE,
            Column("格式", width=14, labels=IMPORT_FORMAT),
            Column("文件名", width=36),
            CITY,
            Column("采用方式", width=16, labels=IMPORT_MODE),
            Column("仅校验", "boolean", 9),
            Column("状态", width=11, labels=IMPORT_STATUS),
            Column("总行数", "integer", 11),
            Column("读取行数", "integer", 11),
            Column("采用行数", "integer", 11),
            Column("未采用行数", "integer", 12),
            Column("整份未导入原因", width=36),
            Column("上传人", width=16),
            Column("上传时间", "moment", 20),
            Column("完成时间", "moment", 20),
        ),
        _imports,
    ),
    View(
        "import-rows",
        "逐行结果",
        "imports:read",
        ImportRowFilters,
        (_SHEET, _ROW, USCC, Column("结果", width=14, labels=ROW_OUTCOME), Column("申报编号", "code", 38), _WHY),
        _rows,
        _is_within_reach,
    ),
    View(
        "rejected-rows",
        "未采用的行",
        "imports:read",
        RejectedRowFilters,
        (_SHEET, _ROW, USCC, _WHY),
        _rejected_rows,
        _is_within_reach,
    ),
)
