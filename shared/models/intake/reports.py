"""Progress reports, incidents and major problems."""
