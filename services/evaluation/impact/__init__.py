"""What another rulebook would have said of past decisions, and whether receipts still replay."""
