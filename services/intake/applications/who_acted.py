"""Who is named to whom: officers read names; an enterprise reads its own, and of others the body that acted."""

from __future__ import annotations

from dataclasses import dataclass

from shared.reference.divisions import division
from shared.reference.province import province
from shared.security.actor import Actor

_SYSTEMS = {"system": "本系统", "national_system": "国家系统"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads about an application or an enterprise of the city `city_code`."""

    actor: Actor
    city_code: str

    def name(self, subject: str, role: str) -> str:
        """How the reader is told of `subject`, who acted in `role`."""
        if self.actor.uscc is None or role == "enterprise":
            return subject
        return body_of(role, self.city_code)


def body_of(role: str, city_code: str) -> str:
    """The body that somebody of this role acts for, such as 武汉市知识产权局."""
    if role in _SYSTEMS:
        return _SYSTEMS[role]
    name = division(city_code).name if role == "city_officer" else province().name
    return province().office.format(division=name)
