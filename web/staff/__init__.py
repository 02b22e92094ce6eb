"""Pages for staff: write, attach, review, publish."""
