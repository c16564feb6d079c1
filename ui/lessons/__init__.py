"""Lessons: files of steps in which a reader predicts, then sees. docs/lessons.md says how one is written."""
