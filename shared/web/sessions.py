"""One database session and one transaction per request, committed before the answer is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import Database


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """A session whose transaction commits when the handler returns and rolls back when it raises."""
    database: Database = request.app.state.database
    async with database.sessions.begin() as session:
        yield session


# scope="function": by default FastAPI ends a yield dependency after the response has been sent, and a failed
# commit would have answered 200.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
