"""Repositories: the queries about one kind of record each, the same for every database engine."""
