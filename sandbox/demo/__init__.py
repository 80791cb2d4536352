"""`make demo`: the sandbox and a real bot process, one `/imagine` as a member would play it, then a prompt."""
