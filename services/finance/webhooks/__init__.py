"""Webhooks: telling a bank that there is something to pull, and a log of whether it was heard."""
