"""What was spent, as a server and its members look at it.

model     how a report is cut, and what it holds
reading   one reading of the ledger becomes a report
files     the entries of a period as files that can be sent
"""
