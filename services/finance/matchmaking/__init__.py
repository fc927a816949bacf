"""Two-sided events: who meets whom, why, when and where, and what came of it."""
