"""The pure parts of `/settings budget`."""
