"""The tables of what may follow what: in a progress report's life, and in a major problem's."""

from __future__ import annotations

from typing import Literal

ReportStatus = Literal["draft", "submitted", "returned", "accepted"]
ReportAct = Literal["save", "submit", "return", "accept", "reopen"]
MajorProblemStatus = Literal["reported", "acknowledged", "settled"]
MajorProblemAct = Literal["acknowledge", "settle"]

# A report that a spot check (核查抽查) finds wrong is reopened by the province, with reasons as in a return.
REPORT_TRANSITIONS: dict[tuple[ReportStatus, ReportAct], ReportStatus] = {
    ("draft", "save"): "draft",
    ("draft", "submit"): "submitted",
    ("submitted", "return"): "returned",
    ("submitted", "accept"): "accepted",
    ("returned", "save"): "returned",
    ("returned", "submit"): "submitted",
    ("accepted", "reopen"): "returned",
}
MAJOR_PROBLEM_TRANSITIONS: dict[tuple[MajorProblemStatus, MajorProblemAct], MajorProblemStatus] = {
    ("reported", "acknowledge"): "acknowledged",
    ("acknowledged", "settle"): "settled",
}


def next_report_status(status: str, act: ReportAct) -> ReportStatus | None:
    """The status after `act`, or None where it is not allowed."""
    return REPORT_TRANSITIONS.get((status, act))  # pyright: ignore[reportArgumentType] (the column's CHECK keeps it)


def next_major_problem_status(status: str, act: MajorProblemAct) -> MajorProblemStatus | None:
    """As above, for a major problem."""
    return MAJOR_PROBLEM_TRANSITIONS.get((status, act))  # pyright: ignore[reportArgumentType] (as above)
