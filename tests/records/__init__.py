"""What is kept of results and requests, and for how long."""
