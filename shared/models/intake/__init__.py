"""Tables owned by intake, one module per capability."""

from shared.models.intake.applications import (
    Application,
    ApplicationDraft,
    ApplicationSnapshot,
    SectionConfirmation,
)
from shared.models.intake.attachments import Attachment, StoredContent
from shared.models.intake.cycles import Cycle, CycleQuota, CycleReserve
from shared.models.intake.enterprises import Enterprise, EnterpriseChange, EnterpriseCode, EnterpriseVersion
from shared.models.intake.imports import ApplicationImport, ImportChunk, ImportProgress, ImportRow
from shared.models.intake.incidents import BusinessNotice, Incident, IncidentStep
from shared.models.intake.national import (
    NationalAnswerFile,
    NationalBatch,
    NationalBreaker,
    NationalDelivery,
    NationalDifference,
    NationalFile,
    NationalFiling,
    NationalReconciliation,
    NationalRecord,
    NationalSenderKey,
)
from shared.models.intake.reports import MajorProblem, ProgressReport, ProgressReportSnapshot, ReportingPeriod

__all__ = [
    "Application",
    "ApplicationDraft",
    "ApplicationImport",
    "ApplicationSnapshot",
    "Attachment",
    "BusinessNotice",
    "Cycle",
    "CycleQuota",
    "CycleReserve",
    "Enterprise",
    "EnterpriseChange",
    "EnterpriseCode",
    "EnterpriseVersion",
    "ImportChunk",
    "ImportProgress",
    "ImportRow",
    "Incident",
    "IncidentStep",
    "MajorProblem",
    "NationalAnswerFile",
    "NationalBatch",
    "NationalBreaker",
    "NationalDelivery",
    "NationalDifference",
    "NationalFile",
    "NationalFiling",
    "NationalReconciliation",
    "NationalRecord",
    "NationalSenderKey",
    "ProgressReport",
    "ProgressReportSnapshot",
    "ReportingPeriod",
    "SectionConfirmation",
    "StoredContent",
]
