"""Spot checks (核查抽查): a draw that anybody can recompute, and what checkers found at those drawn."""
