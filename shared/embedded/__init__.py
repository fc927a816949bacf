"""PostgreSQL and Valkey from wheels, as child processes with their data in one folder."""

from shared.embedded.children import EmbeddedServerError, PopenOptions, free_port, spawn
from shared.embedded.postgres import PostgresServer, prepare_postgres
from shared.embedded.running import EmbeddedServer, running, wait_until_ready
from shared.embedded.valkey import ValkeyServer, prepare_valkey

__all__ = [
    "EmbeddedServer",
    "EmbeddedServerError",
    "PopenOptions",
    "PostgresServer",
    "ValkeyServer",
    "free_port",
    "prepare_postgres",
    "prepare_valkey",
    "running",
    "spawn",
    "wait_until_ready",
]
