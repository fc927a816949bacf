"""What at least two services use: tables, database, events, errors, security and reference data."""
