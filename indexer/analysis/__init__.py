"""Text analysis shared by indexing, querying and highlighting: tokenizer, dictionary, spelling index."""
