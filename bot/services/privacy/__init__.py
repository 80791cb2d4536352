"""What is kept about a member: shown, handed out as a file, and deleted when they want it."""
