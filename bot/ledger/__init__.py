"""Budgets, quotas, holds, entries.

    windows   the calendar day and month of a moment (pure)
    policy    which limits a request must keep (pure)
    store     hold, then exactly one of post, void, presume; adjust; standing (in the caller's transaction)
    check     proves that counters, holds and entries agree

A use case calls `store.effective_now`, `policy.limits_for` and `store.hold` in one `Database.write`, so that
money and job become durable together. Where a check finds a difference the entries are right: they are only
ever added.
"""
