"""Refusals of a whole workbook, each with a stable code."""

from __future__ import annotations

from shared.errors import ErrorKind

NOT_A_WORKBOOK = ErrorKind(
    "not_a_workbook", 422, "The file is not an Excel workbook (.xlsx)", "不是 Excel 工作簿（.xlsx）"
)
WORKBOOK_FORMAT_UNSUPPORTED = ErrorKind(
    "workbook_format_unsupported",
    422,
    "This spreadsheet format is not supported; save it as .xlsx",
    "不支持该表格格式，请另存为 .xlsx 后上传",
)
WORKBOOK_ENCRYPTED = ErrorKind(
    "workbook_encrypted", 422, "The workbook is protected by a password", "工作簿设有打开密码，请取消密码后上传"
)
WORKBOOK_TOO_LARGE = ErrorKind("workbook_too_large", 413, "The workbook is too large", "工作簿过大")
WORKBOOK_TOO_MANY_ROWS = ErrorKind(
    "workbook_too_many_rows", 422, "The workbook has too many rows; split it", "工作簿行数过多，请拆分后上传"
)
WORKBOOK_OUT_OF_RANGE = ErrorKind(
    "workbook_out_of_range",
    422,
    "A cell far outside the table has content",
    "表格之外很远处的单元格有内容，请删除后上传",
)
WORKBOOK_UNREADABLE = ErrorKind(
    "workbook_unreadable", 422, "The workbook is damaged or cannot be read", "工作簿已损坏或无法读取，请重新另存后上传"
)
WORKBOOK_HEADINGS_MISSING = ErrorKind(
    "workbook_headings_missing", 422, "Required sheets or headings are missing", "缺少必需的工作表或表头"
)
WORKBOOK_HEADINGS_REPEATED = ErrorKind(
    "workbook_headings_repeated", 422, "A heading stands in two columns", "同一表头出现在两列"
)
WORKBOOK_EMPTY = ErrorKind("workbook_empty", 422, "The workbook has no enterprise rows", "工作簿中没有企业数据行")
