"""The JSON API and its schemas."""
