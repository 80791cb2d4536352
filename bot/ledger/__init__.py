"""Budgets, quotas, holds, entries.

    windows   the calendar day, week and month of a moment (pure)
    rules     what a guild sets for itself: rules, marks, allow-lists, the log of their changes
    policy    which limits a request must keep: the operator's ceilings and the guild's rules (pure)
    store     hold, then exactly one of post, void, presume; adjust; standing (in the caller's transaction)
    alerts    which thresholds a booking has passed, once per window
    check     proves that counters, holds and entries agree
    drifting  scopes that do not, and take no more holds

A use case calls `store.effective_now`, `policy.limits_for` and `store.hold` in one `Database.write`, so that
money and job become durable together. Where a check finds a difference the entries are right: they are only
ever added.
"""
