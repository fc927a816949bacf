"""What a file is, told by its content alone: the five types of evidence, each checked for its structure."""
