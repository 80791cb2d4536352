"""Scopes whose counters were found to differ from the entries: no more is held there until they agree again."""
