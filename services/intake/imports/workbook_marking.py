"""The officer's own workbook with the bad cells marked."""

from __future__ import annotations

from collections.abc import Sequence

from services.intake.imports.workbook_reader import RejectedRowReading


def marked_workbook(content: bytes, rejected: Sequence[RejectedRowReading]) -> bytes:  # noqa: ARG001 (marks nothing yet)
    """The workbook as it came."""
    return content
