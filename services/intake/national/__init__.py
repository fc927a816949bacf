"""The exchange with the national system."""
