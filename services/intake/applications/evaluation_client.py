"""Asks the evaluation service how a form would be judged, on behalf of the caller."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from services.intake.applications.errors import EVALUATION_UNAVAILABLE
from services.intake.cycles.errors import CYCLE_NOT_FOUND
from shared.errors import FORBIDDEN, UNAUTHENTICATED, Problem, Violation
from shared.judgement import AsOf, Judgement
from shared.settings import Settings

logger = structlog.get_logger(__name__)
_PASSED_ON = {kind.code: kind for kind in (CYCLE_NOT_FOUND, FORBIDDEN, UNAUTHENTICATED)}


class _Refusal(BaseModel):
    code: str = ""


@dataclass(frozen=True, slots=True)
class EvaluationClient:
    """`http` is None where no evaluation service is configured; `authorization` is the caller's own header."""

    http: httpx.AsyncClient | None
    authorization: str = ""

    def acting_for(self, authorization: str) -> EvaluationClient:
        return replace(self, authorization=authorization)

    async def preview(
        self, code: str, form: Mapping[str, Any], as_of: AsOf, *, known: Sequence[Violation] = ()
    ) -> Judgement:
        """The judgement. Problem `evaluation_unavailable`, which carries the violations `known` already,
        `cycle_not_found`, or what evaluation says of the caller's token.
        """
        answer = await self._answer(code, form, as_of)
        if answer is not None and answer.status_code == 200:
            try:
                return Judgement.model_validate_json(answer.content)
            except ValidationError as error:
                logger.warning("evaluation_misunderstood", error=str(error))
        elif answer is not None and (kind := _PASSED_ON.get(_code_of(answer))) is not None:
            raise Problem(kind)
        raise Problem(EVALUATION_UNAVAILABLE, violations=known)

    async def _answer(self, code: str, form: Mapping[str, Any], as_of: AsOf) -> httpx.Response | None:
        if self.http is None:
            logger.warning("evaluation_not_configured", setting="PEIYU_EVALUATION_URL")
            return None
        request_id = structlog.contextvars.get_contextvars().get("request_id", "")
        try:
            answer = await self.http.post(
                f"/v1/cycles/{quote(code, safe='')}/assessments:preview",
                params={"as_of": as_of},
                json={"form": form},
                headers={"Authorization": self.authorization, "X-Request-Id": str(request_id)},
            )
        except httpx.HTTPError as error:
            logger.warning("evaluation_unreachable", error=repr(error))
            return None
        if answer.is_error:
            logger.warning("evaluation_refused", status=answer.status_code, code=_code_of(answer))
        return answer


def _code_of(answer: httpx.Response) -> str:
    try:
        return _Refusal.model_validate_json(answer.content).code
    except ValidationError:
        return ""


@asynccontextmanager
async def evaluation_client(
    settings: Settings, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncGenerator[EvaluationClient]:
    """A client over one pool of connections; `transport` instead of the network where the service runs in process."""
    if settings.evaluation_url is None:
        yield EvaluationClient(None)
        return
    async with httpx.AsyncClient(
        base_url=settings.evaluation_url,
        timeout=settings.evaluation_timeout_seconds,
        transport=transport,
        # A service next door is never reached through a proxy that the environment happens to name.
        trust_env=False,
    ) as http:
        yield EvaluationClient(http)
