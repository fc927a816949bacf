"""Evidence: files by content, and what they prove."""
