"""Facts derived from snapshots, case by case: what counts, on which day, and what stays unknown."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from services.evaluation.assessment.facts import facts_frame
from services.evaluation.assessment.patent_intensive import is_patent_intensive, membership_by_class
from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.rulebooks.frames import checked_facts, column_type
from services.intake.applications.schemas import ApplicationForm

DAY = date(2024, 6, 15)
PAYLOAD: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "snapshot.json").read_text(encoding="utf-8"))
VALID = {
    "kind": "invention",
    "legal_status": "valid",
    "source": "own_rd",
    "industrialised": True,
    "product_names": ["产品甲"],
    "granted_on": "2022-01-01",
}


def facts_of(payload: dict[str, Any], day: date = DAY) -> dict[str, Any]:
    return facts_frame([json.dumps(payload, ensure_ascii=False)], day).row(0, named=True)


def fact(name: str, day: date = DAY, **changes: Any) -> Any:
    return facts_of(PAYLOAD | changes, day)[name]


def test_the_columns_are_the_catalogue() -> None:
    frame = facts_frame([json.dumps(PAYLOAD)], DAY)
    assert dict(frame.schema) == {one.name: column_type(one)() for one in catalogue().values()}
    assert frame.columns == list(catalogue())
    assert checked_facts(frame).equals(frame)


def test_a_complete_snapshot() -> None:
    assert facts_of(PAYLOAD) == {
        "registered_in_province": True,
        "legal_person": True,
        "size_class": "small",
        "patent_intensive": True,
        "qualification_sme_specialised": False,
        "qualification_little_giant_national": False,
        "qualification_high_tech": True,
        "qualification_ip_advantage": False,
        "qualification_ip_demonstration": False,
        "qualification_industrial_ip_pilot": False,
        "core_patent_on_main_product": True,
        "main_product_filed": True,
        "valid_patents": 1,
        "industrialised_patents": 1,
        "valid_invention_patents": 1,
        "industrialised_invention_patents": 1,
        "revenue_cny": 1_200_000_000,
        "rd_expense_cny": 150_000_029,
        "employees": 80,
        "rd_staff": 20,
        "rd_leader_named": True,
        "collaboration_active": True,
        "own_brand": True,
        "ip_policy": True,
        "ip_unit": True,
        "ip_staff": 2,
        "ip_budget": True,
        "abnormal_filing": False,
        "major_accident": False,
        "violation": False,
        "serious_dishonesty": None,
    }


def test_facts_read_what_the_form_writes() -> None:
    stored = ApplicationForm.model_validate(PAYLOAD).model_dump_json()
    assert facts_frame([stored], DAY).row(0, named=True) == facts_of(PAYLOAD)


@pytest.mark.parametrize("payload", ["{}", '{"finance": null, "patents": null}', json.dumps(dict.fromkeys(PAYLOAD))])
def test_nothing_answered_is_nothing_known(payload: str) -> None:
    assert set(facts_frame([payload], DAY).row(0)) == {None}


def test_empty_lists_are_answers() -> None:
    lists = ("qualifications", "products", "patents", "collaborations", "trademark_nos")
    facts = facts_of({name: [] for name in lists})
    assert {name: value for name, value in facts.items() if value is not None} == {
        **dict.fromkeys((name for name in facts if name.startswith("qualification_")), False),
        "core_patent_on_main_product": False,
        "main_product_filed": False,
        "valid_patents": 0,
        "industrialised_patents": 0,
        "valid_invention_patents": 0,
        "industrialised_invention_patents": 0,
        "collaboration_active": False,
        "own_brand": False,
    }


def test_zero_stays_zero_and_no_stays_no() -> None:
    people = {"employees": 0, "rd_staff": 0, "ip_staff": 0}
    facts = facts_of(
        {"finance": {"fiscal_year": 2023, "revenue_cny": "0.00", "rd_expense_cny": "0.00"}, "people": people}
    )
    assert [facts[name] for name in ("revenue_cny", "rd_expense_cny", "employees", "rd_staff", "ip_staff")] == [0] * 5
    assert fact("violation", declarations={"no_violation": False}) is True
    assert fact("ip_policy", ip_management={"has_policy": False}) is False


@pytest.mark.parametrize(
    ("yuan", "fen"),
    [("0.01", 1), ("0.29", 29), ("4503599627370.49", 450359962737049), ("9999999999999.99", 999999999999999)],
)
def test_money_is_exact_to_the_fen(yuan: str, fen: int) -> None:
    assert fact("revenue_cny", finance={"fiscal_year": 2023, "revenue_cny": yuan}) == fen


def test_what_is_not_a_snapshot_is_refused() -> None:
    for text in ("not json", '{"finance": {"revenue_cny": "12 万"}}', '{"people": {"employees": "eighty"}}'):
        with pytest.raises(pl.exceptions.PolarsError):
            facts_frame([text], DAY)


def test_order_and_number_of_rows_are_kept_beyond_one_batch() -> None:
    payloads = [json.dumps({"people": {"employees": at}, "patents": [VALID] * (at % 3)}) for at in range(5000)]
    frame = facts_frame(pl.Series(payloads), DAY)
    assert frame["employees"].to_list() == list(range(5000))
    assert frame["valid_patents"].to_list() == [at % 3 for at in range(5000)]
    assert facts_frame([], DAY).schema == frame.schema


@pytest.mark.parametrize(
    ("code", "expected"), [("429004", True), ("420106", True), ("420100", False), ("440106", False)]
)
def test_registration_is_in_a_county_of_the_province(code: str, *, expected: bool) -> None:
    assert fact("registered_in_province", registered_division=code) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("3976", True),
        ("3921", True),
        ("7491", True),
        ("3011", None),
        ("3951", None),
        ("6311", None),
        ("0111", False),
        ("5111", False),
        ("0000", None),
        (None, None),
    ],
)
def test_membership_of_the_patent_intensive_industries(code: str | None, *, expected: bool | None) -> None:
    assert is_patent_intensive(code) is expected
    assert fact("patent_intensive", industry_class=code) is expected


def test_every_class_has_the_same_membership_in_a_frame() -> None:
    frame = facts_frame([json.dumps({"industry_class": code}) for code in membership_by_class()], DAY)
    assert frame["patent_intensive"].to_list() == list(membership_by_class().values())
    assert list(membership_by_class().values()).count(True) == 48


@pytest.mark.parametrize(
    ("issued_on", "expires_on", "expected"),
    [
        ("2024-06-15", "2027-06-14", True),
        ("2021-06-16", "2024-06-15", True),
        ("2021-06-15", "2024-06-14", False),
        ("2024-06-16", "2027-06-15", False),
        ("2018-01-01", "2026-12-31", True),
        ("2021-06-16", None, True),
        ("2021-06-15", None, False),
        ("2024-06-16", None, False),
        (None, "2026-12-31", None),
        (None, "2024-06-14", False),
        (None, None, None),
    ],
)
def test_a_qualification_is_in_force_from_issue_to_expiry(
    issued_on: str | None, expires_on: str | None, *, expected: bool | None
) -> None:
    held = [{"type": "high_tech", "issued_on": issued_on, "expires_on": expires_on}]
    assert fact("qualification_high_tech", qualifications=held) is expected
    assert fact("qualification_ip_advantage", qualifications=held) is False


def test_a_qualification_without_a_known_period_does_not_end_by_itself() -> None:
    pilot = {"type": "industrial_ip_pilot", "issued_on": "2010-01-01"}
    assert fact("qualification_industrial_ip_pilot", qualifications=[pilot]) is True
    assert fact("qualification_industrial_ip_pilot", qualifications=[pilot | {"expires_on": "2012-12-31"}]) is False


def test_three_years_around_a_leap_day() -> None:
    held = [{"type": "high_tech", "issued_on": "2025-03-01"}]
    assert fact("qualification_high_tech", date(2028, 2, 29), qualifications=held) is True
    assert fact("qualification_high_tech", date(2028, 3, 1), qualifications=held) is False


def test_one_qualification_in_force_is_enough_and_one_unknown_leaves_it_open() -> None:
    expired = {"type": "high_tech", "issued_on": "2015-01-01", "expires_on": "2017-12-31"}
    undated, current = {"type": "high_tech"}, {"type": "high_tech", "issued_on": "2023-01-01"}
    assert fact("qualification_high_tech", qualifications=[expired, undated]) is None
    assert fact("qualification_high_tech", qualifications=[expired, undated, current]) is True


@pytest.mark.parametrize(
    ("changes", "valid", "industrialised"),
    [
        ({}, 2, 2),
        ({"source": "assigned"}, 2, 2),
        ({"source": "licensed"}, 1, 1),
        ({"legal_status": "terminated"}, 1, 1),
        ({"legal_status": None}, None, None),
        ({"legal_status": None, "source": "licensed"}, 1, 1),
        ({"legal_status": None, "industrialised": False}, None, 1),
        ({"source": None}, None, None),
        ({"source": None, "legal_status": "pending"}, 1, 1),
        ({"industrialised": False}, 2, 1),
        ({"industrialised": None}, 2, None),
        ({"industrialised": None, "product_names": []}, 2, 1),
        ({"product_names": []}, 2, 1),
        ({"product_names": None}, 2, None),
        ({"product_names": [None]}, 2, None),
        ({"product_names": [None, "产品甲"]}, 2, 2),
    ],
)
def test_patents_are_counted_only_when_every_one_can_be_told(
    changes: dict[str, Any], valid: int | None, industrialised: int | None
) -> None:
    facts = facts_of(PAYLOAD | {"patents": [VALID, VALID | changes]})
    assert (facts["valid_patents"], facts["industrialised_patents"]) == (valid, industrialised)
    assert (facts["valid_invention_patents"], facts["industrialised_invention_patents"]) == (valid, industrialised)


@pytest.mark.parametrize(
    ("changes", "valid", "industrialised"),
    [
        ({"kind": "utility_model"}, 1, 1),
        ({"kind": "design"}, 1, 1),
        ({"kind": None}, None, None),
        ({"kind": None, "industrialised": False}, None, 1),
        ({"kind": None, "legal_status": "terminated"}, 1, 1),
        ({"kind": "design", "source": None}, 1, 1),
    ],
)
def test_inventions_are_counted_by_the_kind_of_patent(
    changes: dict[str, Any], valid: int | None, industrialised: int | None
) -> None:
    facts = facts_of(PAYLOAD | {"patents": [VALID, VALID | changes]})
    assert (facts["valid_invention_patents"], facts["industrialised_invention_patents"]) == (valid, industrialised)


@pytest.mark.parametrize(
    ("patent", "product", "expected"),
    [
        ({}, {}, True),
        ({"source": "licensed"}, {}, True),
        ({"source": None}, {}, None),
        ({"legal_status": "expired"}, {}, False),
        ({"legal_status": None}, {}, None),
        ({"product_names": []}, {}, False),
        ({"product_names": None}, {}, None),
        ({"product_names": None}, {"is_main": None}, None),
        ({"product_names": None}, {"is_main": False}, False),
        ({"product_names": ["产品乙"]}, {}, False),
        ({}, {"is_main": False}, False),
        ({}, {"is_main": None}, None),
        ({}, {"name": None}, None),
        ({}, {"name": None, "is_main": False}, False),
        ({"legal_status": "expired"}, {"is_main": None}, False),
    ],
)
def test_a_core_patent_is_valid_and_linked_to_a_main_product(
    patent: dict[str, Any], product: dict[str, Any], *, expected: bool | None
) -> None:
    products = [{"name": "产品甲", "is_main": True} | product, {"name": "产品乙", "is_main": False}]
    found = fact("core_patent_on_main_product", patents=[VALID | patent], products=products)
    assert found is expected


def test_a_core_patent_without_a_list_of_products_is_unknown() -> None:
    assert fact("core_patent_on_main_product", patents=[VALID], products=None) is None
    assert fact("core_patent_on_main_product", patents=[VALID], products=[]) is False


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        ({"is_main": True, "filing_no": "ZLCP1", "filed_on": "2024-06-15"}, True),
        ({"is_main": True, "filing_no": "ZLCP1", "filed_on": "2024-06-16"}, False),
        ({"is_main": True, "filing_no": "ZLCP1"}, None),
        ({"is_main": True, "filed_on": "2024-01-01"}, None),
        ({"is_main": True}, False),
        ({"is_main": None, "filing_no": "ZLCP1", "filed_on": "2024-01-01"}, None),
        ({"is_main": False, "filing_no": "ZLCP1", "filed_on": "2024-01-01"}, False),
    ],
)
def test_a_main_product_is_filed_by_the_day(product: dict[str, Any], *, expected: bool | None) -> None:
    assert fact("main_product_filed", products=[product, {"name": "产品乙", "is_main": False}]) is expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2024-06-15", "2024-06-15", True),
        ("2024-06-16", "2025-01-01", False),
        ("2023-01-01", "2024-06-14", False),
        (None, "2025-01-01", None),
        ("2023-01-01", None, None),
        ("2025-01-01", None, False),
    ],
)
def test_an_agreement_covers_the_day(start: str | None, end: str | None, *, expected: bool | None) -> None:
    agreements = [{"partner": "【虚构】某大学", "agreement_from": start, "agreement_to": end}]
    assert fact("collaboration_active", collaborations=agreements) is expected


def test_a_leader_and_a_trademark_are_known_only_when_named() -> None:
    assert fact("rd_leader_named", people={"rd_leader": None}) is None
    assert fact("own_brand", trademark_nos=None) is None


@pytest.mark.parametrize(("year", "known"), [(2023, True), (2022, False), (2024, False), (None, False)])
def test_only_last_years_figures_answer(year: int | None, known: bool) -> None:
    finance = PAYLOAD["finance"] | {"fiscal_year": year}
    for name in ("revenue_cny", "rd_expense_cny"):
        assert (fact(name, finance=finance) is not None) is known


@pytest.mark.parametrize(("granted_on", "count"), [("2024-06-15", 1), ("2024-06-16", 0), (None, None)])
def test_a_patent_granted_later_was_not_valid_on_the_day(granted_on: str | None, count: int | None) -> None:
    patents = [VALID | {"granted_on": granted_on}]
    assert (fact("valid_patents", patents=patents), fact("industrialised_patents", patents=patents)) == (count, count)
