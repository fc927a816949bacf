"""Application cycles (申报批次): a window, quotas per city, and the rulebook that judges."""
