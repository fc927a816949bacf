"""Reports after admission."""
