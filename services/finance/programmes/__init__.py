"""Editions of lists by rule: proposed after a judgement, frozen, approved by somebody else, recalled at once."""
