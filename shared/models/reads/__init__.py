"""Named reads of another owner's tables: the only way that one service looks at what another one writes."""

from shared.models.reads.applications import (
    ApplicationOfEnterprise,
    RecommendedSnapshot,
    applications_on_record,
    recommended_snapshots,
    recommenders,
    snapshot_forms,
    standing_snapshots,
)
from shared.models.reads.attachments import (
    AttachmentDigest,
    attachment_digests,
    attachment_digests_of,
    evidence_of,
    files_on_record,
)
from shared.models.reads.cycles import (
    CyclePlaces,
    PinnedCycle,
    Reserved,
    pinned_cycle,
    places_of,
    reservable_conditions,
    rulebook_period,
)
from shared.models.reads.enterprises import (
    EnterpriseOnRecord,
    codes_of,
    enterprise_names,
    enterprises_on_record,
    present_codes,
)
from shared.models.reads.incidents import StandingIncident, standing_incidents
from shared.models.reads.pool import (
    Admission,
    PoolMember,
    admitted_by_plan,
    is_judged_or_member,
    is_selected,
    judged_as,
    live_members,
    pools_of_both,
    usccs_of_members_during,
)

__all__ = [
    "Admission",
    "ApplicationOfEnterprise",
    "AttachmentDigest",
    "CyclePlaces",
    "EnterpriseOnRecord",
    "PinnedCycle",
    "PoolMember",
    "RecommendedSnapshot",
    "Reserved",
    "StandingIncident",
    "admitted_by_plan",
    "applications_on_record",
    "attachment_digests",
    "attachment_digests_of",
    "codes_of",
    "enterprise_names",
    "enterprises_on_record",
    "evidence_of",
    "files_on_record",
    "is_judged_or_member",
    "is_selected",
    "judged_as",
    "live_members",
    "pinned_cycle",
    "places_of",
    "pools_of_both",
    "present_codes",
    "recommended_snapshots",
    "recommenders",
    "reservable_conditions",
    "rulebook_period",
    "snapshot_forms",
    "standing_incidents",
    "standing_snapshots",
    "usccs_of_members_during",
]
