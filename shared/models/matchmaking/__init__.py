"""Tables of matchmaking, owned by finance: events, who takes part, plans, timetables, and what came of it."""

from shared.models.matchmaking.events import MatchEvent, MatchRoom, MatchSlot
from shared.models.matchmaking.notices import MatchNotice
from shared.models.matchmaking.outcomes import RESULTS, RESULTS_WITH_DAY, RESULTS_WITH_MONEY, MatchOutcome
from shared.models.matchmaking.participants import SIDES, MatchConflict, MatchParticipant, MatchPreference
from shared.models.matchmaking.patents import PatentOffer, PatentPush
from shared.models.matchmaking.plans import MatchMeeting, MatchPlan, MatchRelease

__all__ = [
    "RESULTS",
    "RESULTS_WITH_DAY",
    "RESULTS_WITH_MONEY",
    "SIDES",
    "MatchConflict",
    "MatchEvent",
    "MatchMeeting",
    "MatchNotice",
    "MatchOutcome",
    "MatchParticipant",
    "MatchPlan",
    "MatchPreference",
    "MatchRelease",
    "MatchRoom",
    "MatchSlot",
    "PatentOffer",
    "PatentPush",
]
