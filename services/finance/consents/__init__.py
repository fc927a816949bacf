"""Consents of enterprises: recorded, withdrawable, never erased."""
