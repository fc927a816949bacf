"""A year of the programme with something in every ledger, and the figures of years with their rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from support.forms import HUANGSHI, form
from support.members import WUHAN_CITY
from support.notices import Clock
from support.pool_history import History, products, report
from support.spot_checks import DRAWS, drawn, fact_found, finding_body, members
from support.system import System

PERFORMANCE = "/v1/performance"
ACTIONS = "/v1/support-actions"
GRADUATE, LATE, RETURNED = form(1), form(2), form(3)
SILENT, DISCREET = form(100, HUANGSHI), form(101, HUANGSHI)
_GROWN = [
    *products((2023, "10000000.00", "1000000.00"), (2024, "13000000.00", "1300000.00")),
    *products((2024, "1.00", "1.00"), recognised=2024, name="新产品"),
]
# A loan of which the report does not say how much it was.
_UNTOLD = {"bank": "【虚构】另一银行", "ip_pledged": True, "granted_on": "2024-10-08"}


def province(system: System, who: str = "planner") -> str:
    return system.officer(who, "province_officer")


def city_officer(system: System, city: str = WUHAN_CITY, who: str = "zhang-wei") -> str:
    return system.officer(who, "city_officer", city)


def loan(one: dict[str, Any], amount: str, day: str, **changes: Any) -> dict[str, Any]:
    return {
        "uscc": one["uscc"],
        "kind": "ip_pledge_loan",
        "happened_on": day,
        "amount_cny": amount,
        "provider": "【虚构】示范银行",
        "document": "（虚构）合同",
    } | changes


async def supported(system: System, *actions: dict[str, Any]) -> list[dict[str, Any]]:
    return [await system.ok("evaluation", "POST", ACTIONS, province(system), json=one) for one in actions]


async def withdrawn(system: System, action: dict[str, Any]) -> None:
    body = {"reason": "录入有误", "action": None}
    await system.ok("evaluation", "POST", f"{ACTIONS}/{action['id']}:correct", province(system), json=body)


async def a_full_year(system: System, clock: Clock) -> History:
    """Members of two cities since July 2024. In 2025 reports of each state, a graduation, an exit, loans and checks.

    The clock stands in December 2025.
    """
    history = History(system, clock)
    history.put("2024-07-01")
    await history.admitted("2024-1", GRADUATE, LATE, RETURNED, SILENT, DISCREET)
    history.put("2025-03-03")
    await history.period("2024-H2", "2024-07-01", "2024-12-31")
    await history.reported("2024-H2", GRADUATE, report(2, 2, _GROWN) | {"loans": [_UNTOLD]})
    await history.reported("2024-H2", DISCREET, report(1, 2) | {"loans": [_UNTOLD]})
    begun = [await _submitted(system, one) for one in (LATE, RETURNED)]
    for own in begun:
        await _returned(system, own)
    history.put("2025-04-01")
    await _again(system, LATE, begun[0])
    await history.incident(SILENT, "tax_evasion", date(2025, 1, 1))
    await history.adjusted()
    history.put("2025-12-01")
    await _checked(system, clock)
    await _financed(system)
    return history


async def _submitted(system: System, one: dict[str, Any]) -> str:
    token, path = system.enterprise(one["uscc"]), "/v1/reporting-periods/2024-H2/reports"
    begun = await system.ok("intake", "POST", path, token, json={"form": report(1, 2)})
    own = f"/v1/progress-reports/{begun['id']}"
    await _submit(system, token, own)
    return own


async def _submit(system: System, token: str, own: str) -> None:
    version = (await system.ok("intake", "GET", own, token))["version"]
    await system.ok("intake", "POST", f"{own}:submit", token, headers={"If-Match": f'"{version}"'})


async def _returned(system: System, own: str) -> None:
    body = {"reasons": [{"field": "/patents", "reason": "请核对"}]}
    await system.ok("intake", "POST", f"{own}:return", city_officer(system), json=body)


async def _again(system: System, one: dict[str, Any], own: str) -> None:
    await _submit(system, system.enterprise(one["uscc"]), own)


async def _checked(system: System, clock: Clock) -> None:
    """A spot check of everybody left; what one of them had said of its industry is not so."""
    number = await drawn(system, clock)
    for one in await members(system, province(system), number, drawn=True):
        facts = [fact_found("legal_person", value=True)]
        if one["uscc"] == LATE["uscc"]:
            facts.append(fact_found("patent_intensive", value=False, outcome="contradicted"))
        body = finding_body(clock, facts=facts)
        path = f"{DRAWS}/{number}/members/{one['uscc']}/finding"
        await system.ok("evaluation", "POST", path, province(system), json=body)


async def _financed(system: System) -> None:
    """In 2025 6,000,000.50 元 in Wuhan: what was withdrawn is none, what was paid out is none either."""
    await system.drain()
    *_, wrong = await supported(
        system,
        loan(LATE, "5000000.50", "2025-06-20"),
        loan(LATE, "1000000.00", "2025-01-01", kind="equity", provider="【虚构】示范基金"),
        loan(LATE, "3000000.00", "2024-12-31"),
        loan(GRADUATE, "2000000.00", "2025-08-20", kind="fiscal_subsidy", provider="【虚构】财政局"),
        loan(LATE, "7000000.00", "2025-07-20"),
    )
    await withdrawn(system, wrong)


async def read(system: System, token: str, year: int, city: str | None = None, **params: Any) -> dict[str, Any]:
    path = f"{PERFORMANCE}/{year}" + ("" if city is None else f"/cities/{city}")
    return await system.ok("evaluation", "GET", path, token, params=params)


def figures_of(told: dict[str, Any]) -> dict[str, str | None]:
    return {one["indicator"]: one["value"] for one in told["figures"]}


async def rows_of(system: System, token: str, url: str, limit: int = 2) -> list[dict[str, Any]]:
    """Every row behind a figure, page by page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await system.ok("evaluation", "GET", url, token, params={"limit": limit, **cursor})
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}
