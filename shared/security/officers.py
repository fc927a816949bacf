"""Officers: people who act with a token that the operator issues."""

from __future__ import annotations

from shared.reference.divisions import cities
from shared.security.actor import Actor
from shared.security.tokens import actor_of_role

OFFICER_ROLES = ("city_officer", "province_officer", "finance_officer", "reviewer", "auditor", "admin")


def officer(subject: str, role: str, *, city_code: str | None = None) -> Actor:
    """An officer as an actor; ValueError for another role, an unknown city, or an empty name."""
    if role not in OFFICER_ROLES:
        raise ValueError(f"an officer's role is one of {', '.join(OFFICER_ROLES)}")
    if not subject.strip():
        raise ValueError("an officer has a name")
    if city_code is not None and city_code not in {city.code for city in cities()}:
        raise ValueError(f"{city_code} is no city of the province")
    return actor_of_role(subject.strip(), role, city_code=city_code)
