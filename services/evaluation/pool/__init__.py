"""The cultivation pool (培育库): who is a member now."""
