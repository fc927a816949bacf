"""Lists as files: what is within reach, as typed cells that never run, streamed from one snapshot."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import time
import tracemalloc
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg
import httpx
import pytest
import uvicorn
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import func, select
from support.forms import form
from support.locks import holding
from support.system import System, running_system

from services.intake.exports.response import MEDIA_TYPES
from services.intake.exports.streaming import batches, export_chunks
from services.intake.exports.tabular import Column
from shared.models.intake import ImportRow
from shared.settings import Settings

WUHAN, HUANGSHI = "420100", "420200"
_IMPORT = (
    "INSERT INTO application_import (id, cycle_id, city_code, file_name, format, mode, max_error_share, validate_only,"
    " content, digest, uploaded_by, status)"
    " SELECT $1, id, {}, 'workbook', 'accept_good', 1, false, '', '', 'w', 'received' FROM cycle"
)
_ROW = "INSERT INTO import_row (import_id, position, sheet, row, uscc, outcome, violations)"
TRICK = '=HYPERLINK("http://example.org","点我")'


async def download(system: System, view: str, token: str, **params: Any) -> httpx.Response:
    answer = await system.request("intake", "GET", f"/v1/exports/{view}", token, params=params)
    assert answer.status_code == 200, answer.text
    return answer


def lines(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def sheet(answer: httpx.Response) -> Worksheet:
    (worksheet,) = load_workbook(io.BytesIO(answer.content)).worksheets
    return worksheet


@pytest.fixture
async def three(system: System) -> list[dict[str, Any]]:
    """Three applications: two of 武汉, one of them with a name that wants to run, and one of 黄石."""
    await system.open_cycle()
    forms = [form(1), form(2, name=f"【虚构】{TRICK}"), form(3, division="420202")]
    for one in forms:
        await system.submit(one)
    return forms


async def test_applications_as_xlsx_are_typed_and_fit_to_read(system: System, three: list[dict[str, Any]]) -> None:
    planner = system.officer("planner", "province_officer")
    answer = await download(system, "applications", planner, cycle="2024-1")
    assert answer.headers["content-type"] == MEDIA_TYPES["xlsx"]
    assert "filename*=UTF-8''%E7%94%B3%E6%8A%A5" in answer.headers["content-disposition"]
    table = sheet(answer)
    assert [cell.value for cell in table[1]][:4] == ["批次", "统一社会信用代码", "企业名称", "市州"]
    assert table["A1"].font.b
    assert (table.title, table.freeze_panes, table.auto_filter.ref) == ("申报清单", "A2", "A1:N4")
    assert [row[1].value for row in table.iter_rows(min_row=2)] == [one["uscc"] for one in three]
    first = [cell.value for cell in table[2]]
    assert (first[3], first[4], first[8]) == ("武汉市", "已提交", 120_000_000)
    assert table["I2"].number_format == "#,##0.00"
    assert isinstance(first[6], datetime)
    assert abs(first[6].timestamp() - time.time()) < 3600 * 24
    assert table["B2"].data_type == "s"
    assert {cell.data_type for row in table.iter_rows() for cell in row} <= {"s", "n", "d"}


async def test_csv_says_the_same_and_disarms_what_looks_like_a_formula(
    system: System, owner: asyncpg.Connection, three: list[dict[str, Any]]
) -> None:
    await owner.execute("UPDATE enterprise SET name = $1 WHERE uscc = $2", TRICK, three[1]["uscc"])
    planner = system.officer("planner", "province_officer")
    rows = lines(await download(system, "applications", planner, format="csv"))
    assert [row["统一社会信用代码"] for row in rows] == [one["uscc"] for one in three]
    assert rows[1]["企业名称"] == f"'{TRICK}"
    assert rows[0]["营业收入（元）"] == "120000000.00"
    assert rows[0]["退回原因"] == ""
    table = sheet(await download(system, "applications", planner))
    assert (table["C3"].value, table["C3"].data_type) == (TRICK, "s")


async def test_nobody_exports_beyond_their_reach(system: System, three: list[dict[str, Any]]) -> None:
    wuhan = system.officer("w", "city_officer", WUHAN)
    rows = lines(await download(system, "applications", wuhan, format="csv"))
    assert [row["统一社会信用代码"] for row in rows] == [one["uscc"] for one in three[:2]]
    rows = lines(await download(system, "applications", system.enterprise(three[2]["uscc"]), format="csv"))
    assert [row["统一社会信用代码"] for row in rows] == [three[2]["uscc"]]
    await system.refused("intake", "GET", "/v1/exports/imports", system.enterprise(three[0]["uscc"]), "forbidden", 403)
    await system.refused("intake", "GET", "/v1/exports/applications", None, "unauthenticated", 401)


async def test_the_lists_own_filters_apply_and_others_are_refused(system: System, three: list[dict[str, Any]]) -> None:
    planner = system.officer("planner", "province_officer")
    page = await system.ok("intake", "GET", "/v1/applications", planner)
    await system.recommend(HUANGSHI, [one["id"] for one in page["items"] if one["uscc"] == three[2]["uscc"]])
    rows = lines(await download(system, "applications", planner, format="csv", status="recommended"))
    assert [(row["统一社会信用代码"], row["状态"]) for row in rows] == [(three[2]["uscc"], "已推荐")]
    assert lines(await download(system, "applications", planner, format="csv", cycle="2030-1")) == []
    for params in ({"format": "xls"}, {"status": "odd"}, {"limit": "5"}):
        path = "/v1/exports/applications"
        await system.refused("intake", "GET", path, planner, "validation_failed", 422, params=params)
    await system.refused("intake", "GET", "/v1/exports/rejected-rows", planner, "validation_failed", 422)


async def test_cycles_imports_and_rejected_rows(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    planner = system.officer("planner", "province_officer")
    (cycle,) = lines(await download(system, "cycles", planner, format="csv"))
    assert (cycle["批次"], cycle["评估日"]) == ("2024-1", "2024-06-30")
    assert sheet(await download(system, "cycles", planner))["E2"].value == datetime.fromisoformat("2024-06-30")
    import_id = uuid.uuid4()
    await owner.execute(
        _IMPORT.format("'420100', '@武汉.xlsx'"),
        import_id,
    )
    violations = json.dumps(
        {"items": [{"code": "x", "cell": "企业!C5", "message_zh": "必填", "message_en": "Required"}]}
    )
    await owner.execute(
        f"{_ROW} VALUES ($1, 0, '企业', 5, '-1+1', 'rejected', $2)",
        import_id,
        violations,
    )
    wuhan, huangshi = (system.officer("o", "city_officer", city) for city in (WUHAN, HUANGSHI))
    (one,) = lines(await download(system, "imports", wuhan, format="csv"))
    assert (one["编号"], one["文件名"], one["读取行数"]) == (str(import_id), "'@武汉.xlsx", "")
    assert lines(await download(system, "imports", huangshi, format="csv")) == []
    (row,) = lines(await download(system, "rejected-rows", wuhan, format="csv", import_id=import_id))
    assert (row["行号"], row["统一社会信用代码"], row["原因"]) == ("5", "'-1+1", "企业!C5：必填")
    path = f"/v1/exports/rejected-rows?import_id={import_id}"
    await system.refused("intake", "GET", path, huangshi, "not_found", 404)


async def test_who_exported_what_is_on_record(
    system: System, owner: asyncpg.Connection, three: list[dict[str, Any]]
) -> None:
    assert three
    await download(system, "applications", system.officer("w", "city_officer", WUHAN), format="csv", cycle="2024-1")
    row = await owner.fetchrow("SELECT actor, detail FROM audit_entry WHERE action = 'export'")
    assert row["actor"] == "w"
    assert json.loads(row["detail"]) == {"view": "applications", "format": "csv", "cycle": "2024-1"}


# --- large lists --------------------------------------------------------------------------------------------------

COLUMNS = (Column("编号", "integer"), Column("名称"), Column("金额（元）", "money"))


def large(rows: int) -> Any:
    number = func.generate_series(1, rows).column_valued("number")
    return select(number, func.concat("【虚构】企业", number, func.repeat("长", 60)), number * 100)


@pytest.mark.parametrize(("file_format", "rows"), [("csv", 40_000), ("xlsx", 8_000)])
async def test_a_large_list_never_sits_in_memory(system: System, file_format: Any, rows: int) -> None:
    engine = system.apps["intake"].state.database.engine
    tracemalloc.start()
    started = time.perf_counter()
    first, size = 0.0, 0
    async for chunk in export_chunks(
        engine, large(rows), title="大表", columns=COLUMNS, file_format=file_format, rows_at_once=1_000
    ):
        first, size = first or time.perf_counter() - started, size + len(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > rows * (50 if file_format == "csv" else 10)
    assert peak < 4_000_000
    if file_format == "csv":
        assert first < 0.2 * (time.perf_counter() - started)


@asynccontextmanager
async def served(system: System) -> AsyncIterator[str]:
    """The intake service on a socket: only a real connection can be dropped."""
    config = uvicorn.Config(system.apps["intake"], port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


async def _fill(owner: asyncpg.Connection, rows: int) -> uuid.UUID:
    import_id = uuid.uuid4()
    await owner.execute(
        _IMPORT.format("NULL, 'x.xlsx'"),
        import_id,
    )
    await owner.execute(
        f"{_ROW} SELECT $1, n, '企业', n, repeat('9', 100), 'rejected',"
        """ '{"items": [{"cell": "企业!A1", "message_zh": "必填"}]}' FROM generate_series(1, $2::int) n""",
        import_id,
        rows,
    )
    return import_id


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
async def test_a_client_that_goes_away_stops_the_work(
    system: System, owner: asyncpg.Connection, file_format: str
) -> None:
    await system.open_cycle()
    import_id = await _fill(owner, 40_000)
    headers = {"Authorization": f"Bearer {system.officer('p', 'province_officer')}"}
    pool = system.apps["intake"].state.database.engine.pool
    query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%import_row%' AND state <> 'idle' AND pid <> pg_backend_pid()"
    async with served(system) as url, httpx.AsyncClient(base_url=url, headers=headers) as client:
        path = f"/v1/exports/rejected-rows?import_id={import_id}&format={file_format}"
        async with client.stream("GET", path) as answer:
            assert answer.status_code == 200
            if file_format == "csv":
                assert await anext(answer.aiter_bytes())
            async with asyncio.timeout(5):
                while not pool.checkedout():  # noqa: ASYNC110 - the moment that the connection is taken
                    await asyncio.sleep(0.01)
        async with asyncio.timeout(5):
            while pool.checkedout() or await owner.fetchval(query):  # noqa: ASYNC110 - and given back
                await asyncio.sleep(0.01)


async def test_too_many_exports_at_once_are_put_off(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    import_id = await _fill(owner, 2_000)
    headers = {"Authorization": f"Bearer {system.officer('p', 'province_officer')}"}
    path = f"/v1/exports/rejected-rows?import_id={import_id}&format=xlsx"
    async with served(system) as url, httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        answers = await asyncio.gather(*(client.get(path) for _ in range(7)))
        statuses = sorted(answer.status_code for answer in answers)
        assert set(statuses) == {200, 503}
        assert statuses.count(200) >= 4
        refused = next(answer for answer in answers if answer.status_code == 503)
        assert (refused.json()["code"], refused.headers["retry-after"]) == ("exports_busy", "2")
        assert (await client.get(path)).status_code == 200


async def test_how_many_and_how_long_are_settings(
    settings: dict[str, Settings], owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    limits = {"exports_at_once": 2, "export_max_seconds": 1.0, "export_batch_rows": 7}
    narrow = settings | {"intake": settings["intake"].model_copy(update=limits)}
    async with running_system(narrow) as system:
        await system.open_cycle()
        path = f"/v1/exports/rejected-rows?import_id={await _fill(owner, 100)}&format=csv"
        token = system.officer("p", "province_officer")
        async with holding(database_urls["owner"], "LOCK TABLE import_row"):
            asked = [asyncio.create_task(system.request("intake", "GET", path, token)) for _ in range(5)]
            await asyncio.wait(asked)
        answers = [task.result() for task in asked]
        assert [one.status_code for one in answers].count(503) == 3, "two are under way, and the others are put off"
        begun = [one for one in answers if one.status_code != 503]
        assert all(b"\n1," not in one.content for one in begun), "given up while what they read was still locked"
        answer = await system.request("intake", "GET", path, token)
        assert (answer.status_code, len(answer.content.splitlines())) == (200, 101)


async def test_what_others_commit_meanwhile_does_not_show(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    planner = system.officer("planner", "province_officer")
    assert len(lines(await download(system, "cycles", planner, format="csv"))) == 1
    engine = system.apps["intake"].state.database.engine
    import_id = await _fill(owner, 5_000)
    statement = select(ImportRow.position).where(ImportRow.import_id == import_id).order_by(ImportRow.position)
    seen = 0
    async for batch in batches(engine, statement, 1_000):
        if not seen:
            await owner.execute(
                f"{_ROW} SELECT $1, n, '企业', n, '', 'rejected', '{{}}' FROM generate_series(5001, 9000) n",
                import_id,
            )
        seen += len(batch)
    assert seen == 5_000
