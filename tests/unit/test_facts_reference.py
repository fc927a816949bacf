"""Facts against a plain reading of their definitions, on generated snapshots; and no gap ever turns yes into no."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeAlias, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.assessment.facts import facts_frame
from services.evaluation.assessment.patent_intensive import is_patent_intensive
from services.evaluation.assessment.sme_size import size_class
from shared.reference.divisions import is_registered_division

Maybe: TypeAlias = bool | None
Record: TypeAlias = dict[str, Any]

DAY = date(2024, 6, 15)
YEARS = dict.fromkeys(("sme_specialised", "little_giant_national", "high_tech", "ip_advantage", "ip_demonstration"), 3)
HELD = (*YEARS, "industrial_ip_pilot")


def both(*values: Maybe) -> Maybe:
    return False if False in values else None if None in values else True


def any_of(records: Iterable[Any] | None, test: Callable[[Any], Maybe]) -> Maybe:
    if records is None:
        return None
    found = [test(record) for record in records]
    return True if True in found else None if None in found else False


def count(records: Iterable[Record] | None, test: Callable[[Record], Maybe]) -> int | None:
    found = None if records is None else [test(record) for record in records]
    return None if found is None or None in found else found.count(True)


def equals(one: Any, other: Any) -> Maybe:
    return None if one is None or other is None else one == other


def given_at_all(value: Any) -> Maybe:
    return None if value is None else True


def by(text: str | None, day: date) -> Maybe:
    """Whether a date given as text is `day` or before."""
    return None if text is None else date.fromisoformat(text) <= day


def negated(value: Maybe) -> Maybe:
    return None if value is None else not value


def in_force(record: Record, key: str) -> Maybe:
    if record["expires_on"] is not None:
        unexpired = negated(by(record["expires_on"], DAY - timedelta(days=1)))
    elif key not in YEARS:
        unexpired = True
    else:
        unexpired = negated(by(record["issued_on"], DAY.replace(year=DAY.year - YEARS[key])))
    return both(equals(record["type"], key), by(record["issued_on"], DAY), unexpired)


def is_filed(product: Record) -> Maybe:
    if product["filing_no"] is None and product["filed_on"] is None:
        return False
    return both(product["is_main"], given_at_all(product["filing_no"]), by(product["filed_on"], DAY))


def is_owned(patent: Record) -> Maybe:
    owned = None if patent["source"] is None else patent["source"] in ("own_rd", "assigned")
    return both(equals(patent["legal_status"], "valid"), by(patent["granted_on"], DAY), owned)


def is_industrialised(patent: Record) -> Maybe:
    linked = any_of(patent["product_names"], given_at_all)
    return both(is_owned(patent), patent["industrialised"], linked)


def is_invention(patent: Record) -> Maybe:
    return equals(patent["kind"], "invention")


def is_core(patent: Record, products: list[Record] | None) -> Maybe:
    def leads_to_main(name: str | None) -> Maybe:
        return any_of(products, lambda product: both(equals(product["name"], name), product["is_main"]))

    # Links that were not given are like one whose name is missing.
    names = [None] if patent["product_names"] is None else patent["product_names"]
    valid = both(equals(patent["legal_status"], "valid"), by(patent["granted_on"], DAY))
    return both(valid, given_at_all(patent["source"]), any_of(names, leads_to_main))


def covers_day(agreement: Record) -> Maybe:
    ended = by(agreement["agreement_to"], DAY - timedelta(days=1))
    return both(by(agreement["agreement_from"], DAY), negated(ended))


def fen(yuan: str | None) -> int | None:
    return None if yuan is None else int(Decimal(yuan) * 100)


def reference(payload: Record) -> Record:
    finance, people = payload["finance"], payload["people"]
    declared, managed = payload["declarations"], payload["ip_management"]
    revenue, assets = fen(finance["revenue_cny"]), fen(finance["total_assets_cny"])
    division = payload["registered_division"]
    return {
        "registered_in_province": None if division is None else is_registered_division(division),
        "legal_person": payload["legal_person"],
        "size_class": size_class(payload["industry_class"], people["employees"], revenue, assets),
        "patent_intensive": is_patent_intensive(payload["industry_class"]),
        **{
            f"qualification_{key}": any_of(payload["qualifications"], lambda record, key=key: in_force(record, key))
            for key in HELD
        },
        "core_patent_on_main_product": any_of(payload["patents"], lambda patent: is_core(patent, payload["products"])),
        "main_product_filed": any_of(payload["products"], lambda product: both(product["is_main"], is_filed(product))),
        "valid_patents": count(payload["patents"], is_owned),
        "industrialised_patents": count(payload["patents"], is_industrialised),
        "valid_invention_patents": count(payload["patents"], lambda one: both(is_owned(one), is_invention(one))),
        "industrialised_invention_patents": count(
            payload["patents"], lambda one: both(is_industrialised(one), is_invention(one))
        ),
        "revenue_cny": revenue if finance["fiscal_year"] == 2023 else None,
        "rd_expense_cny": fen(finance["rd_expense_cny"]) if finance["fiscal_year"] == 2023 else None,
        "employees": people["employees"],
        "rd_staff": people["rd_staff"],
        "rd_leader_named": given_at_all(people["rd_leader"]),
        "collaboration_active": any_of(payload["collaborations"], covers_day),
        "own_brand": any_of(payload["trademark_nos"], given_at_all),
        **{f"ip_{name}": managed[f"has_{name}"] for name in ("policy", "unit")},
        "ip_staff": people["ip_staff"],
        "ip_budget": managed["has_budget"],
        **{name[3:]: negated(value) for name, value in declared.items()},
    }


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, *values])


def records(most: int, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return maybe(st.lists(st.fixed_dictionaries(fields), max_size=most))


FLAG = maybe(st.booleans())
NAME = one_of("产品甲", "产品乙")
COUNT = maybe(st.integers(0, 2000))
MONEY = maybe(st.decimals(0, 10**13, places=2).map(lambda value: f"{value:.2f}"))
DATES = one_of("2021-06-15", "2021-06-16", "2024-06-14", "2024-06-15", "2024-06-16")
DECLARED = ("no_abnormal_filing", "no_major_accident", "no_violation", "no_serious_dishonesty")
PAYLOADS = st.fixed_dictionaries(
    {
        "registered_division": one_of("420106", "429004", "420100", "440106"),
        "legal_person": FLAG,
        "industry_class": one_of("3976", "3011", "0111", "6513", "7010", "7040", "7212"),
        "finance": st.fixed_dictionaries(
            {
                **dict.fromkeys(("revenue_cny", "total_assets_cny", "rd_expense_cny"), MONEY),
                "fiscal_year": one_of(2023, 2023, 2022),
            }
        ),
        "people": st.fixed_dictionaries(
            {"employees": COUNT, "rd_staff": COUNT, "ip_staff": COUNT, "rd_leader": one_of("【虚构】张三")}
        ),
        "qualifications": records(
            3,
            type=one_of("high_tech", "ip_advantage", "industrial_ip_pilot", "gazelle"),
            issued_on=DATES,
            expires_on=DATES,
        ),
        "products": records(3, name=NAME, is_main=FLAG, filing_no=one_of("ZLCP1"), filed_on=DATES),
        "patents": records(
            4,
            kind=one_of("invention", "invention", "utility_model", "design"),
            legal_status=one_of("valid", "valid", "valid", "terminated"),
            source=one_of("own_rd", "assigned", "licensed"),
            industrialised=FLAG,
            product_names=maybe(st.lists(NAME, max_size=2)),
            granted_on=DATES,
        ),
        "collaborations": records(2, agreement_from=DATES, agreement_to=DATES),
        "trademark_nos": maybe(st.lists(one_of("12345678"), max_size=2)),
        "ip_management": st.fixed_dictionaries(dict.fromkeys(("has_policy", "has_unit", "has_budget"), FLAG)),
        "declarations": st.fixed_dictionaries(dict.fromkeys(DECLARED, FLAG)),
    }
)


def derived(payloads: list[Record]) -> list[Record]:
    return facts_frame([json.dumps(payload, ensure_ascii=False) for payload in payloads], DAY).to_dicts()


@settings(max_examples=40, deadline=None)
@given(st.lists(PAYLOADS, min_size=1, max_size=6))
def test_facts_are_what_their_definitions_say(payloads: list[Record]) -> None:
    assert derived(payloads) == [reference(payload) for payload in payloads]


Path: TypeAlias = tuple[str | int, ...]


def answers(node: Any, path: Path = ()) -> Iterator[Path]:
    """Where a value or a whole list was given."""
    if isinstance(node, dict):
        for key, child in cast("Record", node).items():
            yield from answers(child, (*path, key))
    elif isinstance(node, list):
        yield path
        for at, child in enumerate(cast("list[Any]", node)):
            yield from answers(child, (*path, at))
    elif node is not None:
        yield path


def without(payload: Record, path: Path) -> Record:
    """The payload with that one answer left open."""
    changed = deepcopy(payload)
    node: Any = changed
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = None
    return changed


@settings(max_examples=50, deadline=None)
@given(PAYLOADS)
def test_leaving_an_answer_open_never_turns_yes_into_no_or_one_number_into_another(payload: Record) -> None:
    # A qualification without an expiry has its type's usual period, so there a blank is an answer, not a gap.
    paths = [path for path in answers(payload) if path[-1] != "expires_on"]
    before, *after = derived([payload, *(without(payload, path) for path in paths)])
    for path, facts in zip(paths, after, strict=True):
        for name, value in facts.items():
            # No filing at all is an answer (not filed); half of one is not.
            opened = before[name] is None and name == "main_product_filed"
            assert value is None or value == before[name] or opened, (name, path)
