"""What exists, where, and when it is free."""
