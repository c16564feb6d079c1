"""Pictures of MAP inference in sparse coding: one file per view, and the scene that holds them."""
