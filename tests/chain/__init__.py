"""The pretend chain and the gateway that is paid on it."""
