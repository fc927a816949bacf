"""Who meets the rule of each list that the province publishes, and what is missing."""
