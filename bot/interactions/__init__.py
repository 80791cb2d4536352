"""Interactions as they were received: stored before they are acknowledged, answered for certain, then forgotten."""
