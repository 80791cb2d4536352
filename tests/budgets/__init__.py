"""A guild's own rules, from the form to the counter."""
