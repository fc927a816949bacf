"""Whether patents may be pledged for a debt, after the grounds of 专利权质押登记办法; pure but for what it is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from services.finance.outcomes.refusal_grounds import pledge_grounds
from services.finance.outcomes.schemas import PledgedPatentIn, PledgeIn
from shared.models.finance import PatentExtract
from shared.reference.patents import last_day_of_patent


@dataclass(frozen=True, slots=True)
class OnRecord:
    """The newest copy of the register for a patent, and whether its patentee is the pledgor."""

    extract: PatentExtract
    owned: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A ground that stands against one patent; `known` False where no copy of the register tells whether it does."""

    position: int
    patent_no: str
    ground: str
    known: bool


def found_against(pledge: PledgeIn, due_on: date, on_record: Mapping[str, OnRecord]) -> list[Found]:
    """Every ground against each patent. What is not known is told apart: it neither refuses nor is taken for fine."""
    return [
        Found(position, one.patent_no, ground, known=against is not None)
        for position, one in enumerate(pledge.patents)
        for ground, against in _grounds(one, pledge, due_on, on_record.get(one.patent_no))
        if against is not False and not _is_declared(one, ground)
    ]


def _grounds(
    one: PledgedPatentIn, pledge: PledgeIn, due_on: date, found: OnRecord | None
) -> Iterator[tuple[str, bool | None]]:
    """Each ground that a machine can look at, with whether it stands: None where that is not known.

    A patent pledged already is the database's to refuse; other grounds (other) are for people.
    """
    yield "contract_content_missing", not pledge.contract_complete
    yield "pledgor_not_registered_owner", None if found is None else not found.owned
    extract = None if found is None else found.extract
    status = None if extract is None else extract.legal_status
    yield "terminated_or_invalidated", None if status is None else status in {"terminated", "invalidated"}
    yield "not_granted", None if status is None else status == "pending"
    paid = None if extract is None else extract.fees_paid_until
    yield "annual_fee_unpaid", None if paid is None else paid < pledge.registered_on
    yield "suspended_or_preserved", None if extract is None else extract.suspended
    last = None if extract is None else last_day_of_patent(one.patent_no, extract.filed_on)
    yield "debt_term_exceeds_patent_term", None if last is None else due_on > last
    co_owned = None if extract is None else extract.co_owned
    yield "co_owner_no_consent", False if one.co_owners_agree else co_owned
    yield "um_with_same_day_invention", None if extract is None else extract.same_day_twin
    yield "invalidation_pending", None if extract is None else extract.invalidation_pending


def _is_declared(one: PledgedPatentIn, ground: str) -> bool:
    """A declaration overrides those grounds alone that the rules let it override."""
    return ground in one.declared and pledge_grounds()[ground].declarable
