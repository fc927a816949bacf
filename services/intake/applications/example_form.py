"""An invented enterprise's complete form: what the interface's page shows, valid as it stands."""

from __future__ import annotations

from typing import Any

EXAMPLE_FORM: dict[str, Any] = {
    "uscc": "91420106MAXQ00001A",
    "name": "【虚构】示范光电有限公司",
    "registered_division": "420106",
    "established_on": "2012-05-01",
    "legal_person": True,
    "industry_class": "3976",
    "main_business_share_percent": "85.00",
    "contact_name": "李四（虚构）",
    "contact_phone": "027-00000000",
    "finance": {
        "fiscal_year": 2023,
        "revenue_cny": "40000000.00",
        "total_assets_cny": "90000000.00",
        "profit_cny": "-120000.00",
        "rd_expense_cny": "3680000.00",
        "financing_need_cny": "5000000.00",
    },
    "people": {
        "employees": 100,
        "rd_staff": 20,
        "rd_leader": "王五（虚构）",
        "ip_staff": 2,
        "has_technology_vice_president": False,
    },
    "qualifications": [
        {
            "type": "high_tech",
            "certificate_no": "GR202242000000",
            "issued_on": "2022-11-01",
            "expires_on": "2025-10-31",
        }
    ],
    "products": [
        {
            "name": "示范产品",
            "is_main": True,
            "sales_cny": "30000000.00",
            "profit_cny": "2000000.00",
            "filing_no": "BA0001",
            "filed_on": "2024-01-10",
        }
    ],
    "patents": [
        {
            "application_no": "202010566088.9",
            "kind": "invention",
            "ipc_main": "H01L 21/336",
            "legal_status": "valid",
            "granted_on": "2022-01-01",
            "source": "own_rd",
            "industrialised": True,
            "product_names": ["示范产品"],
        }
    ],
    "collaborations": [{"partner": "【虚构】示范大学", "agreement_from": "2023-01-01", "agreement_to": "2025-12-31"}],
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
