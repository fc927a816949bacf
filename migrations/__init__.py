"""Alembic's migrations of the one schema."""
