"""What was typed → the announcements and pages that answer it: all of search that no engine decides."""
