"""Public notice: objections, appeals, and what they hold up."""
