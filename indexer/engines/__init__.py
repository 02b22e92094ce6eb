"""Search engines behind the ``SearchIndex`` port; they do not import each other."""
