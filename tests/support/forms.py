"""Application forms of invented enterprises, complete unless a test says otherwise."""

from __future__ import annotations

import copy
from typing import Any

from stdnum.cn.uscc import calc_check_digit

from shared.identifiers import patent_check_digit

WUHAN, HUANGSHI = "420106", "420202"


def uscc(number: int, division: str = WUHAN) -> str:
    """A code with a right check digit whose organisation part could only be invented."""
    body = f"91{division}MAXXXX{number:03d}"[:17] if number < 1000 else f"91{division}MAX{number:06d}"
    body = body.replace("XXXX", "XQ00")[:17]
    return body + calc_check_digit(body)


def patent_no(number: int) -> str:
    body = f"20201{number:07d}"
    return f"{body}.{patent_check_digit(body)}"


def patent(number: int, *, industrialised: bool | None = True) -> dict[str, Any]:
    return {
        "application_no": patent_no(number),
        "kind": "invention",
        "ipc_main": "H01L 21/336",
        "legal_status": "valid",
        "granted_on": "2022-01-01",
        "source": "own_rd",
        "industrialised": industrialised,
        "product_names": ["示范产品"],
    }


_COMPLETE: dict[str, Any] = {
    "name": "【虚构】示范光电有限公司",
    "registered_division": WUHAN,
    "established_on": "2012-05-01",
    "legal_person": True,
    "industry_class": "3976",
    "main_business_share_percent": "85.00",
    "finance": {
        "fiscal_year": 2023,
        "revenue_cny": "120000000.00",
        "total_assets_cny": "90000000.00",
        "profit_cny": "8000000.00",
        "rd_expense_cny": "12000000.00",
    },
    "people": {"employees": 100, "rd_staff": 20, "rd_leader": "李四（虚构）", "ip_staff": 2},
    "qualifications": [
        {"type": "high_tech", "certificate_no": "GR0000", "issued_on": "2022-11-01", "expires_on": "2025-10-31"}
    ],
    "products": [
        {"name": "示范产品", "is_main": True, "filing_no": "BA0001", "filed_on": "2024-01-10", "sales_cny": "1.00"}
    ],
    "collaborations": [],
    "trademark_nos": ["00000001"],
    "ip_management": {"has_policy": True, "has_unit": True, "has_budget": True},
    "declarations": {
        "truthful": True,
        "no_abnormal_filing": True,
        "no_major_accident": True,
        "no_violation": True,
        "no_serious_dishonesty": True,
    },
}


def form(number: int = 1, division: str = WUHAN, **changes: Any) -> dict[str, Any]:
    """A form that meets every standard but the three that need a person; `changes` replace top-level fields."""
    complete = copy.deepcopy(_COMPLETE)
    complete["uscc"] = uscc(number, division)
    complete["registered_division"] = division
    complete["patents"] = [patent(number * 10 + index, industrialised=index == 0) for index in range(2)]
    return complete | changes


def with_changes(base: dict[str, Any], part: str, **changes: Any) -> dict[str, Any]:
    """`base` with fields of one nested part replaced."""
    return base | {part: base[part] | changes}
