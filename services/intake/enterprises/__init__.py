"""Enterprises on record, with their history."""
