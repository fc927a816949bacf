"""Two-sided events, called and filled as officers would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from support.system import System

WUHAN_CITY, YICHANG_CITY = "420100", "420500"
EVENTS = "/v1/match-events"


class Desk:
    """An officer at work on events."""

    def __init__(self, system: System, city: str | None = None) -> None:
        self.system = system
        role = "province_officer" if city is None else "city_officer"
        self.token = system.officer(f"events-{city or 'province'}", role, city)

    async def get(self, path: str, **params: Any) -> Any:
        return await self.system.ok("finance", "GET", path, self.token, params=params)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return await self.system.ok("finance", "POST", path, self.token, json=body)

    async def refused(self, path: str, body: dict[str, Any] | None, code: str, status: int) -> dict[str, Any]:
        return await self.system.refused("finance", "POST", path, self.token, code, status, json=body)

    async def call(self, first: datetime, **changes: Any) -> dict[str, Any]:
        return await self.post(EVENTS, event(first, **changes))

    async def register(self, event_id: str, *participants: dict[str, Any]) -> dict[str, str]:
        """Ids by name."""
        body = {"participants": list(participants)}
        found = await self.post(f"{EVENTS}/{event_id}/participants", body)
        return {one["name"].removeprefix("【虚构】"): one["id"] for one in found["participants"]}

    async def plan(self, event_id: str) -> dict[str, Any]:
        return await self.post(f"{EVENTS}/{event_id}/plans")

    async def release(self, plan: dict[str, Any] | str, replaces: int = 0) -> dict[str, Any]:
        plan_id = plan if isinstance(plan, str) else plan["id"]
        return await self.post(f"/v1/match-plans/{plan_id}:release", {"replaces": replaces})


def tomorrow(days: int = 10) -> datetime:
    """Nine o'clock in China some days from now, never in a month's last days: an event is of one month."""
    day = datetime.now(UTC).replace(hour=1, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return day if day.day < 27 else day + timedelta(days=6)


def event(first: datetime, times: int = 3, room_count: int = 3, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "roadshow",
        "title": "光电子信息产业链投融资路演",
        "month": first.date().replace(day=1).isoformat(),
        "chain": "five_dominant-1",
        "city_code": WUHAN_CITY,
        "venue": "【虚构】会展中心",
        "slots": [
            {
                "starts_at": (first + timedelta(minutes=30 * at)).isoformat(),
                "ends_at": (first + timedelta(minutes=30 * at + 20)).isoformat(),
            }
            for at in range(times)
        ],
        "rooms": [{"name": f"{at + 1}号洽谈室"} for at in range(room_count)],
    } | changes


def enterprise(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "side": "enterprise",
        "kind": "enterprise",
        "uscc": f"91420106MAXQ{number:06}",
        "name": f"【虚构】企业{number}",
        "capacity": 2,
        "ipc": ["H01S 3/067"],
        "industries": ["3976"],
        "least_cny": "5000000",
        "most_cny": "5000000",
        "regions": [WUHAN_CITY],
        "stages": ["growth"],
        "text": "光纤激光器国产替代",
        "contact": f"（虚构）联系人{number}",
    } | changes


def investor(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "side": "partner",
        "kind": "investor",
        "name": f"【虚构】创投{number}",
        "capacity": 3,
        "ipc": ["H01S"],
        "industries": ["397"],
        "least_cny": "1000000",
        "most_cny": "20000000",
        "regions": ["420000"],
        "stages": ["growth", "expansion"],
        "text": "投资激光器与光纤器件",
        "contact": f"（虚构）投资经理{number}",
    } | changes
