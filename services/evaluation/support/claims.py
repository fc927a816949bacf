"""When two records are about one and the same support: the key that they share."""

from __future__ import annotations

import json
import unicodedata
from datetime import date

from services.evaluation.support.kinds import SupportKind


def claim_of(
    kind: SupportKind, happened_on: date | None, provider: str | None, subject: str | None, amount_fen: int | None
) -> str | None:
    """Family, day, provider, and what tells actions of one day apart: the amount of money, else the subject.

    None where day or provider is unknown: such a record is never taken for another. Spaces, width and case of letters
    do not make a difference. One enterprise's claims are compared only with each other.
    """
    if happened_on is None or provider is None:
        return None
    what = str(amount_fen) if kind.amount != "none" else _plain(subject or "")
    return json.dumps([kind.family, happened_on.isoformat(), _plain(provider), what], ensure_ascii=False)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
