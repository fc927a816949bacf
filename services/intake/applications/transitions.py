"""The one table of an application's life: which act leads from where to where, who may do it, and who must say why.

A trigger on `application.status` refuses every other move; a test walks all pairs and compares it with this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Status = Literal["draft", "submitted", "returned", "recommended", "not_recommended", "passed_on", "withdrawn"]
Act = Literal[
    "save_draft",
    "submit",
    "resubmit",
    "reapply",
    "return",
    "recommend",
    "decline",
    "reconsider",
    "pass_on",
    "reopen",
    "withdraw",
]

_APPLICANTS = frozenset({"enterprise", "city_officer"})
# Officers of the province upload workbooks; the national system reports what was filed or decided there.
_SENDERS = _APPLICANTS | {"province_officer", "national_system"}
_CITY = frozenset({"city_officer", "national_system"})


@dataclass(frozen=True, slots=True)
class Rule:
    """An act. `moves` leads from a status (None: there is no application yet) to the next.

    `scope` is what its route asks for (None: nobody's route), `roles` who may act, `must_say_why` which of them only
    with a reason.
    """

    moves: Mapping[Status | None, Status]
    roles: frozenset[str]
    scope: str | None
    must_say_why: frozenset[str] = frozenset()


TABLE: Mapping[Act, Rule] = MappingProxyType(
    {
        "save_draft": Rule(
            {None: "draft", "draft": "draft", "returned": "returned", "withdrawn": "withdrawn"},
            _APPLICANTS,
            "applications:submit",
        ),
        "submit": Rule({None: "submitted", "draft": "submitted"}, _SENDERS, "applications:submit"),
        # Until `correct_until`, and only the sections that the return reopened.
        "resubmit": Rule({"returned": "submitted"}, _SENDERS, "applications:submit"),
        # While the cycle's window is open.
        "reapply": Rule({"withdrawn": "submitted"}, _SENDERS, "applications:submit"),
        "return": Rule({"submitted": "returned"}, _CITY, "applications:decide", _CITY),
        "recommend": Rule({"submitted": "recommended"}, _CITY, "applications:decide"),
        "decline": Rule({"submitted": "not_recommended"}, _CITY, "applications:decide", _CITY),
        "reconsider": Rule({"not_recommended": "submitted"}, _CITY, "applications:decide", _CITY),
        # Evaluation has taken in the revision that was recommended.
        "pass_on": Rule({"recommended": "passed_on"}, frozenset({"system"}), None),
        "reopen": Rule(
            {"recommended": "returned", "passed_on": "returned"},
            frozenset({"province_officer"}),
            "applications:reopen",
            frozenset({"province_officer"}),
        ),
        # Until a selection plan with the application among its entries is committed.
        "withdraw": Rule(
            {
                "draft": "withdrawn",
                "submitted": "withdrawn",
                "returned": "withdrawn",
                "recommended": "withdrawn",
                "not_recommended": "withdrawn",
                "passed_on": "withdrawn",
            },
            _APPLICANTS | {"national_system"},
            "applications:submit",
            frozenset({"city_officer", "national_system"}),
        ),
    }
)


def next_status(status: Status | None, act: Act) -> Status | None:
    """The status after `act`, or None where it is not allowed."""
    return TABLE[act].moves.get(status)


def act_between(before: Status | None, after: Status) -> Act | None:
    """The act that leads from one status to the other; no two acts share a pair. None where no act does."""
    return next((act for act, rule in TABLE.items() if rule.moves.get(before) == after), None)


def scope_of(act: Act) -> str:
    """The scope that the act's route asks for; LookupError for an act without a route."""
    scope = TABLE[act].scope
    if scope is None:
        raise LookupError(act)
    return scope
