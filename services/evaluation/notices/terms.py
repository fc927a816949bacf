"""How long a public notice is, and why: the province's length, or the operator's with its own reason."""

from __future__ import annotations

from dataclasses import dataclass

from shared.reference.province import province
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class NoticeTerms:
    """Lengths in working days; with a length of 0 a plan may be committed without a notice."""

    working_days: int
    basis: str
    appeal_working_days: int


def notice_terms(settings: Settings) -> NoticeTerms:
    """The lengths that hold for a notice published now."""
    ours = province().public_notice
    if settings.notice_working_days is None or settings.notice_basis is None:
        return NoticeTerms(ours.working_days, ours.basis, ours.appeal_working_days)
    return NoticeTerms(settings.notice_working_days, settings.notice_basis, ours.appeal_working_days)
