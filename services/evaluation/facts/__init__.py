"""What registers and cities state of enterprises, and which statement of a fact stands."""
