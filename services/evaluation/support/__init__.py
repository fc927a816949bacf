"""The support ledger: what was done for an enterprise, by whom, and what was reported before and after."""
