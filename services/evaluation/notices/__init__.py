"""Public notice (公示) of a plan: objections, appeals, and what they hold up."""
