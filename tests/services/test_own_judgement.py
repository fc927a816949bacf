"""An enterprise reads how it was judged once the result is announced, its city too; neither reads an officer's name."""

from __future__ import annotations

import hashlib
import json

import asyncpg
from support.forms import HUANGSHI, form
from support.notices import Notices, uscc_of
from support.system import System

CITY = ("officer-420100", "city_officer", "420100")


async def test_an_enterprise_and_its_city_read_the_judgement_once_it_is_announced(
    system: System, owner: asyncpg.Connection
) -> None:
    notices = Notices(system)
    await notices.judged(form(1), form(2), quotas={"420100": 1})
    id_ = notices.applications[uscc_of(2)]
    path, own = f"/v1/applications/{id_}/assessment", system.enterprise(uscc_of(2))
    for token in (own, system.officer(*CITY)):
        await system.refused("evaluation", "GET", path, token, "not_announced", 409)
    await notices.published()

    shown = await system.ok("evaluation", "GET", path, own)
    assert await system.ok("evaluation", "GET", path, system.officer(*CITY)) == shown
    (judged,) = [one for one in await system.assessments() if one["uscc"] == uscc_of(2)]
    in_full = await system.ok(
        "evaluation", "GET", f"/v1/assessments/{judged['id']}", system.officer("auditor", "auditor")
    )
    assert (shown["id"], shown["overall"], shown["enterprise_name"]) == (judged["id"], "met", form(2)["name"])
    found = [part["finding"] for one in shown["criteria"] for part in one["parts"] if part["finding"]]
    assert {one["reason"] for one in found} == {"经查阅材料认定"}
    assert "reviewer-a" in json.dumps(in_full)
    assert "reviewer-a" not in json.dumps(shown)
    assert [one["reason_zh"] for criterion in shown["criteria"] for one in criterion["parts"]] == [
        one["reason_zh"] for criterion in in_full["criteria"] for one in criterion["parts"]
    ]
    receipt = await system.request("evaluation", "GET", f"/v1/applications/{id_}/receipt", own)
    assert hashlib.sha256(receipt.content).hexdigest() == shown["receipt_digest"]
    unchanged = {"If-None-Match": receipt.headers["etag"]}
    again = await system.request("evaluation", "GET", f"/v1/applications/{id_}/receipt", own, headers=unchanged)
    assert (again.status_code, again.content) == (304, b"")
    reads = "SELECT actor FROM audit_entry WHERE action = 'assessment.read_own' ORDER BY id"
    assert len(await owner.fetch(reads)) == 2


async def test_nobody_reads_anothers_judgement(system: System) -> None:
    notices = Notices(system)
    await notices.judged(form(1), form(100, HUANGSHI))
    await notices.published()
    for part in ("assessment", "receipt"):
        path = f"/v1/applications/{notices.applications[uscc_of(1)]}/{part}"
        for token in (
            system.enterprise(uscc_of(100, HUANGSHI)),
            system.officer("officer-420200", "city_officer", "420200"),
        ):
            await system.refused("evaluation", "GET", path, token, "not_found", 404)
        missing = f"/v1/applications/018f0000-0000-7000-8000-000000000000/{part}"
        await system.refused("evaluation", "GET", missing, system.enterprise(uscc_of(1)), "not_found", 404)
        await system.refused("evaluation", "GET", path, system.officer("p", "province_officer"), "forbidden", 403)
