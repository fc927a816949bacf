"""Separation of duties by person, kept by the database: findings, deviations, signatures, evidence, races."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from support.evidence import pdf
from support.forms import form
from support.reviewing import finding, judge, refusals
from support.system import System

DEVIATING = {"part": "2.qualification", "reason": "省级重点实验室依托单位"}


async def _proposed(system: System) -> tuple[dict[str, Any], dict[str, Any], str]:
    """A summary with a deviation that zhao proposed, and its review's id; qian and sun are reviewers too."""
    (summary,) = await judge(system, form(1, qualifications=[]))
    id_ = await system.take_up(summary["id"], "zhao")
    for name in ("qian", "sun"):
        await system.register_reviewer(name)
    path = f"/v1/assessments/{summary['id']}/deviations"
    deviation = await system.ok("evaluation", "POST", path, system.officer("zhao", "reviewer"), json=DEVIATING)
    return summary, deviation, id_


async def _attach(system: System, application_id: str, number: int) -> str:
    """The id of a file that an enterprise keeps with its application."""
    path, token = f"/v1/applications/{application_id}/attachments", system.officer("c", "city_officer", "420100")
    request = {"content": pdf(f"contract {number}"), "params": {"file_name": "聘用合同.pdf"}}
    return (await system.ok("intake", "POST", path, token, **request))["id"]


async def _pretend(owner: asyncpg.Connection, part: str) -> None:
    """As though the finding were on this part."""
    await owner.execute("ALTER TABLE finding DISABLE TRIGGER USER")
    await owner.execute("UPDATE finding SET part = $1", part)
    await owner.execute("ALTER TABLE finding ENABLE TRIGGER USER")


async def _declare(system: System, review_id: str, name: str) -> None:
    token = system.officer(name, "reviewer")
    await system.ok("evaluation", "POST", f"/v1/reviews/{review_id}:declare", token, json={"conflict": False})


async def test_one_person_under_any_spelling_does_not_sign_for_themselves(
    system: System, owner: asyncpg.Connection
) -> None:
    _, deviation, _ = await _proposed(system)
    path = f"/v1/deviations/{deviation['id']}:sign"
    for spelling in ("ZHAO", " zhao", "Zh ao", "\uff5ahao", "zhao\ufe0f"):
        token = system.officer(spelling, "reviewer")
        await system.refused("evaluation", "POST", path, token, "second_person_required", 403)
        with pytest.raises(asyncpg.CheckViolationError):
            await owner.execute("UPDATE deviation SET signed_by = $1, signed_at = now()", spelling)
    province = system.officer("zhao", "province_officer")
    await system.refused("evaluation", "POST", path, province, "forbidden", 403)
    assert {code for _, _, code in await refusals(owner)} == {"second_person_required"}
    assert await owner.fetchval("SELECT count(*) FROM deviation WHERE signed_by IS NOT NULL") == 0


