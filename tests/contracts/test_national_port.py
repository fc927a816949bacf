"""The port to the national system, by each of its adapters, against the stand-in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from support.national_system import NationalSystem
from support.system import System

from services.intake.national.adapters import open_port
from services.intake.national.file_adapter import FileAdapter, NoListingError
from services.intake.national.http_adapter import HttpAdapter
from services.intake.national.port import AnswerError, LineError, NationalPort, Parcel, RefusedError
from services.intake.national.wire import OutRecord, RecordAnswer, digest_of
from shared.models.base import new_id
from shared.models.intake import NationalAnswerFile
from shared.settings import Settings


def parcel(*keys: str) -> Parcel:
    records = []
    for key in keys:
        content = {"uscc": key, "name": "【虚构】甲"}
        records.append(OutRecord(key=key, kind="recommendation", digest=digest_of(content), content=content))
    return Parcel(new_id(), records)


async def _told(port: NationalPort, national: NationalSystem, sent: Parcel) -> Mapping[str, RecordAnswer]:
    """The answers, which for files come by hand."""
    if not isinstance(port, FileAdapter):
        return await port.deliver(sent)
    assert await port.deliver(sent) == {}
    results = json.loads(national.process_file((await port.write(sent)).body))["results"]
    return {result["key"]: RecordAnswer.model_validate(result) for result in results}


async def _lists(port: NationalPort, national: NationalSystem, system: System) -> list[str]:
    if isinstance(port, FileAdapter):
        body = national.listing_file()
        async with system.apps["intake"].state.database.sessions.begin() as session:
            row = {"kind": "listing", "digest": digest_of(body), "body": body, "answer": "{}", "uploaded_by": "x"}
            session.add(NationalAnswerFile(**row))
    keys, cursor = [], None
    while True:
        page = await port.listing(cursor)
        keys += [entry.key for entry in page.entries]
        if (cursor := page.next_cursor) is None:
            return keys


@pytest.mark.parametrize("adapter", ["http", "file"])
async def test_what_is_delivered_is_answered_record_by_record_and_listed(
    system: System, line: dict[str, Settings], national: NationalSystem, adapter: str
) -> None:
    national.rejects.append("bad")
    settings = line["intake"].model_copy(update={"national_adapter": adapter})
    async with open_port(system.apps["intake"].state.database, settings) as port:
        assert isinstance(port, {"http": HttpAdapter, "file": FileAdapter}[adapter])
        first = await _told(port, national, parcel("a", "bad", "c"))
        assert {key: one.outcome for key, one in first.items()} == {"a": "accepted", "bad": "rejected", "c": "accepted"}
        assert first["bad"].reason == "批次不存在"
        again = await _told(port, national, parcel("a", "d", "e"))
        assert {key: one.outcome for key, one in again.items()} == {"a": "unchanged", "d": "accepted", "e": "accepted"}
        assert again["a"].remote_id == first["a"].remote_id
        assert await _lists(port, national, system) == ["a", "c", "d", "e"]


async def test_the_same_records_are_the_same_file_and_serials_have_no_gap(
    system: System, line: dict[str, Settings], national: NationalSystem
) -> None:
    settings = line["intake"].model_copy(update={"national_adapter": "file"})
    async with open_port(system.apps["intake"].state.database, settings) as port:
        assert isinstance(port, FileAdapter)
        files = [await port.write(parcel(*keys)) for keys in (("a", "b"), ("b", "a"), ("a",), ("a", "b"))]
        assert [file.serial for file in files] == [1, 1, 2, 1]
        with pytest.raises(NoListingError):
            await port.listing(None)
        tampered = files[0].body.replace("甲", "乙")
        with pytest.raises(Exception, match="bad_signature"):
            national.process_file(tampered)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("500", AnswerError),
        ("503", LineError),
        ("429", LineError),
        ("403", LineError),
        ("422", RefusedError),
        ("hang", LineError),
        ("garbage", AnswerError),
        ("die", LineError),
    ],
)
async def test_every_failure_of_the_line_is_told_apart(
    line: dict[str, Settings], national: NationalSystem, fault: str, error: type[Exception]
) -> None:
    settings = line["intake"].model_copy(update={"national_timeout_seconds": 1.0 if fault == "hang" else 5.0})
    nothing: Any = None  # the HTTP adapter needs no database
    national.faults.append(fault)
    async with open_port(nothing, settings) as port:
        assert port is not None
        with pytest.raises(error) as raised:
            await port.deliver(parcel("a"))
    if fault in {"429", "503"}:
        assert isinstance(raised.value, LineError)
        assert raised.value.retry_after_seconds == 7


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("120", 120, 120), ("Sun, 06 Nov 2094 08:49:37 GMT", 86400, 86400), ("Sun, 06 Nov 1994 08:49:37 GMT", 0, 0)],
)
async def test_their_wish_to_be_left_alone_is_a_number_or_a_date(
    line: dict[str, Settings], national: NationalSystem, text: str, low: float, high: float
) -> None:
    national.faults.append("429")
    national.retry_after = text
    nothing: Any = None
    async with open_port(nothing, line["intake"]) as port:
        assert port is not None
        with pytest.raises(LineError) as raised:
            await port.deliver(parcel("a"))
    assert raised.value.retry_after_seconds is not None
    assert low <= raised.value.retry_after_seconds <= high


async def test_nobody_there_is_the_lines_fault(line: dict[str, Settings]) -> None:
    from pydantic import HttpUrl  # noqa: PLC0415 (only here)

    settings = line["intake"].model_copy(update={"national_url": HttpUrl("http://127.0.0.1:9/")})
    nothing: Any = None
    async with open_port(nothing, settings) as port:
        assert port is not None
        with pytest.raises(LineError):
            await port.deliver(parcel("a"))


def test_a_line_must_be_whole_and_travel_encrypted(settings: dict[str, Settings]) -> None:
    base = settings["intake"].model_dump()
    for changes, word in (
        ({"national_adapter": "http"}, "PEIYU_NATIONAL_KEY_FILE"),
        ({"national_adapter": "file"}, "PEIYU_NATIONAL_KEY_FILE"),
        ({"national_url": "http://smes.example/"}, "https"),
    ):
        with pytest.raises(ValueError, match=word):
            Settings.model_validate(base | changes)


async def test_the_stand_in_refuses_what_we_have_not_signed(
    national: NationalSystem, line: dict[str, Settings]
) -> None:
    del line
    async with httpx.AsyncClient(base_url=national.url, trust_env=False) as stranger:
        answer = await stranger.get("/v1/records", headers={"Authorization": f"Bearer {national.token}"})
    assert answer.status_code == 500
