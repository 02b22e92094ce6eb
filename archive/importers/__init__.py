"""Importers: what other systems leave behind, as announcements."""
