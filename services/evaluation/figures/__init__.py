"""Figures for dashboards: counted from the rows, linked to them, and cheap to ask for again."""
