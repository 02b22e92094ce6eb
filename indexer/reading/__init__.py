"""A file → its pages: the text that it carries or that its picture shows, and what it says of itself."""
