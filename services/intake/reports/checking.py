"""What submission asks of a draft: the form's own rules, and dates that lie in the period."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from services.intake.reports.errors import OUTSIDE_PERIOD
from services.intake.reports.form import ProgressForm, events_of
from shared.errors import VALIDATION_FAILED, Problem, Violation
from shared.models.intake import ReportingPeriod
from shared.validation import violations_of_model


def violations_of_draft(draft: dict[str, Any], period: ReportingPeriod) -> list[Violation]:
    """Everything that submission would refuse; empty when it would be taken."""
    try:
        form = ProgressForm.model_validate(draft)
    except ValidationError as error:
        return violations_of_model(error)
    return [
        Violation(OUTSIDE_PERIOD.code, OUTSIDE_PERIOD.title_zh, OUTSIDE_PERIOD.title_en, pointer=pointer)
        for pointer, day in events_of(form)
        if day is not None and not period.covers_from <= day <= period.covers_to
    ]


def checked_form(draft: dict[str, Any], period: ReportingPeriod) -> ProgressForm:
    """The draft as a form; Problem `validation_failed` with every violation."""
    if violations := violations_of_draft(draft, period):
        raise Problem(VALIDATION_FAILED, violations=violations)
    return ProgressForm.model_validate(draft)
