"""Domain errors with stable codes, Chinese and English texts, and places (JSON pointer or workbook cell)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Who sends 20,000 wrong entries learns no more from the last of them; their number is answered instead.
MOST_VIOLATIONS = 200


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One stable error code. `status` is the HTTP status that `shared/web.py` answers with."""

    code: str
    status: int
    title_en: str
    title_zh: str


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong at one place: a JSON pointer (RFC 6901) or a workbook cell such as `企业!C5`."""

    code: str
    message_zh: str
    message_en: str
    pointer: str | None = None
    cell: str | None = None


class Problem(Exception):
    """Raised by use cases; `shared/web.py` alone turns it into an RFC 9457 problem document."""

    def __init__(
        self,
        kind: ErrorKind,
        *,
        detail_en: str | None = None,
        detail_zh: str | None = None,
        violations: Sequence[Violation] = (),
        violations_left_out: int = 0,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(kind.code, detail_en or kind.title_en)
        self.kind = kind
        self.detail_en = detail_en
        self.detail_zh = detail_zh
        self.violations = tuple(violations)
        self.violations_left_out = violations_left_out
        self.retry_after_seconds = retry_after_seconds


VALIDATION_FAILED = ErrorKind("validation_failed", 422, "The request does not satisfy its schema", "请求内容不符合要求")
NOT_FOUND = ErrorKind("not_found", 404, "No such resource within your reach", "在您的权限范围内未找到该资源")
UNAUTHENTICATED = ErrorKind("unauthenticated", 401, "A valid access token is required", "需要有效的访问令牌")
FORBIDDEN = ErrorKind("forbidden", 403, "Your role does not permit this", "您的角色无权执行此操作")
INVALID_CLIENT = ErrorKind("invalid_client", 401, "Client authentication failed", "客户端认证失败")
CONFLICT = ErrorKind("conflict", 409, "The request conflicts with the stored state", "请求与已保存的数据冲突")
IDEMPOTENCY_KEY_REUSED = ErrorKind(
    "idempotency_key_reused",
    422,
    "This Idempotency-Key was used with a different request",
    "该 Idempotency-Key 已用于内容不同的请求",
)
IDEMPOTENCY_KEY_MISSING = ErrorKind(
    "idempotency_key_missing", 400, "The Idempotency-Key header is required", "缺少 Idempotency-Key 请求头"
)
PAYLOAD_TOO_LARGE = ErrorKind("payload_too_large", 413, "The request body is too large", "请求内容过大")
METHOD_NOT_ALLOWED = ErrorKind("method_not_allowed", 405, "The method is not allowed here", "不支持该请求方法")
UNSTORABLE = ErrorKind("unstorable_value", 422, "Something in it cannot be stored", "含有无法保存的内容")
BAD_REQUEST = ErrorKind("bad_request", 400, "The request could not be read", "无法读取该请求")
UNAVAILABLE = ErrorKind("unavailable", 503, "A part of the system is restarting; try again", "系统正在恢复，请稍后重试")
INTERNAL = ErrorKind("internal_error", 500, "Unexpected error; it has been logged", "系统内部错误，已记录")

# constraint name: the domain error that it stands for; each capability adds its own when it is imported.
CONSTRAINT_ERRORS: dict[str, ErrorKind] = {}
