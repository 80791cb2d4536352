"""What a guild has set of itself beside its budgets.

model     the settings, and a pause of commands (pure)
store     both as stored
"""
