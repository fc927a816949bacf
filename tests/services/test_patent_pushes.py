"""Patents pushed to an enterprise outside any event: the best that suit, once, explained, and in the ledger."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest
from support.forms import patent_no, uscc
from support.lists import a_list
from support.matchmaking import YICHANG_CITY, Desk
from support.system import System

OFFERS, PUSHES = "/v1/patent-offers", "/v1/patent-pushes"


def offer(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "patent_no": patent_no(number),
        "title": f"一种光纤激光器装置{number}",
        "holder": "【虚构】示范大学",
        "city_code": "420100",
        "ipc": ["H01S 3/067"],
        "text": "掺镱光纤激光器的温度控制",
    } | changes


NEED = {"uscc": uscc(1), "count": 2, "ipc": ["H01S 3/10"], "text": "光纤激光器温度控制方案"}


@pytest.fixture
async def desk(system: System, owner: asyncpg.Connection) -> Desk:
    """Three enterprises are on record."""
    await a_list(system, owner)
    return Desk(system)


async def offered(desk: Desk, *offers: dict[str, Any]) -> list[dict[str, Any]]:
    return (await desk.post(OFFERS, {"offers": list(offers)}))["offers"]


async def test_the_best_patents_are_pushed_once(desk: Desk) -> None:
    near = offer(1)
    wider = offer(2, ipc=["H01S 5/02"], text="半导体激光器封装")
    widest = offer(3, ipc=["H01L 21/02"], title="一种半导体清洗装置", text="晶圆清洗")
    stranger = offer(4, ipc=["A01B 1/02"], title="一种犁", text="深耕犁铧")
    made = await offered(desk, stranger, widest, wider, near)
    found = await desk.post(f"{PUSHES}?validate_only=true", NEED | {"count": 50})
    assert (found["id"], found["compared"]) == (None, 4)
    points = [one["points"] for one in found["entries"]]
    assert points == sorted(points, reverse=True)
    assert [one["patent_no"] for one in found["entries"]][:2] == [patent_no(1), patent_no(2)]
    assert patent_no(4) not in {one["patent_no"] for one in found["entries"]}
    best = found["entries"][0]
    weights = sum(part["weight"] for part in best["parts"])
    assert best["points"] == sum(part["counted"] * part["weight"] for part in best["parts"]) // weights
    assert best["parts"][0]["text"] == "共同的最细分类：H01S3"

    pushed = await desk.post(PUSHES, NEED)
    assert pushed["entries"] == found["entries"][:2]
    await desk.post(f"{OFFERS}/{made[1]['id']}:withdraw")
    await desk.refused(PUSHES, NEED, "patent_nothing_suits", 409)
    own = await desk.system.ok("finance", "GET", "/v1/own-patent-pushes", desk.system.enterprise(uscc(1)))
    assert [one["id"] for one in own["items"]] == [pushed["id"]]
    nobody = await desk.system.ok("finance", "GET", "/v1/own-patent-pushes", desk.system.enterprise(uscc(2)))
    assert nobody["items"] == []

    await desk.system.drain()
    ledger = (await desk.system.ok("evaluation", "GET", "/v1/support-actions", desk.token))["items"]
    (action,) = [one for one in ledger if one["kind"] == "patent_pushed"]
    assert (action["uscc"], action["subject"], action["source"]) == (uscc(1), "精准推送专利2件", "event")
    assert action["counted"]
    body = {"reason": "误记", "action": None}
    path = f"/v1/support-actions/{action['id']}:correct"
    await desk.system.refused("evaluation", "POST", path, desk.token, "support_of_an_event", 409, json=body)


async def test_offers_and_pushes_are_refused_clearly(desk: Desk) -> None:
    await offered(desk, offer(1))
    for offers, place in (([offer(2), offer(1)], 1), ([offer(3), offer(3, title="同一件")], 1)):
        problem = await desk.refused(OFFERS, {"offers": offers}, "patent_offered_twice", 409)
        assert problem["violations"][0]["pointer"] == f"/offers/{place}/patent_no"
    wrong = offer(4, patent_no="202010566088.1")
    await desk.refused(OFFERS, {"offers": [wrong]}, "validation_failed", 422)
    await desk.refused(PUSHES, {"uscc": uscc(1), "count": 1}, "validation_failed", 422)
    await desk.refused(PUSHES, NEED | {"uscc": uscc(99)}, "not_found", 404)
    elsewhere = Desk(desk.system, YICHANG_CITY)
    await elsewhere.refused(PUSHES, NEED, "not_found", 404)
    await elsewhere.refused(OFFERS, {"offers": [offer(5)]}, "match_outside_city", 403)
    assert (await elsewhere.get(PUSHES))["items"] == []
    # What is withdrawn may be offered again.
    (made,) = (await desk.get(OFFERS))["items"]
    await elsewhere.refused(f"{OFFERS}/{made['id']}:withdraw", None, "match_outside_city", 403)
    for _ in range(2):
        assert (await desk.post(f"{OFFERS}/{made['id']}:withdraw"))["withdrawn"]
    await offered(desk, offer(1))
