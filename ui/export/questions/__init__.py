"""The questions of a lesson to take away: variants by seed, their keys from the run, and Moodle's GIFT format."""
