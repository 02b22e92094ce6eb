"""A sample archive of a fictional municipality, its documents made on the spot: to look at and to test."""
