"""Turns files into findable text: reading (PDF and picture to pages) and finding (pages to answers)."""
