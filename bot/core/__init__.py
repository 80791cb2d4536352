"""Pure ground: money, ids, clock, errors, requests. Standard library only."""
