"""Tables owned by intake, one module per capability."""

from shared.models.intake import attachments, national, reports
from shared.models.intake.applications import Application, ApplicationSnapshot
from shared.models.intake.cycles import Cycle, CycleQuota
from shared.models.intake.enterprises import Enterprise
from shared.models.intake.imports import ApplicationImport, ImportChunk, ImportProgress, ImportRow

__all__ = [
    "Application",
    "ApplicationImport",
    "ApplicationSnapshot",
    "Cycle",
    "CycleQuota",
    "Enterprise",
    "ImportChunk",
    "ImportProgress",
    "ImportRow",
    "attachments",
    "national",
    "reports",
]
