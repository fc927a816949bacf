"""Invented enterprises for trying the system out; no figure here belongs to a real company."""
