"""NDJSON over HTTP: good lines come in, each bad line says where and why, the file as a whole is bounded."""

from __future__ import annotations

import gzip
import json
import uuid

import asyncpg
import pytest
from support.forms import HUANGSHI, form, with_changes
from support.lines import NDJSON, UPLOAD, codes, followed, import_lines, ndjson, results, upload_lines
from support.system import System

from shared.settings import Settings

GZIP = NDJSON | {"Content-Encoding": "gzip"}
WUHAN_CITY = "420100"


async def test_good_lines_come_in_and_every_line_has_its_result(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    wrong = with_changes(form(2), "people", rd_staff=500) | {"colour": "red"}
    forms = [form(1), wrong, form(3), form(1)]
    done = await import_lines(system, ndjson(forms))
    assert (done["status"], done["format"], done["rows_total"]) == ("processed", "ndjson", 4)
    assert (done["rows_read"], done["rows_accepted"], done["rows_rejected"]) == (4, 2, 2)
    rows = await results(system, done["id"])
    assert [(row["line"], row["outcome"], row["uscc"]) for row in rows] == [
        (1, "accepted", form(1)["uscc"]),
        (2, "rejected", form(2)["uscc"]),
        (3, "accepted", form(3)["uscc"]),
        (4, "rejected", form(1)["uscc"]),
    ]
    places = {violation["pointer"]: violation["code"] for violation in rows[1]["violations"]}
    assert places == {"/people/rd_staff": "rd_staff_exceeds_employees", "/colour": "unknown_field"}
    assert codes(rows[3]) == ["duplicate_in_file"]
    stored = await owner.fetchrow(
        "SELECT a.status, s.revision, s.channel, s.submitted_by, s.payload, s.digest, e.city_code "
        "FROM application a JOIN application_snapshot s ON s.application_id = a.id JOIN enterprise e "
        "ON e.id = a.enterprise_id WHERE a.id = $1",
        uuid.UUID(rows[0]["application_id"]),
    )
    assert tuple(stored)[:4] == ("submitted", 1, "bulk", "planner")
    assert stored["city_code"] == WUHAN_CITY
    entry = await owner.fetchrow(
        "SELECT actor, role, detail FROM audit_entry WHERE subject_id = $1", uuid.UUID(rows[0]["application_id"])
    )
    assert tuple(entry)[:2] == ("planner", "province_officer")


async def test_a_line_is_stored_exactly_as_a_single_submission(system: System, owner: asyncpg.Connection) -> None:
    """The same form by either way: the same payload and digest, the same enterprise."""
    await system.open_cycle()
    await system.open_cycle("2024-2")
    await system.submit(form(1), "2024-2")
    await import_lines(system, ndjson([form(1)]))
    rows = await owner.fetch(
        "SELECT payload::text, digest, a.status, a.revision, a.city_code, return_reasons, decided_by "
        "FROM application a JOIN application_snapshot s ON s.application_id = a.id"
    )
    assert len(rows) == 2
    assert len(set(rows)) == 1


async def test_rows_are_paged_by_outcome_and_rejected_rows_still_read(system: System) -> None:
    await system.open_cycle()
    done = await import_lines(system, ndjson([form(1), b"{", form(2), b"[]", form(3)]))
    planner = system.officer("planner", "province_officer")
    path = f"/v1/imports/{done['id']}/rows"
    seen, cursor = [], -1
    while cursor is not None:
        params = {"limit": 2, "cursor": cursor, "outcome": "accepted"}
        page = await system.ok("intake", "GET", path, planner, params=params)
        seen += [row["line"] for row in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [1, 3, 5]
    rejected = await system.ok("intake", "GET", f"/v1/imports/{done['id']}/rejected-rows", planner)
    assert [(row["row"], row["sheet"]) for row in rejected["items"]] == [(2, None), (4, None)]
    await system.refused(
        "intake", "GET", path, planner, "validation_failed", 422, params={"outcome": "lost", "limit": 2}
    )


LINES = {
    "broken JSON": (b'{"uscc": ', ["json_invalid"], [""]),
    "no object": (b"17", ["wrong_type"], [""]),
    "nothing": (b"", ["blank_line"], [""]),
    "only spaces": (b" \t\r", ["blank_line"], [""]),
    "a byte order mark": (b"\xef\xbb\xbf{}", ["byte_order_mark"], [""]),
    "no UTF-8": (b'{"name": "\xff\xfe"}', ["invalid_utf8"], [""]),
    "half a character": (b'{"name": "\xd6\xd0"}', ["invalid_utf8"], [""]),
    "a lone surrogate": (b'{"name": "\\ud800"}', ["json_invalid"], [""]),
    "a NaN": (b'{"finance": {"fiscal_year": NaN}}', ["json_invalid"], [""]),
    "deep nesting": (b"[" * 100_000, ["json_invalid"], [""]),
    "nesting that is closed": (b"[" * 500 + b"]" * 500, ["json_invalid"], [""]),
    "a member twice": (b'{"people": {"employees": 1, "employees": 2}}', ["duplicate_key"], ["/people/employees"]),
    "a member twice, spelt apart": (b'{"name": "a", "n\\u0061me": "a:"}', ["duplicate_key"], ["/name"]),
    "a member twice, colons hidden": (b'{"name": "a", "name": "b\\u003a"}', ["duplicate_key"], ["/name"]),
    "a member twice in an item": (b'{"patents": [{"kind": "x", "kind": "x"}]}', ["duplicate_key"], ["/patents/0/kind"]),
    "a name with NUL": (b'{"\\u0000": 1}', None, None),
    "a huge number": (b'{"uscc": 1' + b"0" * 400 + b"}", None, None),
    "too many faults": (b"{" + b",".join(b'"%d":0' % n for n in range(30_000)) + b"}", ["too_many_faults"], [""]),
    "too long": (b'{"name": "' + b"x" * 2_200_000 + b'"}', ["line_too_long"], [""]),
}


async def test_every_bad_line_has_a_clear_code_and_spoils_no_other(system: System) -> None:
    await system.open_cycle()
    lines = [line for line, _, _ in LINES.values()]
    done = await import_lines(system, ndjson([form(1), *lines, form(2)]))
    assert (done["status"], done["rows_accepted"], done["rows_rejected"]) == ("processed", 2, len(LINES))
    rows = await results(system, done["id"])
    for number, (name, (_, expected, pointers)) in enumerate(LINES.items(), start=2):
        row = rows[number - 1]
        assert (row["line"], row["outcome"]) == (number, "rejected"), name
        assert row["violations"], name
        assert all(violation["message_zh"] and violation["message_en"] for violation in row["violations"]), name
        if expected is not None:
            assert codes(row) == expected, name
            assert [violation["pointer"] for violation in row["violations"]] == pointers, name


async def test_a_mark_at_the_beginning_is_skipped_with_a_warning(system: System) -> None:
    await system.open_cycle()
    done = await import_lines(system, b"\xef\xbb\xbf" + ndjson([form(1)])[:-1])
    assert (done["rows_accepted"], done["warnings"][0]["code"]) == (1, "byte_order_mark")


async def test_gzip_is_unpacked_and_damage_is_named(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    planner = system.officer("planner", "province_officer")
    whole = gzip.compress(ndjson([form(1)])) + gzip.compress(ndjson([form(2)]))
    received = await system.ok("intake", "POST", UPLOAD, planner, content=whole, headers=GZIP)
    await system.drain()
    assert (await followed(system, received["id"]))["rows_accepted"] == 2
    for content, code in (
        (whole[:-5], "gzip_truncated"),
        (whole[:40], "gzip_truncated"),
        (b"no gzip at all", "gzip_invalid"),
        (whole + b"tail", "gzip_invalid"),
        (whole[:60] + b"\xff\xff\xff" + whole[63:], "gzip_invalid"),
        (gzip.compress(b""), "import_empty"),
        (b"", "import_empty"),
    ):
        await system.refused("intake", "POST", UPLOAD, planner, code, 422, content=content, headers=GZIP)
    for headers in (NDJSON | {"Content-Encoding": "br"}, {"Content-Type": "application/json"}):
        await system.refused(
            "intake", "POST", UPLOAD, planner, "unsupported_media_type", 415, content=b"{}\n", headers=headers
        )
    assert await owner.fetchval("SELECT count(*) FROM application_import") == 1


@pytest.fixture
def settings(settings: dict[str, Settings], request: pytest.FixtureRequest) -> dict[str, Settings]:
    changes = getattr(request, "param", {})
    return {service: one.model_copy(update=changes) for service, one in settings.items()}


@pytest.mark.parametrize(
    "settings", [{"max_import_bytes": 300_000, "max_import_rows": 20}], indirect=True, ids=["small ceilings"]
)
async def test_files_over_a_ceiling_are_refused_on_arrival(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    planner = system.officer("planner", "province_officer")
    bomb = gzip.compress(b"0" * 50_000_000)
    await system.refused("intake", "POST", UPLOAD, planner, "import_too_large", 413, content=bomb, headers=GZIP)
    large = b"0" * 400_000
    await system.refused("intake", "POST", UPLOAD, planner, "payload_too_large", 413, content=large, headers=NDJSON)
    many = b"\n" * 21
    await system.refused("intake", "POST", UPLOAD, planner, "import_too_many_rows", 422, content=many, headers=NDJSON)
    assert await owner.fetchval("SELECT count(*) FROM application_import") == 0


async def test_who_may_upload_and_what_a_city_may_bring(system: System) -> None:
    await system.open_cycle()
    wuhan = system.officer("o", "city_officer", WUHAN_CITY)
    done = await import_lines(system, ndjson([form(1), form(2, HUANGSHI)]), wuhan)
    assert (done["rows_accepted"], done["rows_rejected"]) == (1, 1)
    (refused,) = [row for row in await results(system, done["id"], wuhan) if row["outcome"] == "rejected"]
    assert codes(refused) == ["outside_city"]
    assert refused["violations"][0]["pointer"] == "/registered_division"
    for token in (system.enterprise(form(1)["uscc"]), system.officer("r", "reviewer")):
        await system.refused("intake", "POST", UPLOAD, token, "forbidden", 403, content=b"{}\n", headers=NDJSON)
    other = system.officer("x", "city_officer", "420200")
    for part in ("", "/rows", "/results", "/rejected-rows", "/marked-workbook"):
        await system.refused("intake", "GET", f"/v1/imports/{done['id']}{part}", other, "not_found", 404)


async def test_the_same_upload_again_is_the_same_import(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    planner, headers = system.officer("planner", "province_officer"), NDJSON | {"Idempotency-Key": "k"}
    content = ndjson([form(1)])
    ids = {
        (await system.ok("intake", "POST", UPLOAD, planner, content=content, headers=headers))["id"] for _ in range(2)
    }
    assert len(ids) == 1
    reused = "idempotency_key_reused"
    await system.refused("intake", "POST", UPLOAD, planner, reused, 422, content=content + b"\n", headers=headers)
    rehearsal = {"validate_only": "true"}
    await system.refused(
        "intake", "POST", UPLOAD, planner, reused, 422, content=content, headers=headers, params=rehearsal
    )
    without = NDJSON | {"Idempotency-Key": ""}
    await system.refused(
        "intake", "POST", UPLOAD, planner, "idempotency_key_missing", 400, content=content, headers=without
    )
    assert await owner.fetchval("SELECT count(*) FROM application_import") == 1
    assert await owner.fetchval("SELECT count(*) FROM import_chunk") == 1


async def test_imports_are_listed_newest_first_within_reach(system: System) -> None:
    await system.open_cycle()
    planner, wuhan = system.officer("p", "province_officer"), system.officer("o", "city_officer", WUHAN_CITY)
    ids = [await upload_lines(system, ndjson([form(number)]), token) for number, token in enumerate([planner, wuhan])]
    first = await system.ok("intake", "GET", "/v1/imports", planner, params={"limit": 1})
    assert [one["id"] for one in first["items"]] == [ids[1]]
    rest = await system.ok("intake", "GET", "/v1/imports", planner, params={"cursor": first["next_cursor"]})
    assert ([one["id"] for one in rest["items"]], rest["next_cursor"]) == ([ids[0]], None)
    own = await system.ok("intake", "GET", "/v1/imports", wuhan, params={"cycle": "2024-1"})
    assert [one["id"] for one in own["items"]] == [ids[1]]
    assert (await system.ok("intake", "GET", "/v1/imports", planner, params={"cycle": "no"}))["items"] == []


async def test_what_is_not_there_yet_or_not_for_lines_is_refused(system: System) -> None:
    await system.open_cycle()
    planner = system.officer("planner", "province_officer")
    import_id = await upload_lines(system, ndjson([form(1)]))
    for part in ("results", "marked-workbook"):
        await system.refused("intake", "GET", f"/v1/imports/{import_id}/{part}", planner, "import_not_finished", 409)
    await system.drain()
    path = f"/v1/imports/{import_id}/marked-workbook"
    await system.refused("intake", "GET", path, planner, "no_workbook_to_mark", 409)
    closed = "/v1/cycles/nowhere/applications:import"
    await system.refused("intake", "POST", closed, planner, "cycle_not_found", 404, content=b"{}\n", headers=NDJSON)


async def test_results_do_not_change(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    await import_lines(system, ndjson([form(1), b"{"]))
    for table in ("import_row", "import_chunk"):
        for statement in (f"UPDATE {table} SET import_id = import_id", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(asyncpg.RestrictViolationError):
                await owner.execute(statement)
    violations = await owner.fetchval("SELECT violations::text FROM import_row WHERE outcome = 'rejected'")
    assert json.loads(violations)["items"][0]["code"] == "json_invalid"
