"""Commands that change the archive, one module for each kind of thing that they change."""
