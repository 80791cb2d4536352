"""Budgets as a guild's admins see and set them.

desk         rules, marks and allow-lists: each change one transaction with its line in the log
settings     zone, pauses, alerts, the same way
reading      all of it as one value, with what is left
changing     what all changes share: one transaction, a line in the log, complete counters
reserving    what is kept for purposes fits (pure)
seen         what a form was opened on, so that no change overrides another one unseen (pure)
counting     what a counter must have counted when a rule begins (pure)
completing   making it count that, in pieces
replaying    requests once more under other rules (pure)
simulating   what the last days would have looked like under other rules
store        the SQL of the last one
"""
