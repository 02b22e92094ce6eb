"""What a municipality keeps, in its own words. Imports none of the other rooms."""
