"""Which adapter the settings ask for, with our key."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from joserfc.jwk import OKPKey

from services.intake.national.file_adapter import FileAdapter
from services.intake.national.http_adapter import HttpAdapter
from services.intake.national.port import NationalPort
from shared.db import Database
from shared.security.keys import load_key
from shared.settings import Settings


def own_key(settings: Settings) -> tuple[OKPKey, str] | None:
    """Our signing key and its id; None where no line is set up."""
    if settings.national_key_file is None:
        return None
    key = load_key(settings.national_key_file)
    return key, key.thumbprint()


@asynccontextmanager
async def open_port(database: Database, settings: Settings) -> AsyncGenerator[NationalPort | None]:
    """The port in use; None where no adapter is set. The settings' own check has seen to what an adapter needs."""
    key = own_key(settings)
    if settings.national_adapter == "none" or key is None:
        yield None
    elif settings.national_adapter == "file":
        yield FileAdapter(database, *key)
    else:
        async with http_adapter(settings, *key) as port:
            yield port


def http_adapter(settings: Settings, key: OKPKey, keyid: str) -> HttpAdapter:
    """The adapter for the line over HTTP; ValueError where its settings are not whole."""
    if settings.national_url is None or settings.national_client_id is None or settings.national_client_secret is None:
        raise ValueError("the line over HTTP is not set up")
    return HttpAdapter(
        url=str(settings.national_url),
        client_id=settings.national_client_id,
        secret=settings.national_client_secret,
        keyid=keyid,
        private_key_pem=key.as_pem(private=True),
        timeout_seconds=settings.national_timeout_seconds,
    )
