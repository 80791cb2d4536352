"""Budgets as a guild's admins see and set them.

desk         rules, marks and allow-lists: each change one transaction with its line in the log
settings     zone, pauses, alerts, the same way
reading      all of it as one value, with what is left
seen         what a form was opened on, so that no change overrides another one unseen (pure)
counting     what a counter must have counted when a rule begins (pure)
simulating   what the last days would have looked like under other rules
store        the SQL of the last two
"""
