"""Tables owned by intake, one module per capability."""

from shared.models.intake import attachments, reports
from shared.models.intake.applications import Application, ApplicationSnapshot
from shared.models.intake.cycles import Cycle, CycleQuota
from shared.models.intake.enterprises import Enterprise
from shared.models.intake.imports import RejectedRow, WorkbookImport
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

__all__ = [
    "Application",
    "ApplicationSnapshot",
    "Cycle",
    "CycleQuota",
    "Enterprise",
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
    "RejectedRow",
    "WorkbookImport",
    "attachments",
    "reports",
]
