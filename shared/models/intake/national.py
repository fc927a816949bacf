"""What is exchanged with the national system."""
