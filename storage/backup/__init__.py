"""Backups: written, kept in generations, verified and restored."""
