"""Rulebooks: the plan's standards as versioned data, judged three-valued, explained and receipted."""
