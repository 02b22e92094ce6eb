"""Accounts: signing in, second factors, and who may see what."""
