"""Refusals of a whole file, each with a stable code; those of single rows stand where rows are read."""

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
UNSUPPORTED_MEDIA_TYPE = ErrorKind(
    "unsupported_media_type",
    415,
    "Send application/x-ndjson, plain or with Content-Encoding: gzip",
    "请以 application/x-ndjson 发送，可用 gzip 压缩（Content-Encoding: gzip）",
)
GZIP_INVALID = ErrorKind("gzip_invalid", 422, "The body is not valid gzip", "请求内容不是有效的 gzip 数据")
GZIP_TRUNCATED = ErrorKind(
    "gzip_truncated", 422, "The gzip data ends before its end; send it again", "gzip 数据不完整，请重新上传"
)
IMPORT_EMPTY = ErrorKind("import_empty", 422, "The file has no lines", "文件中没有数据行")
IMPORT_TOO_LARGE = ErrorKind("import_too_large", 413, "The expanded file is too large", "解压后的文件过大")
IMPORT_TOO_MANY_ROWS = ErrorKind(
    "import_too_many_rows", 422, "The file has too many rows; split it", "文件行数过多，请拆分后上传"
)
UPLOAD_INCOMPLETE = ErrorKind("upload_incomplete", 400, "The upload was broken off", "上传中断")

# Why a file that could be read was not taken.
ERROR_SHARE_EXCEEDED = ErrorKind(
    "error_share_exceeded",
    422,
    "Too large a share of the rows is wrong; nothing was imported",
    "错误行占比过高，已停止读取，未导入任何申报",
)
ROWS_REJECTED = ErrorKind(
    "rows_rejected",
    422,
    "Rows were rejected and the file was to be taken whole or not at all; nothing was imported",
    "有行被拒绝；按“全部成功才导入”的要求，未导入任何申报",
)

IMPORT_NOT_FINISHED = ErrorKind(
    "import_not_finished", 409, "The import has not been read yet", "导入尚未完成，请稍后再试"
)
NO_WORKBOOK_TO_MARK = ErrorKind(
    "no_workbook_to_mark",
    409,
    "Only a workbook that was read to its end can be marked",
    "只有已全部读取的 Excel 工作簿可以标注",
)
