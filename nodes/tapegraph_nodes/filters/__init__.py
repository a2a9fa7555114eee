"""Filters: what lowers or raises parts of the spectrum."""
