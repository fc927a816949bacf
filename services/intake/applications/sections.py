"""The sections of the form (申报表的部分): what a correction reopens, and what a recommendation confirms."""

from __future__ import annotations

from collections.abc import Iterable

from services.intake.applications.form import ApplicationForm
from shared.models.intake.applications import APPLICATION_SECTIONS

# Whatever has no section of its own says who the enterprise is.
IDENTITY = "enterprise"


def section_of(field: str) -> str:
    """The section that a top-level field of the form belongs to."""
    return field if field in APPLICATION_SECTIONS else IDENTITY


def sections_at(pointer: str) -> tuple[str, ...]:
    """The sections that a JSON pointer into the form names: all for the empty one, none where the form has no such field."""
    if not pointer:
        return APPLICATION_SECTIONS
    field = pointer.split("/")[1]
    return (section_of(field),) if field in ApplicationForm.model_fields else ()


def sections_named(pointers: Iterable[str]) -> list[str]:
    """The sections that any of these pointers names, in the order of the form."""
    named = {section for pointer in pointers for section in sections_at(pointer)}
    return [section for section in APPLICATION_SECTIONS if section in named]
