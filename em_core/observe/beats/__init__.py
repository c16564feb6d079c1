"""Inside a half-step: the numbers that it works out, one after another (slow motion)."""
