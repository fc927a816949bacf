"""What is known about an enterprise, by whom and since when."""
