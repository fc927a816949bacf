"""Lists: programmes publish numbered, signed, immutable editions."""
