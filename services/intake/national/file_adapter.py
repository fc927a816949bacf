"""The port without a line: a signed file to take there by hand, and files that are brought back."""

from __future__ import annotations

import json
from collections.abc import Mapping

from joserfc.jwk import OKPKey
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.national.port import LineError, Parcel
from services.intake.national.signed_file import signed
from services.intake.national.wire import FORMAT, ListingPage, RecordAnswer, canonical
from shared import calendar
from shared.canonical import sha256_hex
from shared.db import Database
from shared.models.intake import NationalAnswerFile, NationalFile

_PAGE = 5_000


class NoListingError(Exception):
    """Nobody has brought back a listing yet."""


class FileAdapter:
    """Files are rows; answers come with a result file, so delivering answers nothing yet."""

    def __init__(self, database: Database, key: OKPKey, keyid: str) -> None:
        self._database = database
        self._key = key
        self._keyid = keyid

    async def deliver(self, parcel: Parcel) -> Mapping[str, RecordAnswer]:
        """Write the parcel as a file; see NationalPort."""
        await self.write(parcel)
        return {}

    async def write(self, parcel: Parcel) -> NationalFile:
        """The file of exactly these records: an earlier one if there is one, else the next serial."""
        records = [record.model_dump(mode="json") for record in sorted(parcel.records, key=lambda one: one.key)]
        digest = sha256_hex(canonical(records))
        async with self._database.sessions.begin() as session:
            # Serials without gaps or twins: one file is written at a time.
            await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("national file", 0))))
            existing = select(NationalFile).where(NationalFile.digest == digest)
            file = (await session.execute(existing)).scalar_one_or_none()
            if file is None:
                last = (await session.execute(select(func.max(NationalFile.serial)))).scalar_one()
                serial = (last or 0) + 1
                content = {
                    "format": FORMAT,
                    "serial": serial,
                    "created_at": calendar.iso_utc(calendar.now()),
                    "count": len(records),
                    "digest": digest,
                    "records": records,
                }
                body = signed(content, self._key, keyid=self._keyid)
                file = NationalFile(serial=serial, digest=digest, record_count=len(records), body=body)
                session.add(file)
                await session.flush()
        return file

    async def listing(self, cursor: str | None) -> ListingPage:
        """A page of the newest listing that was brought back; NoListingError where there is none."""
        async with self._database.sessions() as session:
            body = await _newest_listing(session)
        if body is None:
            raise NoListingError
        content = json.loads(body)
        start = int(cursor or 0)
        page = content["entries"][start : start + _PAGE]
        if start and not page:
            raise LineError("a newer listing has come meanwhile")
        more = start + _PAGE < len(content["entries"])
        return ListingPage(entries=page, next_cursor=str(start + _PAGE) if more else None, as_of=content["as_of"])


async def _newest_listing(session: AsyncSession) -> str | None:
    statement = (
        select(NationalAnswerFile.body)
        .where(NationalAnswerFile.kind == "listing")
        .order_by(NationalAnswerFile.id.desc())
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()
