"""Receipts replay byte for byte over HTTP and on the command line; what was tampered with is named."""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from support.forms import form, with_changes
from support.system import System
from typer.testing import CliRunner, Result

from services.cli import app
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import judge
from services.evaluation.rulebooks.loader import rulebook_by_id
from services.evaluation.rulebooks.receipt import receipts
from shared.reference.province import province

CITY = "420100"
PATH = "/v1/cycles/2024-1/receipts:replay"


async def judged(system: System, count: int = 3) -> list[dict[str, Any]]:
    await system.open_cycle()
    received = [await system.submit(form(number)) for number in range(1, count + 1)]
    await system.recommend(CITY, [one["id"] for one in received])
    await system.drain()
    return await system.assessments()


def auditor(system: System) -> str:
    return system.officer("auditor", "auditor")


async def write(owner: asyncpg.Connection, assessment_id: str, receipt: str, *, digest: bool = True) -> None:
    await owner.execute("UPDATE assessment SET receipt = $2 WHERE id = $1", assessment_id, receipt)
    if digest:
        sha = hashlib.sha256(receipt.encode()).hexdigest()
        await owner.execute("UPDATE assessment SET receipt_digest = $2 WHERE id = $1", assessment_id, sha)


async def test_every_receipt_of_a_cycle_replays_superseded_ones_too(system: System, owner: asyncpg.Connection) -> None:
    assessments = await judged(system)
    await owner.execute("UPDATE assessment SET current = FALSE WHERE id = $1", assessments[0]["id"])
    answer = await system.ok("evaluation", "POST", PATH, auditor(system))
    assert answer == {"receipts": 3, "equal": 3, "different": 0, "items": [], "next_cursor": None}
    one = await system.ok("evaluation", "POST", f"/v1/assessments/{assessments[0]['id']}:replay", auditor(system))
    assert (one["equal"], one["difference"]) == (True, None)


async def test_what_was_tampered_with_is_named_and_hides_no_other(system: System, owner: asyncpg.Connection) -> None:
    assessments = await judged(system, 6)
    texts = [await owner.fetchval("SELECT receipt FROM assessment WHERE id = $1", one["id"]) for one in assessments]
    ids = [one["id"] for one in assessments]
    await write(owner, ids[0], texts[0].replace('"7.leader":null', '"7.leader":true'))
    await write(owner, ids[1], texts[1].replace('"valid_patents":2', '"valid_patents":1'), digest=False)
    await write(owner, ids[2], json.dumps(json.loads(texts[2])))
    await write(owner, ids[3], "no receipt")
    await write(owner, ids[4], texts[4], digest=True)
    await owner.execute("UPDATE assessment SET receipt_digest = repeat('0', 64) WHERE id = $1", ids[4])
    answer = await system.ok("evaluation", "POST", PATH, auditor(system))
    assert (answer["receipts"], answer["equal"], answer["different"]) == (6, 1, 5)
    found = {item["assessment_id"]: item["difference"] for item in answer["items"]}
    assert list(found) == ids[:5]
    assert found[ids[0]] | {"message_zh": "", "message_en": ""} == {
        "code": "value_differs",
        "pointer": "/parts/7.leader",
        "stored": "true",
        "replayed": "null",
        "message_zh": "",
        "message_en": "",
    }
    assert [one["code"] for one in found.values()] == [
        "value_differs",
        # A fact changed together with all that follows from it replays: only the recorded digest tells.
        "digest_differs",
        "bytes_differ",
        "unreadable",
        "digest_differs",
    ]
    assert all(one["message_zh"] for one in found.values())
    first = await system.ok("evaluation", "POST", PATH, auditor(system), params={"limit": 2})
    rest = await system.ok("evaluation", "POST", PATH, auditor(system), params={"cursor": first["next_cursor"]})
    assert [item["assessment_id"] for item in first["items"] + rest["items"]] == ids[:5]
    one = await system.ok("evaluation", "POST", f"/v1/assessments/{ids[3]}:replay", auditor(system))
    assert (one["equal"], one["difference"]["code"]) == (False, "unreadable")


async def test_who_may_not_and_what_is_not_there(system: System) -> None:
    await system.open_cycle()
    path = f"/v1/assessments/{uuid.uuid4()}:replay"
    for token in (system.officer("c", "city_officer", CITY), system.enterprise(form(1)["uscc"])):
        for place in (PATH, path):
            await system.refused("evaluation", "POST", place, token, "forbidden", 403)
    await system.refused("evaluation", "POST", path, auditor(system), "not_found", 404)
    nowhere = "/v1/cycles/2099-1/receipts:replay"
    await system.refused("evaluation", "POST", nowhere, auditor(system), "cycle_not_found", 404)


# The command line -------------------------------------------------------------------------------------------


def run(*words: str, text: str | None = None) -> Result:
    done = CliRunner().invoke(app, ["receipt", *words], input=text, env={"COLUMNS": "100"})
    assert "Traceback" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


async def invoke(*words: str, text: str | None = None) -> Result:
    # Commands start an event loop of their own.
    return await asyncio.to_thread(lambda: run(*words, text=text))


