"""Query understanding: what was typed → a query → a plan of clauses; independent of any engine."""
