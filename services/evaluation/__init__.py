"""Evaluation: judges applications, lets people review, selects, and keeps the pool."""
