"""Rules that a guild sets for itself, below the operator's ceilings.

model     rules, marks, allow-lists and what a request says of itself (pure)
binding   which of the rules bind a request (pure)
allowing  what lists and marks forbid (pure)
bounds    how far a rule may go (pure)
store     rules as stored, and the log of their changes
"""
