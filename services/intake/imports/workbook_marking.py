"""Give an officer's workbook back with only what still needs work, each bad cell coloured and commented."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from services.intake.imports import errors
from services.intake.imports.workbook_guard import (
    WorkbookLimits,
    check_size,
    child_limits,
    refusal,
    sheet_rows,
)
from services.intake.imports.workbook_marking_plan import plan_marking
from services.intake.imports.workbook_process import run_confined
from services.intake.imports.workbook_reader import RejectedRowReading
from services.intake.imports.workbook_tables import find_tables
from shared.errors import Problem

_READING = WorkbookLimits()
# The whole workbook with its looks is held in memory: a fully rejected one of the largest size takes a third of this.
_MARKING = WorkbookLimits(max_memory_bytes=2 * 1024 * 1024 * 1024, max_seconds=180)
_WORKBOOK = b"PK"


def marked_workbook(content: bytes, rejected: Sequence[RejectedRowReading], *, keep_good_rows: bool = False) -> bytes:
    """The same workbook (.xlsx) with only the rows of `rejected` and their details; synchronous and CPU-bound.

    `rejected` must name every row of this workbook that was rejected, by the reader and at submission: whoever is
    not named is taken for accepted and left out, on all sheets, unless `keep_good_rows`: then nothing was taken in and
    every row stays, or the officer would mend the bad rows and lose the good ones. Bad cells are coloured and carry a comment, Chinese
    first; a first sheet lists them with links. Marks of an earlier round are removed. Formulas of the kept rows
    become their last results, since rows move. Everything else that openpyxl can carry stays; macros, shapes and
    pictures do not.

    Raises Problem as `read_workbook` does, and `workbook_unreadable` where the file is too large or too odd to mark.
    """
    check_size(content, _READING)
    plan = plan_marking(find_tables(sheet_rows(content, _READING)), rejected, keep_good_rows=keep_good_rows)
    answer = run_confined(
        "services.intake.imports.workbook_marking_child",
        {"plan": asdict(plan)} | child_limits(_MARKING),
        content,
        max_seconds=_MARKING.max_seconds,
    )
    if answer.startswith(_WORKBOOK):
        return answer
    raise _refused(answer)


def _refused(answer: bytes) -> Problem:
    try:
        refused = json.loads(answer)
    except ValueError:
        return Problem(errors.WORKBOOK_UNREADABLE)
    return refusal(refused["refused"], refused.get("cell"), _MARKING)
