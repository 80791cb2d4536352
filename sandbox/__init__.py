"""Places for developers: a loopback Discord and pretend picture gateways. The bot knows nothing of them."""
