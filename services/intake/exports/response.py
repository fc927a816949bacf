"""The HTTP answer that is a file in the making: it stops with its client, in good time, and not too many at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from urllib.parse import quote

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from services.intake.exports.errors import EXPORTS_BUSY
from services.intake.exports.filters import Format
from shared.errors import Problem
from shared.settings import Settings
from shared.web.problems import problem_response

MEDIA_TYPES: dict[Format, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
_running: set[int] = set()


class ExportResponse(StreamingResponse):
    """Streams what `chunks` makes, as an attachment; 503 `exports_busy` where too many are under way."""

    def __init__(
        self,
        chunks: Callable[[], AsyncGenerator[bytes]],
        *,
        name: str,
        title: str,
        file_format: Format,
        settings: Settings,
    ) -> None:
        self._chunks = chunks
        self._settings = settings
        shown = quote(f"{title}-{name.rpartition('-')[2]}.{file_format}")
        disposition = f"attachment; filename=\"{name}.{file_format}\"; filename*=UTF-8''{shown}"
        headers = {"Content-Disposition": disposition, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        super().__init__(iter(()), headers=headers, media_type=MEDIA_TYPES[file_format])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if len(_running) >= self._settings.exports_at_once:
            await problem_response(Problem(EXPORTS_BUSY))(scope, receive, send)
            return
        _running.add(id(self))
        try:
            async with asyncio.timeout(self._settings.export_max_seconds):
                await super().__call__(scope, receive, send)
        finally:
            _running.discard(id(self))

    async def stream_response(self, send: Send) -> None:
        # The framework cancels this when the client has gone; what was opened is then closed at once.
        async with aclosing(self._chunks()) as chunks:
            self.body_iterator = chunks
            await super().stream_response(send)
