"""The health server, over real sockets."""
