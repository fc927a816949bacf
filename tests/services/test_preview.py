"""The completeness check over HTTP: what submission would refuse, and the judgement that would follow."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import date
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.forms import form, uscc, with_changes
from support.system import System

from services.evaluation.assessment.facts import facts_frame
from services.evaluation.assessment.form import PartialForm
from services.evaluation.assessment.form_fields import FIELDS
from services.evaluation.rulebooks.catalogue import catalogue
from services.intake import app as intake_app
from services.intake.applications.completeness import _validated
from services.intake.applications.partial_forms import without_invalid_parts
from services.intake.applications.schemas import ApplicationForm
from shared.audit import SYSTEM
from shared.embedded import free_port
from shared.judgement import Judgement

CITY = "420100"
CHECK, PREVIEW = "/v1/cycles/2024-1/applications:check", "/v1/cycles/2024-1/assessments:preview"
AWKWARD: list[dict[str, Any]] = [
    form(1),
    with_changes(form(2), "finance", rd_expense_cny=None),
    with_changes(form(3), "finance", rd_expense_cny="4999999.99", revenue_cny="50000000.00"),
    form(4, qualifications=[], collaborations=None, products=None, patents=None),
    with_changes(form(5), "declarations", no_violation=False, no_major_accident=None),
    with_changes(form(6), "people", rd_staff=19, rd_leader=None, ip_staff=0),
    form(7, patents=[], trademark_nos=[], industry_class="0111"),
    with_changes(form(8), "finance", fiscal_year=2022),
]


def _parts(judgement: dict[str, Any]) -> dict[str, Any]:
    return {part["part"]: part for criterion in judgement["criteria"] for part in criterion["parts"]}


async def test_the_preview_of_a_form_is_its_assessment(system: System) -> None:
    """Two ways to the same words: preview, and submit + recommend + judge."""
    await system.open_cycle()
    previews = {one["uscc"]: await _preview(system, one) for one in AWKWARD}
    received = [await system.submit(one) for one in AWKWARD]
    await system.recommend(CITY, [one["id"] for one in received])
    await system.drain()
    auditor = system.officer("auditor", "auditor")
    summaries = await system.assessments()
    assert len(summaries) == len(AWKWARD)
    for summary in summaries:
        stored = await system.ok("evaluation", "GET", f"/v1/assessments/{summary['id']}", auditor)
        assert _said(previews[summary["uscc"]]) == _said(stored)
    assert {one["overall"] for one in previews.values()} == {"unknown", "not_met"}


async def _preview(system: System, one: dict[str, Any]) -> dict[str, Any]:
    token = system.enterprise(one["uscc"])
    checked = await system.ok("intake", "POST", CHECK, token, json={"form": one})
    assert (checked["ready"], checked["violations"]) == (True, [])
    direct = await system.ok("evaluation", "POST", PREVIEW, token, json={"form": one})
    assert direct == checked["judgement"]
    return direct


def _said(judged: dict[str, Any]) -> Any:
    parts = [
        [(part[name]) for name in ("part", "title", "kind", "computed", "reason_code", "reason_zh")]
        for part in _parts(judged).values()
    ]
    criteria = [[one[name] for name in ("number", "clause", "title", "text", "verdict")] for one in judged["criteria"]]
    return judged["overall"], judged["rulebook_digest"], criteria, parts


async def test_distances_and_gaps_are_told_in_words_figures_and_places(system: System) -> None:
    await system.open_cycle()
    one = with_changes(form(1), "finance", rd_expense_cny="3680000.00", revenue_cny="40000000.00")
    one = with_changes(one, "people", ip_staff=None)
    one["patents"][1]["legal_status"] = None
    parts = _parts(await _preview(system, one))
    rd = parts["6.rd_investment"]
    assert rd["advice_zh"] == (
        "研发投入再增加 32.00 万元，即研发投入占营业收入的比重再提高 0.8 个百分点；或研发投入再增加 132.00 万元"
    )
    assert [[hint["gap"] for step in arm["steps"] for hint in step["hints"]] for arm in rd["arms"]] == [
        ["320000.00", "0.80"],
        ["1320000.00"],
    ]
    assert parts["9.staff"]["missing"] == [
        {"fact": "ip_staff", "title": "知识产权人员", "fields": ["/people/ip_staff"]}
    ]
    assert parts["9.staff"]["advice_zh"] == "知识产权人员须不低于 1 人"
    rate = parts["5.rate"]
    assert [missing["fields"] for missing in rate["missing"]] == [["/patents/1/legal_status"]]
    assert parts["1.legal_person"]["arms"] == []


async def test_what_is_invalid_is_named_and_judged_as_missing(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    one = form(1)
    one["finance"]["rd_expense_cny"] = 12000000.5
    one["patents"][1]["granted_on"] = "2022-02-30"
    one["unheard_of"] = {"\ud800": 1}
    del one["name"]
    # Written here: the client itself would not send a lone surrogate.
    sent: dict[str, Any] = {
        "content": json.dumps({"form": one}).encode(),
        "headers": {"Content-Type": "application/json"},
    }
    checked = await system.ok("intake", "POST", CHECK, system.enterprise(uscc(1)), **sent)
    assert checked["ready"] is False
    assert {found["pointer"] for found in checked["violations"]} == {
        "/finance/rd_expense_cny",
        "/patents/1/granted_on",
        "/unheard_of",
        "/name",
    }
    assert all(found["message_zh"] for found in checked["violations"])
    parts = _parts(checked["judgement"])
    assert [parts[name]["computed"] for name in ("6.rd_investment", "5.rate", "1.size")] == ["unknown"] * 2 + ["met"]
    for table in ("application", "enterprise", "assessment", "audit_entry", "outbox_event"):
        query = f"SELECT count(*) FROM {table}" + (" WHERE action <> 'cycle.open'" if table == "audit_entry" else "")
        assert await owner.fetchval(query) == 0, table


async def test_an_empty_form_is_all_unknown_with_every_field_named(system: System) -> None:
    await system.open_cycle()
    checked = await system.ok("intake", "POST", CHECK, system.officer("o", "city_officer", CITY), json={"form": {}})
    required = {"/uscc", "/name", "/registered_division", "/declarations"}
    assert {found["pointer"] for found in checked["violations"]} == required
    assert {one["verdict"] for one in checked["judgement"]["criteria"]} == {"unknown"}
    fields = {
        field
        for part in _parts(checked["judgement"]).values()
        for missing in part["missing"]
        for field in missing["fields"]
    }
    assert fields >= {"/patents", "/products", "/qualifications", "/trademark_nos", "/finance/fiscal_year"}
    Judgement.model_validate(checked["judgement"])


async def test_an_enterprise_asks_for_itself_only_and_cycles_must_exist(system: System) -> None:
    await system.open_cycle()
    mine = system.enterprise(uscc(1))
    for service, path in (("intake", CHECK), ("evaluation", PREVIEW)):
        body = {"form": form(2)}
        problem = await system.refused(service, "POST", path, mine, "not_own_enterprise", 403, json=body)
        assert problem["violations"][0]["pointer"] == "/form/uscc"
        missing = path.replace("2024-1", "none")
        await system.refused(service, "POST", missing, mine, "cycle_not_found", 404, json={"form": {}})
        reviewer = system.officer("a", "reviewer")
        await system.refused(service, "POST", path, reviewer, "forbidden", 403, json={"form": {}})
    elsewhere = system.officer("o", "city_officer", "420200")
    checked = await system.ok("intake", "POST", CHECK, elsewhere, json={"form": form(1)})
    assert [found["code"] for found in checked["violations"]] == ["outside_city"]


async def test_before_the_window_opens_the_form_is_judged_but_not_ready(system: System) -> None:
    await system.open_cycle(opens_at="2000-01-01T00:00:00Z", closes_at="2000-01-02T00:00:00Z")
    checked = await system.ok("intake", "POST", CHECK, system.enterprise(uscc(1)), json={"form": form(1)})
    assert (checked["ready"], [one["code"] for one in checked["violations"]]) == (False, ["outside_application_window"])
    assert checked["judgement"]["overall"] == "unknown"


async def test_as_of_today_uses_todays_date(system: System) -> None:
    await system.open_cycle()
    token, body = system.enterprise(uscc(1)), {"form": form(1)}
    then = (await system.ok("intake", "POST", CHECK, token, json=body))["judgement"]
    now = (await system.ok("intake", "POST", CHECK, token, json=body, params={"as_of": "today"}))["judgement"]
    assert (then["judged_on"], then["as_of"], now["as_of"]) == ("2024-06-30", "assessment_date", "today")
    assert now["judged_on"] > then["judged_on"]
    # Figures of 2023 are no longer last year's, and the certificate of 2022 has expired.
    missing = {one["fact"]: one["fields"] for one in _parts(now)["6.rd_investment"]["missing"]}
    assert missing["rd_expense_cny"] == ["/finance/fiscal_year"]
    assert _parts(now)["2.qualification"]["computed"] == "not_met"


async def test_without_evaluation_the_refusal_still_lists_the_violations(system: System) -> None:
    await system.open_cycle()
    held: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    ports = (free_port(), silent.sockets[0].getsockname()[1])
    for url in (*(f"http://127.0.0.1:{port}" for port in ports), None):
        changes = {"evaluation_url": url, "evaluation_timeout_seconds": 0.2}
        async with AsyncExitStack() as stack:
            client = await _intake(stack, system, **changes)
            token = system.enterprise(uscc(1))
            headers = {"Authorization": f"Bearer {token}"}
            answer = await client.post(CHECK, json={"form": form(1, name="")}, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (503, "evaluation_unavailable")
            assert answer.json()["title_zh"]
            assert answer.headers["retry-after"]
            assert [one["pointer"] for one in answer.json()["violations"]] == ["/name"]
    silent.close()
    for writer in held:
        writer.close()
        await writer.wait_closed()


async def _intake(stack: AsyncExitStack, system: System, transport: Any = None, **changes: Any) -> httpx.AsyncClient:
    app = intake_app.create_app(system.settings["intake"].model_copy(update=changes), evaluation=transport)
    await stack.enter_async_context(app.router.lifespan_context(app))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://intake")
    return await stack.enter_async_context(client)


class Observing(httpx.AsyncBaseTransport):
    """The real evaluation, with a look at what arrives and something to do meanwhile."""

    def __init__(self, system: System) -> None:
        self.inner = httpx.ASGITransport(app=system.apps["evaluation"])
        self.seen: list[httpx.Request] = []
        self.meanwhile: Any = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        await self.meanwhile()
        return await self.inner.handle_async_request(request)


async def test_no_connection_is_held_while_evaluation_works(system: System) -> None:
    """With a pool of one connection, another request gets it while the check waits for its answer."""
    await system.open_cycle()
    token = system.enterprise(uscc(1))
    headers = {"Authorization": f"Bearer {token}", "X-Request-Id": "the-callers-own"}
    transport = Observing(system)
    async with AsyncExitStack() as stack:
        client = await _intake(stack, system, transport, database_pool_size=1)

        async def meanwhile() -> None:
            async with asyncio.timeout(5):
                assert (await client.get("/v1/cycles", headers=headers)).status_code == 200

        transport.meanwhile = meanwhile
        answer = await client.post(CHECK, json={"form": form(1)}, headers=headers)
    assert answer.status_code == 200
    (request,) = transport.seen
    assert request.headers["authorization"] == f"Bearer {token}"
    assert request.headers["x-request-id"] == answer.headers["x-request-id"] == "the-callers-own"


def test_every_fact_has_fields_that_the_form_has() -> None:
    assert FIELDS.keys() == catalogue().keys()
    schema = ApplicationForm.model_json_schema()
    for pointer in {pointer for pointers in FIELDS.values() for pointer in pointers}:
        node = schema
        for step in pointer.split("/")[1:]:
            node = _resolved(schema, node)
            node = node["items"] if step == "*" else node["properties"][step]


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    node = next((option for option in node.get("anyOf", ()) if option.get("type") != "null"), node)
    return schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


PLACES = st.sampled_from(
    [
        ("name",),
        ("finance",),
        ("finance", "revenue_cny"),
        ("people", "employees"),
        ("patents",),
        ("patents", 0),
        ("patents", 1, "legal_status"),
        ("patents", 1, "product_names", 0),
        ("trademark_nos", 0),
        ("products", 0, "is_main"),
        ("qualifications", 0),
        ("declarations", "no_violation"),
        ("nothing", 3),
    ]
)


@settings(max_examples=40)
@given(st.lists(PLACES, max_size=4))
def test_taking_parts_out_never_turns_a_fact_into_another(places: list[tuple[str | int, ...]]) -> None:
    """Each fact stays what it was or becomes unknown: nothing that is missing counts as zero or no."""
    whole = form(1)
    kept = without_invalid_parts(whole, places)
    assert whole == form(1)
    texts = [orjson.dumps(PartialForm.model_validate(one).model_dump(mode="json")).decode() for one in (whole, kept)]
    before, after = facts_frame(texts, date(2024, 6, 30)).rows(named=True)
    assert {name: value for name, value in after.items() if value is not None and value != before[name]} == {}


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["12", "1e5", "2024-01-10"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS_OF_FORM = st.sampled_from(
    [
        *((name,) for name in form(1)),
        ("finance", "rd_expense_cny"),
        ("finance", "fiscal_year"),
        ("people", "employees"),
        ("people", "rd_leader"),
        ("patents", 0),
        ("patents", 1, "granted_on"),
        ("patents", 1, "product_names"),
        ("products", 0, "name"),
        ("qualifications", 0, "issued_on"),
        ("declarations", "truthful"),
        ("ip_management", "has_unit"),
        ("unheard_of",),
    ]
)


@settings(max_examples=150)
@given(st.lists(st.tuples(FIELDS_OF_FORM, ANYTHING), min_size=1, max_size=4))
def test_whatever_a_form_holds_evaluation_can_judge_what_is_left(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    """What intake hands on is never refused by evaluation, whose own reading of a form is another one."""
    broken = form(1)
    for place, value in changes:
        _put(broken, place, value)
    violations, _, judgeable = _validated(SYSTEM, broken)
    texts = [orjson.dumps(PartialForm.model_validate(judgeable).model_dump(mode="json")).decode()]
    assert facts_frame(texts, date(2024, 6, 30)).height == 1
    assert violations == [] or all(violation.message_zh for violation in violations)


def _put(holder: Any, place: tuple[Any, ...], value: Any) -> None:
    """Replace what is there, unless an earlier change has replaced what it stood in."""
    *way, last = place
    for step in way:
        try:
            holder = holder[step]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(holder, dict) or (isinstance(holder, list) and isinstance(last, int) and last < len(holder)):
        holder[last] = value


@pytest.mark.parametrize(
    "body",
    [
        '{"form": {"\\ud800": {"\\ud801": 1}, "name": "\\ud800", "uscc": "\\ud800"}}',
        '{"form": {"x": ' + "[" * 700 + "]" * 700 + "}}",
        '{"form": {"people": {"employees": 1e400, "rd_staff": NaN, "ip_staff": ' + "9" * 4000 + "}}}",
        '{"form": {"finance": {"fiscal_year": 2023, "revenue_cny": "10000000000000.00", "rd_expense_cny": 5}}}',
        '{"form": {"patents": [1, null, "x", {}], "trademark_nos": [null, 1, ""], "products": {}}}',
        '{"form": {"industry_class": "\\u0000", "registered_division": "000000"}}',
    ],
)
async def test_odd_but_readable_bodies_are_answered(system: System, body: str) -> None:
    await system.open_cycle()
    sent: dict[str, Any] = {"content": body.encode(), "headers": {"Content-Type": "application/json"}}
    checked = await system.ok("intake", "POST", CHECK, system.enterprise(uscc(1)), **sent)
    assert checked["ready"] is False
