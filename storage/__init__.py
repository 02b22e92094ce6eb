"""Keeps the records and the bytes: the adapters behind the ports of ``archive.ports``."""
