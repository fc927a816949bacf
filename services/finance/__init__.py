"""Finance: lists that banks pull and can prove."""
