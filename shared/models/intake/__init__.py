"""Tables owned by intake, one module per capability."""

from shared.models.intake import national, reports
from shared.models.intake.applications import Application, ApplicationSnapshot
from shared.models.intake.attachments import Attachment, StoredContent
from shared.models.intake.cycles import Cycle, CycleQuota
from shared.models.intake.enterprises import Enterprise
from shared.models.intake.imports import RejectedRow, WorkbookImport

__all__ = [
    "Application",
    "ApplicationSnapshot",
    "Attachment",
    "Cycle",
    "CycleQuota",
    "Enterprise",
    "RejectedRow",
    "StoredContent",
    "WorkbookImport",
    "national",
    "reports",
]
