"""Pretend picture gateways on loopback: the documented wire, a book of what they charged, and faults by
switch.

    async with Gateways.start(seed=7, scale=0.02, names=EVERY) as gateways:
        gateways.faults.next("pixazo", lost_answer())  # the next order is charged, its answer never arrives
        gateways.faults.when("bomb", bad_picture(Spoil.BOMB))  # every prompt that holds the word
        ...  # a bot runs, dies, runs again; the gateways live on
        assert gateways.book.total() == ...  # what the bot's ledger must agree with

As with the real ones only Apiframe honours an idempotency key: elsewhere an order that arrives twice is charged twice.
"""

from sandbox.gateways.book import Book, Charge
from sandbox.gateways.calling import Habit
from sandbox.gateways.faults import (
    AnswerFault,
    Break,
    Faults,
    Outcome,
    PictureFault,
    Spoil,
    Step,
    WorkFault,
    bad_picture,
    broken_answer,
    late_answer,
    lost_answer,
    lost_request,
    outcome,
    says,
    status,
)
from sandbox.gateways.server import EVERY, Gateways

__all__ = [
    "EVERY",
    "AnswerFault",
    "Book",
    "Break",
    "Charge",
    "Faults",
    "Gateways",
    "Habit",
    "Outcome",
    "PictureFault",
    "Spoil",
    "Step",
    "WorkFault",
    "bad_picture",
    "broken_answer",
    "late_answer",
    "lost_answer",
    "lost_request",
    "outcome",
    "says",
    "status",
]