async def test_a_receipt_is_shown_in_chinese_with_findings_and_deviations(
    system: System, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await system.open_cycle()
    one = with_changes(form(1, qualifications=[]), "finance", rd_expense_cny="3000000.00")
    received = await system.submit(one)
    await system.recommend(CITY, [received["id"]])
    await system.drain()
    (summary,) = await system.assessments()
    await system.settle(summary["id"])
    first = system.officer("reviewer-a", "reviewer")
    proposal = {"part": "2.qualification", "reason": "省级重点实验室依托单位"}
    path = f"/v1/assessments/{summary['id']}"
    deviation = await system.ok("evaluation", "POST", f"{path}/deviations", first, json=proposal)
    second = await system.prepare_to_sign(summary["id"], "reviewer-b")
    await system.ok("evaluation", "POST", f"/v1/deviations/{deviation['id']}:sign", second)

    url = system.settings["owner"].database_url.get_secret_value()
    monkeypatch.setenv("PEIYU_DATABASE_URL", url)
    shown = await invoke("show", "--assessment", summary["id"])
    assert shown.exit_code == 0, shown.output
    for told in (
        one["name"],
        one["uscc"],
        "武汉市",
        "鄂知发〔2024〕14号",
        "附件6　研发投入　不符合",
        "研发投入 300.00 万元",
        "研发投入再增加 200.00 万元",
        "附件2　企业资格　例外认可",
        "省级重点实验室依托单位（reviewer-a、reviewer-b）",
        "经查阅材料认定（reviewer-a）",
        "评审后的结论",
        "逐字节相同",
    ):
        assert "".join(told.split()) in "".join(shown.stdout.split()), told
    answer = await system.ok("evaluation", "GET", path, first)
    assert answer["receipt_digest"] in shown.stdout
    # The API's answer shows the same, standard by standard; the bare receipt only what the facts say.
    by_api = await invoke("show", "-", text=json.dumps(answer))
    assert _criteria(by_api.stdout) == _criteria(shown.stdout)
    bare = tmp_path / "receipt.json"
    bare.write_text(await owner.fetchval("SELECT receipt FROM assessment"), encoding="utf-8")
    plain = run("show", str(bare))
    assert "附件2　企业资格　不符合" in plain.stdout
    assert "评审后的结论" not in plain.stdout
    assert run("replay", str(bare)).stdout.split() == ["equal", "重放一致", answer["receipt_digest"]]
    other = await invoke("show", "--assessment", str(uuid.uuid4()))
    assert (other.exit_code, other.stderr.split(":")[0]) == (1, "unknown_assessment")


def _criteria(page: str) -> str:
    return page[page.index("附件1　") :]


def test_faults_are_told_with_their_code(tmp_path: Path) -> None:
    good = _receipt()
    assert run("replay", "-", text=good).exit_code == 0
    content = json.loads(good)
    wrong_answer = {"receipt": content, "criteria": [{"parts": [{"finding": {"met": True}}]}]}
    no_such_part = {"part": "99.x", "finding": {"met": True, "reason": "x", "found_by": "y"}}
    for text, code in (
        ("", "not_json"),
        ("{", "not_json"),
        ("[" * 100_000, "not_json"),
        ("[]", "not_a_receipt"),
        ('{"receipt":{}}', "not_a_receipt"),
        (json.dumps(wrong_answer), "not_a_receipt"),
        (json.dumps({"receipt": content, "receipt_digest": "0" * 64, "criteria": []}), "digest_differs"),
        (good.replace(content["rulebook"]["digest"], "0" * 64), "unknown_rulebook"),
        (good.replace('"valid_patents":2', '"valid_patents":2.5'), "not_replayable"),
        (good.replace('"valid_patents":2', '"valid_patents":3'), "not_equal"),
        (good.replace('"overall":"unknown"', '"overall":"met"'), "not_equal"),
        (json.dumps(content, indent=1), "not_equal"),
        (json.dumps(content | {"\x1b[31m": "\ud800"}), "not_equal"),
    ):
        for command in ("show", "replay"):
            done = run(command, "-", text=text)
            assert (done.exit_code, done.stderr.split(":")[0]) == (1, code), done.output
            assert not done.stdout
            assert "\x1b[31m" not in done.stderr
    text = json.dumps({"receipt": content, "criteria": [{"parts": [no_such_part]}]})
    assert run("show", "-", text=text).stderr.startswith("acts_do_not_fit: ")
    assert run("show", str(tmp_path / "none.json")).stderr.startswith("unreadable: ")
    other = tmp_path / "other.toml"
    other.write_text('id = "x"', encoding="utf-8")
    assert run("replay", "-", "--rulebook", str(other), text=good).stderr.startswith("rulebook_refused: ")
    assert run("show").exit_code == 2


def _receipt() -> str:
    rulebook = rulebook_by_id(province().rulebooks, "hubei-2024")
    facts = facts_frame([{"valid_patents": 2, "industrialised_patents": 1}])
    return receipts(rulebook, facts, judge(rulebook, facts), [{"application_id": "1"}], date(2024, 6, 15))[0]
