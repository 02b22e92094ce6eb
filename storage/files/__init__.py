"""Stores of files, by SHA-256: a local directory or a bucket; and the virus scanner before them."""
