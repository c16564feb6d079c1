"""Distributions and matrices that models share."""
