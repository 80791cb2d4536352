"""Requests over a guild's own limits that wait for a moderator's "allow once". Nothing is held while they wait.

model    what waits, and how it ended
store    the same as stored
asking   whether a refused request may wait
desk     a moderator allows or refuses
keeping  the staff's cards, and the end of what nobody decided
"""
