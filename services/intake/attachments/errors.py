"""Refusals about evidence."""

from __future__ import annotations

from shared.errors import CONSTRAINT_ERRORS, ErrorKind, Problem

ATTACHMENT_TYPE = ErrorKind(
    "attachment_type",
    422,
    "The content is not an intact PDF, JPEG, PNG, OFD or XLSX file",
    "文件内容不是完好的 PDF、JPEG、PNG、OFD 或 XLSX 文件",
)
ATTACHMENT_EMPTY = ErrorKind("attachment_empty", 422, "The file is empty", "文件为空")
CONTENT_DIGEST_UNREADABLE = ErrorKind(
    "content_digest_unreadable",
    400,
    "Content-Digest must carry one sha-256 (RFC 9530)",
    "Content-Digest 请求头须含一个 sha-256 摘要（RFC 9530）",
)
CONTENT_DIGEST_MISMATCH = ErrorKind(
    "content_digest_mismatch",
    422,
    "The content received does not have the digest announced; send it again",
    "收到的内容与声明的摘要不符，请重新上传",
)
UPLOAD_BROKEN_OFF = ErrorKind("upload_broken_off", 400, "The upload ended before its end", "上传中断，内容不完整")
ATTACHMENTS_CLOSED = ErrorKind(
    "attachments_closed",
    409,
    "The application's status does not allow its evidence to be changed",
    "申报当前状态不允许增删佐证材料",
)
TOO_MANY_ATTACHMENTS = ErrorKind(
    "too_many_attachments", 409, "There are as many attachments as are allowed", "附件数量已达上限"
)
NOT_YOUR_ATTACHMENT = ErrorKind(
    "not_your_attachment", 403, "Only who attached a file may remove it", "只能移除本方上传的附件"
)
ATTACHMENT_IN_USE = ErrorKind(
    "attachment_in_use", 409, "A report or record rests on this attachment", "该附件已被引用，不能移除"
)
ATTACHMENT_NOT_REFERABLE = ErrorKind(
    "attachment_not_referable",
    422,
    "No such attachment of this enterprise may be referred to",
    "引用的附件不存在，或不属于该企业",
)
AUDIENCE_NOT_ALLOWED = ErrorKind(
    "attachment_audience",
    422,
    "An enterprise cannot hide an attachment from itself",
    "企业上传的附件不能设为仅主管部门可见",
)
CONTENT_SWEPT = ErrorKind(
    "attachment_content_swept",
    410,
    "The attachment was removed and its content is no longer kept",
    "该附件已移除，内容不再保存",
)
CONTENT_DAMAGED = ErrorKind(
    "attachment_damaged",
    500,
    "The stored content is missing or damaged; it has been logged",
    "保存的附件内容缺失或已损坏，已记录",
)
RANGE_NOT_SATISFIABLE = ErrorKind(
    "range_not_satisfiable", 416, "The range lies outside the content", "请求的范围超出文件内容"
)
CONSTRAINT_ERRORS["ck_attachment_in_use_is_kept"] = ATTACHMENT_IN_USE
CONSTRAINT_ERRORS["ck_attachment_enterprise_sees_its_own"] = AUDIENCE_NOT_ALLOWED


def wrong_type(found_zh: str, found_en: str) -> Problem:
    """`attachment_type` that says what was found instead."""
    return Problem(ATTACHMENT_TYPE, detail_zh=f"识别结果：{found_zh}", detail_en=f"Found: {found_en}")
