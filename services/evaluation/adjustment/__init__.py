"""Dynamic adjustment of the pool: graduation, exit, rolling replacement (plan 二(六)12)."""
