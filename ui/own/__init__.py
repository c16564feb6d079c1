"""Data of the reader's own: tables, images and signals from outside, and where they are asked for."""
