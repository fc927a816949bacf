"""What a member's accepted reports say of it, one after another: latest figures, recognised products, progress."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from services.evaluation.adjustment.credit_rules import months_after
from services.evaluation.adjustment.progress import Figures, progress_made
from services.evaluation.adjustment.rules import Rules

_YEAR_ENDS = (12, 31)


@dataclass(frozen=True, slots=True)
class Reported:
    """One accepted report on the days `covers_from` to `covers_to`; `form` as the national form has it."""

    covers_from: date
    covers_to: date
    form: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was judged at admission; None is unknown."""

    admitted_on: date
    industrialised: int | None
    valid: int | None


def report_columns(rules: Rules, baseline: Baseline, reports: Sequence[Reported], on: date) -> dict[str, Any]:
    """The columns of MEMBER_COLUMNS that reports fill, from those on days up to `on`, in the order of their days.

    Products are those that the newest report names as recognised by admission; their amounts are compared between
    the last whole year before admission and the last whole year reported. Without any such product nothing grew.
    """
    told = [one for one in reports if one.covers_to <= on and one.covers_to > baseline.admitted_on]
    newest = told[-1] if told else None
    known_on, progress_known = _progress(rules, baseline, told, on)
    return {
        "latest_industrialised": _newest(told, "industrialised_count"),
        "latest_valid": _newest(told, "valid_count"),
        "new_intensive_products": _recognised_after(told, baseline.admitted_on),
        **_amounts(newest, baseline.admitted_on),
        "progress_on": known_on,
        "progress_known": progress_known,
    }


def _newest(told: Sequence[Reported], name: str) -> int | None:
    """Of the newest report alone: an older number is not today's."""
    return (told[-1].form.get("patents") or {}).get(name) if told else None


def _products(report: Reported) -> list[Mapping[str, Any]] | None:
    return report.form.get("recognised_products")


def _recognised_after(told: Sequence[Reported], day: date) -> int | None:
    """How many products were recognised after a day; of that very year without a date: unknown, unless others suffice."""
    products = _products(told[-1]) if told else None
    if products is None:
        return None
    answers = [_is_after(one, day) for one in products]
    certain = sum(answer is True for answer in answers)
    return None if certain == 0 and None in answers else certain


def _is_after(product: Mapping[str, Any], day: date) -> bool | None:
    recognised_on, year = product.get("recognised_on"), product["recognised_year"]
    if recognised_on is not None:
        return date.fromisoformat(recognised_on) > day
    return None if year == day.year else year > day.year


def _amounts(newest: Reported | None, admitted_on: date) -> dict[str, int | None]:
    """Baseline and latest of sales and profit in 分, over the products recognised by admission."""
    unknown: dict[str, int | None] = dict.fromkeys(
        ("baseline_sales", "latest_sales", "baseline_profit", "latest_profit")
    )
    products = None if newest is None else _products(newest)
    if newest is None or products is None:
        return unknown
    by_then = [(one, _is_after(one, admitted_on)) for one in products]
    if any(after is None for _, after in by_then):
        return unknown
    held = [one for one, after in by_then if not after]
    first, last = admitted_on.year - 1, _last_whole_year(newest)
    return {
        "baseline_sales": _total(held, first, "sales_cny"),
        "latest_sales": _total(held, last, "sales_cny"),
        "baseline_profit": _total(held, first, "profit_cny"),
        "latest_profit": _total(held, last, "profit_cny"),
    }


def _last_whole_year(report: Reported) -> int:
    until = report.covers_to
    return until.year if (until.month, until.day) == _YEAR_ENDS else until.year - 1


def _total(products: Iterable[Mapping[str, Any]], year: int, name: str) -> int | None:
    amounts = [_fen(_of_year(one, year).get(name)) for one in products]
    known = [one for one in amounts if one is not None]
    return sum(known) if len(known) == len(amounts) else None


def _of_year(product: Mapping[str, Any], year: int) -> Mapping[str, Any]:
    return next((one for one in product.get("years") or () if one["year"] == year), {})


def _fen(yuan: str | None) -> int | None:
    return None if yuan is None else int(Decimal(yuan) * 100)


def _figures(report: Reported, recognised_by: date | None) -> Figures:
    """A report's own figures; sales of all its products, or of those recognised by a day."""
    patents, products = report.form.get("patents") or {}, _products(report)
    sales = None if products is None else _total(products, _last_whole_year(report), "sales_cny")
    if recognised_by is not None:
        sales = _amounts(report, recognised_by)["latest_sales"]
    return Figures(
        industrialised=patents.get("industrialised_count"),
        valid=patents.get("valid_count"),
        intensive_products=None if products is None else len(products),
        product_sales=sales,
    )


def _progress(rules: Rules, baseline: Baseline, told: Sequence[Reported], on: date) -> tuple[date | None, bool]:
    """The last day of substantive progress, and whether everything since is on record.

    Each report is compared with what was on record before it. A gap between reports, or a comparison that cannot be
    made, leaves it unknown until progress is certain again; so does a term that ran out after the last report.
    """
    before = _at_admission(baseline, told)
    last: date | None = None
    covered, certain = baseline.admitted_on, True
    for at, report in enumerate(told):
        after = _figures(report, baseline.admitted_on if at == 0 else None)
        made = progress_made(rules, before, after).values()
        certain = certain and report.covers_from <= covered + timedelta(days=1)
        if True in made:
            last, certain = report.covers_to, True
        elif None in made:
            certain = False
        covered, before = report.covers_to, _newer(before, _figures(report, None))
    since = max(baseline.admitted_on, last or baseline.admitted_on)
    term_ends_on = months_after(since, rules.exit.stall_months)
    return last, certain and (on <= term_ends_on or covered >= term_ends_on)


def _at_admission(baseline: Baseline, told: Sequence[Reported]) -> Figures:
    """Patents as judged; products are not judged at admission, so the first report tells which there were."""
    products = _products(told[0]) if told else None
    answers = [_is_after(one, baseline.admitted_on) for one in products or ()]
    known = products is not None and None not in answers
    sales = _amounts(told[0] if told else None, baseline.admitted_on)["baseline_sales"]
    return Figures(baseline.industrialised, baseline.valid, answers.count(False) if known else None, sales)


def _newer(before: Figures, after: Figures) -> Figures:
    """What is on record after a report: where it says nothing, what was on record before."""
    told = {name: value for name in Figures.__slots__ if (value := getattr(after, name)) is not None}
    return replace(before, **told)
