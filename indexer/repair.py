"""Broken Thai text, as PDFs give it → what a person sees on the page."""

from __future__ import annotations


def repair(text: str) -> str:
    """The text as a person reads it on the page. Idempotent; clean text comes back unchanged."""
    raise NotImplementedError
