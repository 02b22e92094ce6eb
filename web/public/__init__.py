"""Pages, feeds and open data for residents."""
