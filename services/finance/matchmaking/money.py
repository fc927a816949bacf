"""Money at the door: 元 as decimal text outside, 分 inside."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

# Less than 10^13 元; no sign, so that nothing negative gets in.
Yuan = Annotated[
    str,
    Field(max_length=16, pattern=r"^(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?$", examples=["5000000.00"]),
]


def fen_of(yuan: str | None) -> int | None:
    """`"1200.5"` 元 as 120050 分; None stays None. Exact: at most two decimals get here."""
    return None if yuan is None else int(Decimal(yuan).scaleb(2))


def yuan_of(fen: int | None) -> str | None:
    """分 as 元 in decimal text with two decimals; None stays None."""
    return None if fen is None else f"{fen // 100}.{fen % 100:02d}"
