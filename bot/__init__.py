"""Easel: a self-hosted Discord bot for pictures."""

__version__ = "0.1.0"
