"""Review: people's findings on what facts cannot settle, and deviations signed by two."""
