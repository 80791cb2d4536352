"""How many requests of a member may come in how many minutes."""
