"""HTTP: /v1/exports, one path per view."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from services.intake.exports.errors import EXPORTS_BUSY
from services.intake.exports.filters import Filters
from services.intake.exports.response import MEDIA_TYPES, ExportResponse
from services.intake.exports.streaming import export_chunks
from services.intake.exports.view import View
from services.intake.exports.views import VIEWS
from shared import audit, calendar
from shared.db import Database
from shared.errors import NOT_FOUND, VALIDATION_FAILED
from shared.models.base import new_id
from shared.security.actor import Actor
from shared.settings import Settings
from shared.web.documentation import refuses
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1/exports", tags=["exports"])
_FILE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}


def _add_route(view: View) -> None:
    async def export(request: Request, session: SessionDep, actor: Actor, filters: Filters) -> ExportResponse:
        if view.check is not None:
            await view.check(session, actor, filters)
        chosen = filters.model_dump(mode="json", exclude_none=True)
        # Lists leave the system here; who took which is worth knowing.
        subject: tuple[str, uuid.UUID] = ("export", new_id())
        detail = {"view": view.name, **chosen}
        await audit.record(session, service="intake", actor=actor, action="export", subject=subject, detail=detail)
        database: Database = request.app.state.database
        settings: Settings = request.app.state.settings
        statement = view.statement(actor, filters)
        return ExportResponse(
            lambda: export_chunks(
                database.engine,
                statement,
                title=view.title,
                columns=view.columns,
                file_format=filters.format,
                rows_at_once=settings.export_batch_rows,
            ),
            name=f"{view.name}-{calendar.business_date(calendar.now()):%Y%m%d}",
            title=view.title,
            file_format=filters.format,
            settings=settings,
        )

    # What differs from view to view: the scope, and the filters that FastAPI reads and documents.
    export.__annotations__ |= {
        "actor": Annotated[Actor, requires(view.scope)],
        "filters": Annotated[view.filters, Query()],
    }
    kinds = (EXPORTS_BUSY, VALIDATION_FAILED) + ((NOT_FOUND,) if view.check else ())
    router.add_api_route(
        f"/{view.name}",
        export,
        status_code=200,
        name=f"export_{view.name}",
        summary=f"Export {view.name} as XLSX or CSV ({view.title})",
        description="Every row within reach that the filters leave, from one snapshot, streamed. "
        f"Columns: {'、'.join(column.heading for column in view.columns)}.",
        response_class=ExportResponse,
        responses={200: {"description": "The file", "content": dict.fromkeys(MEDIA_TYPES.values(), _FILE)}}
        | refuses(*kinds),
    )


for _view in VIEWS:
    _add_route(_view)
