"""Money and rates at the door: 元 and percent as decimal text outside, whole numbers inside."""

from __future__ import annotations

from decimal import Decimal


def fen_of(yuan: str | None) -> int | None:
    """`"1200.5"` 元 as 120050 分; None stays None. Exact: at most two decimals get here."""
    return None if yuan is None else int(Decimal(yuan).scaleb(2))


def yuan_of(fen: int | None) -> str | None:
    """分 as 元 with two decimals; None stays None."""
    return None if fen is None else f"{fen // 100}.{fen % 100:02d}"


def rate_of(percent: str | None) -> int | None:
    """`"3.45"` percent as 34500; None stays None. Exact: at most four decimals get here."""
    return None if percent is None else int(Decimal(percent).scaleb(4))


def percent_of(rate: int | None) -> str | None:
    """A rate as percent with four decimals; None stays None."""
    return None if rate is None else f"{rate // 10_000}.{rate % 10_000:04d}"
