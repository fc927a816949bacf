"""Tables owned by intake, one module per capability."""

from shared.models.intake import national
from shared.models.intake.applications import (
    Application,
    ApplicationDraft,
    ApplicationSnapshot,
    SectionConfirmation,
)
from shared.models.intake.attachments import Attachment, StoredContent
from shared.models.intake.cycles import Cycle, CycleQuota
from shared.models.intake.enterprises import Enterprise, EnterpriseChange, EnterpriseCode, EnterpriseVersion
from shared.models.intake.imports import RejectedRow, WorkbookImport
from shared.models.intake.incidents import BusinessNotice, Incident, IncidentStep
from shared.models.intake.reports import MajorProblem, ProgressReport, ProgressReportSnapshot, ReportingPeriod

__all__ = [
    "Application",
    "ApplicationDraft",
    "ApplicationSnapshot",
    "Attachment",
    "BusinessNotice",
    "Cycle",
    "CycleQuota",
    "Enterprise",
    "EnterpriseChange",
    "EnterpriseCode",
    "EnterpriseVersion",
    "Incident",
    "IncidentStep",
    "MajorProblem",
    "ProgressReport",
    "ProgressReportSnapshot",
    "RejectedRow",
    "ReportingPeriod",
    "SectionConfirmation",
    "StoredContent",
    "WorkbookImport",
    "national",
]
