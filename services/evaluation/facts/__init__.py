"""What is known about an enterprise: statements by source, and which of them stands."""
