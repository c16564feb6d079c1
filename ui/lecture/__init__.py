"""A lecture: views that are collected on the pages, put in order and presented. It is a lesson file."""
