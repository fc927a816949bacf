"""Refusals of the exchange with the national system, each with a stable code."""

from __future__ import annotations

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

SIGNATURE_INVALID = ErrorKind(
    "signature_invalid",
    401,
    "The message signature (RFC 9421) is missing or not good",
    "请求签名（RFC 9421）缺失或无效",
)
DIGEST_MISMATCH = ErrorKind(
    "content_digest_mismatch", 400, "Content-Digest does not match the body", "Content-Digest 与请求内容不符"
)
BATCH_REUSED = ErrorKind(
    "batch_reused", 409, "This batch id was used with other content", "该批次号已用于内容不同的批次"
)
KEY_EXISTS = ErrorKind("sender_key_exists", 409, "This key id is taken", "该密钥标识已被使用")
KEY_UNUSABLE = ErrorKind("sender_key_unusable", 422, "Not an Ed25519 public key in PEM", "不是 PEM 格式的 Ed25519 公钥")
KEY_CLIENT = ErrorKind(
    "sender_key_client", 422, "No active client of the national system has this id", "没有该标识的国家系统客户端"
)
DELIVERY_STATUS = ErrorKind(
    "delivery_status", 409, "Only a rejected or dead delivery is sent again", "仅被拒绝或已停止的报送可重新发送"
)
WRONG_ADAPTER = ErrorKind(
    "national_adapter", 409, "The line in use does not work this way", "当前使用的对接方式不支持此操作"
)
FILE_UNREADABLE = ErrorKind("file_unreadable", 422, "The file does not have the agreed form", "文件不符合约定的格式")
FILE_SIGNATURE = ErrorKind("file_signature_invalid", 422, "The file's signature is not good", "文件签名无效")
FILE_SERIAL = ErrorKind("file_serial_unknown", 422, "No file of ours has this serial", "没有该编号的导出文件")

# Reasons for which a record is refused or waits.
VERSION_REUSED = ErrorKind(
    "version_reused", 409, "This version of the record had other content", "该记录的同一版本已有不同内容"
)
KIND_CHANGED = ErrorKind(
    "record_changed_kind", 409, "This record id stands for something else", "该记录号已用于另一类记录或另一份申报"
)
FILING_CHANGED = ErrorKind(
    "filing_moved", 409, "An application keeps its enterprise and cycle", "同一申报不得更换企业或批次"
)
FILED_BY_ANOTHER = ErrorKind("filed_by_another", 409, "Another sender filed this application", "该申报由另一报送方报送")
NOT_CANONICAL = ErrorKind(
    "not_canonical",
    422,
    "Fractions are written as strings, whole numbers within 64 bits",
    "小数请用字符串表示，整数不超过 64 位",
)
APPLICATION_AWAITED = ErrorKind(
    "application_awaited", 409, "Waits for the application that it is about", "等待所涉申报到达后处理"
)
STATUS_NOT_HANDLED = ErrorKind(
    "status_not_handled", 409, "Waits: this change of status is not handled yet", "暂不支持该状态变更，待处理"
)
CONSTRAINT_ERRORS["pk_national_sender_key"] = KEY_EXISTS
CONSTRAINT_ERRORS["ex_national_filing_one_sender"] = FILED_BY_ANOTHER
