"""Assessment: facts from snapshots, verdicts from the rulebook, receipts that can be replayed."""
