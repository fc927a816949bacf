"""Copies of the patent register: what a patent's state was on a day."""
