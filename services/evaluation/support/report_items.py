"""What an accepted progress report says of loans and equity, as rows of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.evaluation.support.claims import claim_of
from services.evaluation.support.kinds import kind_taken_from
from services.evaluation.support.money import fen_of
from shared.models.reads import AcceptedReport

_PLEDGE = {True: "loans.pledged", False: "loans.not_pledged", None: "loans.pledge_unknown"}


@dataclass(frozen=True, slots=True)
class ReportedItem:
    """One loan or round of a report at `place` of its form; what was left empty there is None, never zero."""

    place: str
    kind: str
    happened_on: date | None
    provider: str | None
    subject: str | None
    amount_fen: int | None
    claim: str | None

    @property
    def content(self) -> tuple[Any, ...]:
        """What it says, wherever in the form it stands."""
        return (self.kind, self.happened_on, self.provider, self.subject, self.amount_fen, self.claim)


def items_of(report: AcceptedReport) -> list[ReportedItem]:
    """The items of kinds that the province takes from reports, in the order of the form."""
    return [*_loans(report.form), *_rounds(report.form)]


def _loans(form: dict[str, Any]) -> Iterator[ReportedItem]:
    for at, loan in enumerate(form.get("loans") or ()):
        part, day = _PLEDGE[loan.get("ip_pledged")], loan.get("granted_on")
        yield from _item(part, f"loans/{at}", day, loan.get("bank"), None, loan.get("amount_cny"))


def _rounds(form: dict[str, Any]) -> Iterator[ReportedItem]:
    for at, one in enumerate(form.get("equity_financings") or ()):
        day, stage = one.get("closed_on"), one.get("stage")
        yield from _item(
            "equity_financings", f"equity_financings/{at}", day, one.get("investor"), stage, one.get("amount_cny")
        )


def _item(
    part: str, place: str, day: str | None, provider: str | None, subject: str | None, amount: str | None
) -> Iterator[ReportedItem]:
    kind = kind_taken_from(part)
    if kind is None:
        return
    happened_on, fen = None if day is None else date.fromisoformat(day), fen_of(amount)
    # Two unknown amounts are not one and the same.
    claim = None if fen is None else claim_of(kind, happened_on, provider, subject, fen)
    yield ReportedItem(place, kind.code, happened_on, provider, subject, fen, claim)
