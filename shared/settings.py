"""Settings that every process reads from the environment (prefix `PEIYU_`); README has the table."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_DRIVER = "postgresql+asyncpg://"


class TokenSettings(BaseSettings):
    """What issuing a token needs."""

    model_config = SettingsConfigDict(env_prefix="PEIYU_", extra="ignore")

    # Ed25519 private keys, PEM. Tokens and lists are signed by different keys so that each can be rotated alone.
    token_key_file: Path
    token_issuer: str = "peiyu"
    token_audience: str = "peiyu-api"


class DatabaseSettings(BaseSettings):
    """What reaching the database needs."""

    model_config = SettingsConfigDict(env_prefix="PEIYU_", extra="ignore")

    database_url: SecretStr

    @field_validator("database_url")
    @classmethod
    def _names_the_driver(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(_DRIVER):
            raise ValueError(f"write the URL with its driver: {_DRIVER}user:password@host/database")
        return value


class Settings(TokenSettings, DatabaseSettings):
    redis_url: SecretStr
    list_key_file: Path
    client_token_minutes: int = Field(default=30, ge=1, le=1440)
    # Off by default: an intranet may not want its schema readable without a token. `peiyu up` turns it on.
    docs_enabled: bool = False
    # A fixed number: connections beyond it would be made and thrown away, at many times the cost of a request.
    database_pool_size: int = Field(default=15, ge=1)
    max_body_bytes: int = 2 * 1024 * 1024
    max_workbook_bytes: int = 20 * 1024 * 1024
    # A sent event that is not processed by then is sent again; a running one is protected by its row lock.
    outbox_resend_seconds: float = Field(default=15.0, gt=0)
    outbox_poll_seconds: float = Field(default=0.2, gt=0)
    outbox_max_failures: int = Field(default=12, ge=1)
    job_timeout_seconds: int = Field(default=600, ge=1)
    log_json: bool = True
    # Where intake asks how a form would be judged; without it the completeness check answers 503.
    evaluation_url: str | None = Field(default=None, pattern=r"^https?://")
    evaluation_timeout_seconds: float = Field(default=5.0, gt=0)


Kind = TypeVar("Kind", TokenSettings, DatabaseSettings, Settings)


def from_environment(kind: type[Kind]) -> Kind:
    """The settings of this process; SystemExit that names each variable that is missing or wrong."""
    try:
        return kind()  # pyright: ignore[reportCallIssue] (values come from the environment)
    except ValidationError as error:
        wrong = (f"  PEIYU_{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors() if one["loc"])
        raise SystemExit("Settings are missing or wrong:\n" + "\n".join(wrong)) from None