async def test_a_signature_is_of_a_person_who_found_nothing_there_and_is_of_another_city(
    system: System, owner: asyncpg.Connection
) -> None:
    (summary,) = await judge(system, form(1, qualifications=[]))
    await system.register_reviewer("local", "420100")
    # Qian finds something under criterion 7; the review then goes to Zhao, who proposes.
    id_ = await system.take_up(summary["id"], "qian")
    findings = f"/v1/assessments/{summary['id']}/findings"
    await system.ok("evaluation", "POST", findings, system.officer("qian", "reviewer"), json=finding("7.leader"))
    await system.take_up(summary["id"], "zhao")
    proposal = await system.ok(
        "evaluation",
        "POST",
        f"/v1/assessments/{summary['id']}/deviations",
        system.officer("zhao", "reviewer"),
        json=DEVIATING,
    )
    path = f"/v1/deviations/{proposal['id']}:sign"
    local = system.officer("local", "reviewer")
    await system.refused("evaluation", "POST", path, local, "own_city", 403)
    await system.refused(
        "evaluation", "POST", f"/v1/reviews/{id_}:declare", local, "own_city", 403, json={"conflict": False}
    )
    waiting = {"whose": "to_sign"}
    for name, count in (("local", 0), ("zhao", 0), ("qian", 1)):
        page = await system.ok("evaluation", "GET", "/v1/reviews", system.officer(name, "reviewer"), params=waiting)
        assert len(page["items"]) == count, name
    # Of the same criterion as a finding of one's own: the database refuses what no rulebook yet brings about.
    await _pretend(owner, "2.other")
    await system.refused("evaluation", "POST", path, system.officer("qian", "reviewer"), "second_person_required", 403)
    with pytest.raises(asyncpg.CheckViolationError, match="second_person"):
        await owner.execute("UPDATE deviation SET signed_by = 'QIAN', signed_at = now()")
    with pytest.raises(asyncpg.CheckViolationError, match="own_city"):
        await owner.execute("UPDATE deviation SET signed_by = 'local', signed_at = now()")
    with pytest.raises(asyncpg.CheckViolationError, match="not_assigned"):
        await owner.execute(
            "INSERT INTO finding (id, assessment_id, part, met, reason, found_by) "
            "VALUES (uuidv7(), $1, '8.influence', true, 'x', 'qian')",
            summary["id"],
        )
    await _pretend(owner, "7.leader")
    await system.register_reviewer("sun")
    await _declare(system, id_, "sun")
    state = await system.ok("evaluation", "POST", path, system.officer("sun", "reviewer"))
    assert state["criteria"]["2"] == "deviation"
    cities = await owner.fetchrow("SELECT reviewer_city, signer_city FROM deviation")
    assert tuple(cities) == ("429021", "429021")
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("UPDATE deviation SET signed_by = 'wu'")


async def test_signers_at_once_sign_once_and_a_proposer_never(system: System, owner: asyncpg.Connection) -> None:
    _, deviation, id_ = await _proposed(system)
    for name in ("qian", "sun"):
        await _declare(system, id_, name)
    path = f"/v1/deviations/{deviation['id']}:sign"
    names = ("zhao", "qian", "sun", "Zhao", "qian")
    race = (system.request("evaluation", "POST", path, system.officer(name, "reviewer")) for name in names)
    statuses = [answer.status_code for answer in await asyncio.gather(*race)]
    assert [status for name, status in zip(names, statuses, strict=True) if name.lower() == "zhao"] == [403, 403]
    assert await owner.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'deviation.sign'") == 1
    assert await owner.fetchval("SELECT signed_by FROM deviation") in {"qian", "sun"}


async def test_of_two_reviewers_racing_over_a_handover_one_finding_stands(
    system: System, owner: asyncpg.Connection
) -> None:
    summaries = await judge(system, *(form(number) for number in range(1, 7)))
    await system.register_reviewer("qian")
    for summary in summaries:
        id_ = await system.take_up(summary["id"], "qian")
        await system.take_up(summary["id"], "zhao")
        path = f"/v1/assessments/{summary['id']}/findings"
        zhao, qian = system.officer("zhao", "reviewer"), system.officer("qian", "reviewer")
        handover = {"to": "qian", "reason": "出差"}
        answers = await asyncio.gather(
            system.request("evaluation", "POST", path, zhao, json=finding("7.leader")),
            system.request("evaluation", "POST", f"/v1/reviews/{id_}:delegate", zhao, json=handover),
            system.request("evaluation", "POST", path, qian, json=finding("7.leader", met=False)),
        )
        codes = [answer.status_code for answer in answers]
        assert codes[1] == 200
        assert codes[0] in {200, 403}
        assert codes[2] in {200, 403, 409}
        assert codes.count(200) - 1 == await owner.fetchval(
            "SELECT count(*) FROM finding WHERE assessment_id = $1", summary["id"]
        )


