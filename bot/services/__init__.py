"""Use cases: the only room where ledger, jobs, interactions, providers and media meet."""
