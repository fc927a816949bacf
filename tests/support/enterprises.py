"""Changes of enterprises' records, as a province officer makes them."""

from __future__ import annotations

from typing import Any

import httpx
from stdnum.cn.uscc import calc_check_digit

from support.forms import HUANGSHI
from support.system import System

GROUNDS = {"reason": "凭变更登记通知书办理", "effective_on": "2024-06-30", "document": "（虚构）变更〔2024〕1号"}
ENTERPRISES = "/v1/enterprises"


def other_code(code: str, division: str = HUANGSHI) -> str:
    """Another code with the same organisation part."""
    body = code[:2] + division + code[8:17]
    return body + calc_check_digit(body)


class Registry:
    """The record as the province keeps it; `try_` gives the answer, `made` wants it to be a success."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.keeper = system.officer("registrar", "province_officer")

    async def try_(self, uscc: str, act: str, *, key: str | None = None, **body: Any) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return await self.system.request(
            "intake", "POST", f"{ENTERPRISES}/{uscc}:{act}", self.keeper, json=GROUNDS | body, headers=headers
        )

    async def made(self, uscc: str, act: str, **body: Any) -> dict[str, Any]:
        answer = await self.try_(uscc, act, **body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def refused(self, uscc: str, act: str, code: str, status: int = 409, **body: Any) -> dict[str, Any]:
        answer = await self.try_(uscc, act, **body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        return answer.json()

    async def undo(self, change: dict[str, Any]) -> httpx.Response:
        path = f"/v1/enterprise-changes/{change['id']}:undo"
        return await self.system.request("intake", "POST", path, self.keeper, json={"reason": "登记有误"})

    async def undone(self, change: dict[str, Any]) -> dict[str, Any]:
        answer = await self.undo(change)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def not_undone(self, change: dict[str, Any], because: str) -> None:
        answer = await self.undo(change)
        assert (answer.status_code, answer.json()["code"]) == (409, "change_not_undoable"), answer.text
        assert because in answer.json()["detail"]
        assert answer.json()["detail_zh"]

    async def read(self, code: str, token: str | None = None, **params: Any) -> dict[str, Any]:
        return await self.system.ok("intake", "GET", f"{ENTERPRISES}/{code}", token or self.keeper, params=params)

    async def listed(self, token: str | None = None, **params: Any) -> list[str]:
        page = await self.system.ok("intake", "GET", ENTERPRISES, token or self.keeper, params=params)
        return [one["uscc"] for one in page["items"]]
