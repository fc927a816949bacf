"""HTTP: an edition as a file that carries its own proof, in four formats."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Response

from services.finance.lists.errors import EDITION_NOT_FOUND, PROGRAMME_NOT_FOUND, RANGE_NOT_SATISFIABLE
from services.finance.lists.queries import edition_for, record_pull, stored_file
from services.finance.lists.rendering import FileFormat
from services.finance.lists.routes import ProgrammePath, Reader, SerialPath, WantedDep, ranged
from shared.web.documentation import refuses
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["lists"])
MEDIA_TYPES: dict[FileFormat, str] = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FILE: dict[int | str, dict[str, Any]] = {
    status: {"description": told, "content": {kind: {"example": "…"} for kind in MEDIA_TYPES.values()}}
    for status, told in ((200, "The file"), (206, "The bytes asked for"))
}


@router.get(
    "/lists/{programme}/editions/{serial}/files/{file_format}",
    response_class=Response,
    responses=_FILE | refuses(PROGRAMME_NOT_FOUND, EDITION_NOT_FOUND, RANGE_NOT_SATISFIABLE),
    summary="Download an edition as JSON, NDJSON, CSV or XLSX",
)
async def get_file(
    programme: ProgrammePath,
    serial: SerialPath,
    file_format: Annotated[FileFormat, Path(examples=["xlsx"])],
    session: SessionDep,
    actor: Reader,
    wanted: WantedDep,
) -> Response:
    """The same content in each, with its digest, signature and a check for each row; `peiyu verify` checks any."""
    edition = await edition_for(session, actor, programme, serial)
    await record_pull(session, actor, edition.programme_code, edition.serial)
    data = await stored_file(session, edition, file_format)
    name, shown = f"{edition.programme_code}-{serial}.{file_format}", f"{edition.head['title']}-{serial}.{file_format}"
    headers = {
        "ETag": f'"{edition.digest}-{file_format}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "X-Edition-Serial": str(serial),
        "Content-Disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{quote(shown)}",
    }
    return ranged(data, wanted, headers["ETag"], headers, MEDIA_TYPES[file_format])
