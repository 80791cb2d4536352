"""What a guild has set of itself."""
