"""Corrections of the book: a presumption that a person confirms, and counters that drifted from their entries."""
