"""Refusals about exports."""

from __future__ import annotations

from shared.errors import ErrorKind

EXPORTS_BUSY = ErrorKind(
    "exports_busy",
    503,
    "Too many exports are running; try again in a moment",
    "正在进行的导出过多，请稍后重试",
)
