"""What the staff of a guild and those who run the bot are told by themselves.

model     what a card says, and where it goes
store     which cards were sent
posting   sends each once, whatever crashes between
alerts    thresholds of budgets that were passed
digests   what was spent, each day or week
rounds    the loop over all of it
"""
