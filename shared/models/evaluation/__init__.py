"""Tables owned by evaluation: rulebooks used, stated facts, assessments, review, selection plans and the pool."""

from shared.models.evaluation.assessment import VERDICTS, Assessment, CriterionResult, RulebookVersion
from shared.models.evaluation.facts import STATED_SOURCES, FactStatement
from shared.models.evaluation.notices import (
    APPEAL_STATUSES,
    OBJECTION_STATUSES,
    Appeal,
    KeptPlace,
    Objection,
    Objector,
    PublicNotice,
    PublicNoticeEntry,
)
from shared.models.evaluation.performance import PerformanceFreeze, PerformanceReport
from shared.models.evaluation.pool import Membership, Pool
from shared.models.evaluation.review import (
    REVIEW_ITEM_KINDS,
    REVIEW_STATUSES,
    Deviation,
    Finding,
    Review,
    ReviewAssignment,
    ReviewDeclaration,
    Reviewer,
    ReviewItem,
)
from shared.models.evaluation.selection import PLAN_STATUSES, AdmissionQuota, SelectionPlan, SelectionPlanEntry
from shared.models.evaluation.support import SUPPORT_SOURCES, SupportAction

__all__ = [
    "APPEAL_STATUSES",
    "OBJECTION_STATUSES",
    "PLAN_STATUSES",
    "REVIEW_ITEM_KINDS",
    "REVIEW_STATUSES",
    "STATED_SOURCES",
    "SUPPORT_SOURCES",
    "VERDICTS",
    "AdmissionQuota",
    "Appeal",
    "Assessment",
    "CriterionResult",
    "Deviation",
    "FactStatement",
    "Finding",
    "KeptPlace",
    "Membership",
    "Objection",
    "Objector",
    "PerformanceFreeze",
    "PerformanceReport",
    "Pool",
    "PublicNotice",
    "PublicNoticeEntry",
    "Review",
    "ReviewAssignment",
    "ReviewDeclaration",
    "ReviewItem",
    "Reviewer",
    "RulebookVersion",
    "SelectionPlan",
    "SelectionPlanEntry",
    "SupportAction",
]
