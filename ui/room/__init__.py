"""A room for a class: joined by its code, it votes on what a half-step will do before it is made."""
