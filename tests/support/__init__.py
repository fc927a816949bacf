"""What several tests need: forms, people, and a running system."""
