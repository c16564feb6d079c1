"""Pictures of a posterior and of the ladder of q below it: one file per view, and the scene that holds them."""
