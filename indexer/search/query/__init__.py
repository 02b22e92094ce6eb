"""Query understanding: turns the typed text into a query and a plan of clauses; independent of any engine."""
