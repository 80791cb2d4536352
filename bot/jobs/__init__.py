"""Durable jobs: states, claims, fences, poll schedule, runner. Knows nothing of pictures."""
