"""Paying by the call: never twice for one job, whatever happens."""
