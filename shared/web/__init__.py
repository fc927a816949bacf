"""The HTTP side that all services share: application factory, problem documents, sessions, security, idempotency."""
