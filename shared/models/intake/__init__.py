"""Tables owned by intake, one module per capability."""

from shared.models.intake import attachments, national, reports
from shared.models.intake.applications import Application, ApplicationSnapshot
from shared.models.intake.cycles import Cycle, CycleQuota
from shared.models.intake.enterprises import Enterprise, EnterpriseChange, EnterpriseCode, EnterpriseVersion
from shared.models.intake.imports import RejectedRow, WorkbookImport

__all__ = [
    "Application",
    "ApplicationSnapshot",
    "Cycle",
    "CycleQuota",
    "Enterprise",
    "EnterpriseChange",
    "EnterpriseCode",
    "EnterpriseVersion",
    "RejectedRow",
    "WorkbookImport",
    "attachments",
    "national",
    "reports",
]
