"""Selection: plans that rank the eligible under cap and quotas, approved by a second person, then committed."""
