"""Which patents of an enterprise may be pledged, as far as copies of the register tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from shared.models.reads import PatentOnRecord
from shared.reference.patents import last_day_of_patent


def may_be_pledged(patent: PatentOnRecord, on: date) -> bool | None:
    """Valid, within its term, fees paid, neither suspended nor pledged; None where the copy leaves one of them open."""
    last = last_day_of_patent(patent.patent_no, patent.filed_on)
    answers = (
        patent.legal_status == "valid",
        not patent.pledged,
        None if last is None else on <= last,
        None if patent.fees_paid_until is None else on <= patent.fees_paid_until,
        None if patent.suspended is None else not patent.suspended,
    )
    return False if False in answers else None if None in answers else True


def pledgeable(
    patents: Sequence[PatentOnRecord], valid_patents: int | None, on: date
) -> tuple[bool | None, int | None]:
    """Whether there is one at least, and how many are known to be.

    No only where every valid patent that the enterprise is known to have was looked at: `valid_patents` are those, and
    a patent without a copy of the register is unknown. The number is None where nothing was looked at.
    """
    answers = [may_be_pledged(one, on) for one in patents]
    known = answers.count(True)
    if known:
        return True, known
    looked_at = sum(one.legal_status == "valid" for one in patents)
    whole = None not in answers and valid_patents is not None and looked_at >= valid_patents
    return (False, 0) if whole else (None, known if answers else None)
