"""Which fields of the application form answer a fact, and which of them one form has left open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, cast

from services.evaluation.assessment.sme_size import group_of_class, groups

# fact: JSON pointers into the form, `*` for each entry of a list.
_REGISTERED, _INDUSTRY, _YEAR = "/registered_division", "/industry_class", "/finance/fiscal_year"
_HELD = ("/qualifications/*/type", "/qualifications/*/issued_on", "/qualifications/*/expires_on")
_OWNED = ("/patents/*/legal_status", "/patents/*/granted_on", "/patents/*/source")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "registered_in_province": (_REGISTERED,),
    "legal_person": ("/legal_person",),
    "size_class": (_INDUSTRY, "/people/employees", "/finance/revenue_cny", "/finance/total_assets_cny"),
    "patent_intensive": (_INDUSTRY,),
    "qualification_sme_specialised": _HELD,
    "qualification_little_giant_national": _HELD,
    "qualification_high_tech": _HELD,
    "qualification_ip_advantage": _HELD,
    "qualification_ip_demonstration": _HELD,
    "qualification_industrial_ip_pilot": _HELD,
    "core_patent_on_main_product": (*_OWNED, "/patents/*/product_names", "/products/*/name", "/products/*/is_main"),
    "main_product_filed": ("/products/*/is_main", "/products/*/filing_no", "/products/*/filed_on"),
    "valid_patents": _OWNED,
    "industrialised_patents": (*_OWNED, "/patents/*/industrialised", "/patents/*/product_names"),
    "revenue_cny": (_YEAR, "/finance/revenue_cny"),
    "rd_expense_cny": (_YEAR, "/finance/rd_expense_cny"),
    "employees": ("/people/employees",),
    "rd_staff": ("/people/rd_staff",),
    "rd_leader_named": ("/people/rd_leader",),
    "collaboration_active": ("/collaborations/*/agreement_from", "/collaborations/*/agreement_to"),
    "own_brand": ("/trademark_nos/*",),
    "ip_policy": ("/ip_management/has_policy",),
    "ip_unit": ("/ip_management/has_unit",),
    "ip_staff": ("/people/ip_staff",),
    "ip_budget": ("/ip_management/has_budget",),
    "abnormal_filing": ("/declarations/no_abnormal_filing",),
    "major_accident": ("/declarations/no_major_accident",),
    "violation": ("/declarations/no_violation",),
    "serious_dishonesty": ("/declarations/no_serious_dishonesty",),
    "valid_invention_patents": (*_OWNED, "/patents/*/kind"),
    "industrialised_invention_patents": (
        *_OWNED,
        "/patents/*/industrialised",
        "/patents/*/product_names",
        "/patents/*/kind",
    ),
}
# A fact may hang on every one of 2,000 patents; the first few show what is asked.
_MOST_FIELDS = 20


def open_fields(fact: str, form: Mapping[str, Any], judged_on: date) -> list[str]:
    """JSON pointers (RFC 6901) of the fields whose answer would make a missing fact known.

    Those that the form leaves open; where it answers all of them and the answer settles nothing, all of them.
    """
    patterns = [pattern for pattern in FIELDS[fact] if _matters(pattern, fact, form)]
    found = [pointer for pattern in patterns for pointer in _open(pattern, form)]
    if _YEAR in patterns and _YEAR not in found and _year(form) != judged_on.year - 1:
        found.insert(0, _YEAR)
    every = found or [pattern.partition("/*")[0] for pattern in patterns]
    return list(dict.fromkeys(every))[:_MOST_FIELDS]


def _year(form: Mapping[str, Any]) -> object:
    return cast("Mapping[str, object]", form.get("finance") or {}).get("fiscal_year")


def _matters(pattern: str, fact: str, form: Mapping[str, Any]) -> bool:
    """The size of an enterprise hangs on one or two figures only, by its industry."""
    group = group_of_class().get(form.get("industry_class") or "")
    if fact != "size_class" or group is None:
        return True
    return pattern.rpartition("/")[2] in {indicator.column for indicator in groups()[group]}


def _open(pattern: str, form: Mapping[str, Any]) -> Iterator[str]:
    """The places of the pattern that hold nothing; the nearest answered place above them where that is missing too."""

    def walk(value: Any, steps: list[str], path: str) -> Iterator[str]:
        if value is None:
            yield path
        elif steps and steps[0] == "*":
            for index, item in enumerate(cast("list[Any]", value)):
                yield from walk(item, steps[1:], f"{path}/{index}")
        elif steps:
            inner = cast("Mapping[str, Any]", value).get(steps[0])
            # A part of the form that is absent altogether lacks the field itself; a list is answered as a whole.
            whole = inner is None and "*" not in steps
            yield from walk(None if whole else inner, [] if whole else steps[1:], path + "/" + _place(steps, whole))

    yield from walk(form, pattern.split("/")[1:], "")


def _place(steps: list[str], whole: bool) -> str:
    return "/".join(steps) if whole else steps[0]
