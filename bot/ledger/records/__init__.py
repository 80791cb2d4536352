"""The book as people read it: every entry with its job, and sums by day, member, command, provider and model.

    model   periods, records, charges, sums
    store   pages of entries and of charges, bounded by guild; sums of any length of time; nothing is changed

A period is that of the moments at which money was reserved. Windows follow the same moments, so all entries of a job
lie in one period, and the sums of a day are those of its counters. `store` looks across to the job and the payment of
a hold, by SQL alone: a report over a million entries is one join, not a million questions.
"""