async def test_evidence_is_of_the_application_and_kept_with_its_digest(
    system: System, owner: asyncpg.Connection
) -> None:
    first, second = await judge(system, form(1), form(2))
    other = await _attach(system, second["application_id"], 2)
    await system.take_up(first["id"], "zhao")
    token, path = system.officer("zhao", "reviewer"), f"/v1/assessments/{first['id']}/findings"
    body = finding("7.leader", evidence=[other])
    problem = await system.refused("evaluation", "POST", path, token, "evidence_unknown", 422, json=body)
    assert problem["violations"][0]["pointer"] == "/findings/0/evidence/0"
    assert await owner.fetchval("SELECT count(*) FROM finding") == 0
    own = await _attach(system, first["application_id"], 1)
    for _ in range(2):
        await system.ok("evaluation", "POST", path, token, json=finding("7.leader", evidence=[own]))
    full = await system.ok("evaluation", "GET", f"/v1/assessments/{first['id']}", token)
    found = {part["part"]: part["finding"] for criterion in full["criteria"] for part in criterion["parts"]}
    assert found["7.leader"]["evidence"] == [own]
    kept = await owner.fetchval("SELECT evidence->0->>'digest' FROM finding")
    assert kept == await owner.fetchval("SELECT digest FROM attachment WHERE id = $1", own)


async def test_what_no_finding_settles_is_resolved_with_a_reason(system: System, owner: asyncpg.Connection) -> None:
    (summary,) = await judge(system, form(1, qualifications=[]))
    id_ = await system.take_up(summary["id"], "zhao")
    token, path = system.officer("zhao", "reviewer"), f"/v1/reviews/{id_}:resolve"
    body = {"part": "2.qualification", "kind": "deviation", "reason": "无充分理由，不提出例外"}
    for _ in range(2):
        state = await system.ok("evaluation", "POST", path, token, json=body)
    assert state["overall"] == "not_met"
    changed = body | {"reason": "另有理由"}
    await system.refused("evaluation", "POST", path, token, "nothing_to_resolve", 409, json=changed)
    assert await owner.fetchval("SELECT status FROM review") == "moot"
    assert await owner.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'review.resolve'") == 1


async def test_nothing_of_an_application_is_read_in_intake_before_a_declaration(system: System) -> None:
    await system.open_cycle()
    received = [await system.submit(form(number)) for number in (1, 2)]
    files: list[dict[str, Any]] = []
    for number, one in enumerate(received, 1):
        path, enterprise = f"/v1/applications/{one['id']}/attachments", system.enterprise(form(number)["uscc"])
        params = {"file_name": "证书.pdf"}
        files.append(await system.ok("intake", "POST", path, enterprise, content=pdf(one["id"]), params=params))
    await system.recommend("420100", [one["id"] for one in received])
    await system.drain()
    first, second = sorted(await system.assessments(), key=lambda one: one["uscc"])
    zhao = system.officer("zhao", "reviewer")
    await system.register_reviewer("zhao")
    paths = [
        [
            f"/v1/applications/{one['application_id']}",
            f"/v1/attachments/{file['id']}",
            f"/v1/enterprises/{one['uscc']}/attachments",
        ]
        for one, file in zip((first, second), files, strict=True)
    ]
    for path in paths[0]:
        await system.refused("intake", "GET", path, zhao, "not_found", 404)
    assert (await system.ok("intake", "GET", "/v1/applications", zhao))["items"] == []
    await system.take_up(first["id"], "zhao")
    for path in paths[0]:
        await system.ok("intake", "GET", path, zhao)
    for path in paths[1]:
        await system.refused("intake", "GET", path, zhao, "not_found", 404)
    listed = (await system.ok("intake", "GET", "/v1/applications", zhao))["items"]
    assert [one["uscc"] for one in listed] == [first["uscc"]]
    sun = system.officer("sun", "reviewer")
    review_id = await system.take_up(second["id"], "sun", declared=False)
    declaration = {"conflict": True, "reason": "曾任职"}
    await system.ok("evaluation", "POST", f"/v1/reviews/{review_id}:declare", sun, json=declaration)
    for path in paths[1]:
        await system.refused("intake", "GET", path, sun, "not_found", 404)
