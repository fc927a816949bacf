"""Applications (申报): submission, snapshots, and the city's recommendation or return."""
