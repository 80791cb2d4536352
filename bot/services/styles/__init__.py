"""Named ways of drawing: a guild's own, kept by those who manage it, and each member's."""
