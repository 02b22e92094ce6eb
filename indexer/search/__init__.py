"""Search: everything from what was typed to a page of results that is the same for every engine."""
