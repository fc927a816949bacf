"""What submission asks of a draft: the form's own rules, and dates that lie in the period."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from services.intake.reports.errors import OUTSIDE_PERIOD
from services.intake.reports.form import ProgressForm, events_of
from shared.errors import MOST_VIOLATIONS, VALIDATION_FAILED, Problem, Violation
from shared.models.intake import ReportingPeriod
from shared.validation import left_out_of, violations_of_model


def violations_of_draft(draft: dict[str, Any], period: ReportingPeriod) -> tuple[list[Violation], int]:
    """What submission would refuse first, and how much more it would; none when it would be taken."""
    try:
        form = ProgressForm.model_validate(draft)
    except ValidationError as error:
        return violations_of_model(error), left_out_of(error)
    strays = [
        Violation(OUTSIDE_PERIOD.code, OUTSIDE_PERIOD.title_zh, OUTSIDE_PERIOD.title_en, pointer=pointer)
        for pointer, day in events_of(form)
        if day is not None and not period.covers_from <= day <= period.covers_to
    ]
    return strays[:MOST_VIOLATIONS], max(0, len(strays) - MOST_VIOLATIONS)


def checked_form(draft: dict[str, Any], period: ReportingPeriod) -> ProgressForm:
    """The draft as a form; Problem `validation_failed` with its violations."""
    violations, left_out = violations_of_draft(draft, period)
    if violations:
        raise Problem(VALIDATION_FAILED, violations=violations, violations_left_out=left_out)
    return ProgressForm.model_validate(draft)
