"""Counters that a change makes necessary, completed page by page before it, so that nobody waits behind it."""
