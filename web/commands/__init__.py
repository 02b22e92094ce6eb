"""The commands of ``prakat``, one module for each group."""
