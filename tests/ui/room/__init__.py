"""Rooms for a class: the protocol on each store, the routes, how others reach them."""
