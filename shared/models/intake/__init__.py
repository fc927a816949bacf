"""Tables owned by intake, one module per capability."""

from shared.models.intake import attachments, national, reports
from shared.models.intake.applications import (
    Application,
    ApplicationDraft,
    ApplicationSnapshot,
    SectionConfirmation,
)
from shared.models.intake.cycles import Cycle, CycleQuota
from shared.models.intake.enterprises import Enterprise
from shared.models.intake.imports import RejectedRow, WorkbookImport

__all__ = [
    "Application",
    "ApplicationDraft",
    "ApplicationSnapshot",
    "Cycle",
    "CycleQuota",
    "Enterprise",
    "RejectedRow",
    "SectionConfirmation",
    "WorkbookImport",
    "attachments",
    "national",
    "reports",
]
