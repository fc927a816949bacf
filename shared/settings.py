"""Settings that every process reads from the environment (prefix `PEIYU_`); README has the table."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="PEIYU_", extra="ignore")

    database_url: SecretStr
    redis_url: SecretStr
    # Ed25519 private keys, PEM. Tokens and lists are signed by different keys so that each can be rotated alone.
    token_key_file: Path
    list_key_file: Path
    token_issuer: str = "peiyu"
    token_audience: str = "peiyu-api"
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
