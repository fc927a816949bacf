"""Officers read who acted; an enterprise reads the role and the body, and no officer's name."""

from __future__ import annotations

import json

from support.evidence import pdf
from support.forms import form, with_changes
from support.system import System

APPLY = "/v1/cycles/2024-1/applications"
CITY = "420100"
OFFICE, PROVINCE = "武汉市知识产权局", "湖北省知识产权局"
REASONS = {"reasons": [{"field": "/people", "reason": "请核对"}]}


async def test_an_enterprise_reads_of_bodies_and_never_of_officers(system: System) -> None:
    await system.open_cycle()
    own = form(1)
    enterprise = system.enterprise(own["uscc"])
    city = system.officer("city-secret", "city_officer", CITY)
    province = system.officer("province-secret", "province_officer")
    id_ = (await system.ok("intake", "POST", APPLY, city, json=own))["id"]
    path = f"/v1/applications/{id_}"
    for token, name in ((city, "city.pdf"), (enterprise, "own.pdf"), (province, "province.pdf")):
        params = {"file_name": name, "title": name}
        await system.ok("intake", "POST", f"{path}/attachments", token, content=pdf(name), params=params)
    await system.ok("intake", "POST", "/v1/applications:recommend", city, json={"application_ids": [id_]})
    await system.ok("intake", "POST", f"{path}:reopen", province, json=REASONS)
    draft = await system.ok("intake", "GET", f"{path}/draft", city)
    saved = await system.ok(
        "intake", "PATCH", f"{path}/draft", city, json={"contact_name": "x"}, headers={"If-Match": f'"{draft["tag"]}"'}
    )
    assert saved["saved_by"] == "city-secret"

    seen = {
        part: await system.ok("intake", "GET", f"{path}{part}", enterprise)
        for part in ("", "/history", "/revisions", "/revisions/1", "/draft", "/attachments")
    }
    listed = await system.ok("intake", "GET", "/v1/applications", enterprise)
    assert "secret" not in json.dumps([seen, listed])
    assert [(one["act"], one["role"], one["actor"]) for one in seen["/history"]["items"]] == [
        ("submit", "city_officer", OFFICE),
        ("recommend", "city_officer", OFFICE),
        ("reopen", "province_officer", PROVINCE),
        ("save_draft", "city_officer", OFFICE),
    ]
    assert {one["confirmed_by"] for one in seen[""]["sections"]} == {OFFICE, None}
    assert (seen["/draft"]["saved_by"], seen["/revisions/1"]["submitted_by"]) == (OFFICE, OFFICE)
    uploads = {one["title"]: (one["role"], one["uploaded_by"]) for one in seen["/attachments"]["items"]}
    assert uploads == {
        "city.pdf": ("city_officer", OFFICE),
        "own.pdf": ("enterprise", f"enterprise-{own['uscc']}"),
        "province.pdf": ("province_officer", PROVINCE),
    }
    acts = (await system.ok("intake", "GET", f"{path}/history", province))["items"]
    assert [one["actor"] for one in acts] == ["city-secret", "city-secret", "province-secret", "city-secret"]

    answer = await system.ok("intake", "POST", APPLY, enterprise, json=with_changes(own, "people", rd_staff=21))
    revisions = (await system.ok("intake", "GET", f"{path}/revisions", enterprise))["items"]
    assert [one["submitted_by"] for one in revisions] == [OFFICE, f"enterprise-{own['uscc']}"]
    assert answer["revision"] == 2


async def test_who_removed_evidence_is_a_body_too(system: System) -> None:
    await system.open_cycle()
    own = form(1)
    id_ = (await system.submit(own))["id"]
    city = system.officer("city-secret", "city_officer", CITY)
    params = {"file_name": "a.pdf"}
    path = f"/v1/applications/{id_}/attachments"
    attached = await system.ok("intake", "POST", path, city, content=pdf(), params=params)
    await system.ok("intake", "DELETE", f"/v1/attachments/{attached['id']}", city)
    shown = await system.ok("intake", "GET", f"/v1/attachments/{attached['id']}", system.enterprise(own["uscc"]))
    assert (shown["uploaded_by"], shown["removed_by"]) == (OFFICE, OFFICE)
