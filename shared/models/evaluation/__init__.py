"""Tables owned by evaluation: rulebooks used, stated facts, assessments, review, selection plans and the pool."""

from shared.models.evaluation.assessment import VERDICTS, Assessment, CriterionResult, RulebookVersion
from shared.models.evaluation.facts import STATED_SOURCES, FactStatement
from shared.models.evaluation.pool import Membership, Pool
from shared.models.evaluation.review import Deviation, Finding
from shared.models.evaluation.selection import PLAN_STATUSES, AdmissionQuota, SelectionPlan, SelectionPlanEntry

__all__ = [
    "PLAN_STATUSES",
    "STATED_SOURCES",
    "VERDICTS",
    "AdmissionQuota",
    "Assessment",
    "CriterionResult",
    "Deviation",
    "FactStatement",
    "Finding",
    "Membership",
    "Pool",
    "RulebookVersion",
    "SelectionPlan",
    "SelectionPlanEntry",
]
