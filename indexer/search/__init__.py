"""Search: turns the typed text into a page of results; the same code for every engine."""
