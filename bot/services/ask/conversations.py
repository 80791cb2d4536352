"""Forgetting: what was asked, shown and answered is let go, the entries of what it cost stay."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.core.clock import Clock, Millis
from bot.core.ids import GuildId, JobId, MemberId
from bot.db import Database, Transaction
from bot.services.ask import store
from bot.services.ask.asking import place_of
from bot.services.ask.model import CONVERSATION_LIVES_MS
from bot.services.results import store as results


class ForgetOutcome(StrEnum):
    """What pressing Forget did."""

    FORGOTTEN = "forgotten"
    NOTHING_LEFT = "nothing_left"
    NOT_YOURS = "not_yours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """The outcome, and how many questions with their answers were emptied."""

    outcome: ForgetOutcome
    turns: int = 0


class Conversations:
    """Forgets conversations when asked, and what is older than they may become."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def forget(self, job_id: JobId, *, guild_id: GuildId, member_id: MemberId, is_moderator: bool) -> Forgotten:
        """Empties the conversation that the answer belongs to: a moderator all of it, a member what they asked.

        Only whoever asked this question, or a moderator, may.
        """
        now = self._clock.now()

        def write(tx: Transaction) -> Forgotten:
            place, turn = place_of(tx, job_id), store.turn(tx, job_id)
            if place is None or turn is None or place.guild_id != guild_id:
                return Forgotten(outcome=ForgetOutcome.NOTHING_LEFT)
            if not is_moderator and place.member_id != member_id:
                return Forgotten(outcome=ForgetOutcome.NOT_YOURS)
            own = None if is_moderator else member_id
            turns = store.forget(tx, turn.root_id, member_id=own, by=member_id, at=now)
            _let_pictures_go(tx, turns, at=now)
            outcome = ForgetOutcome.FORGOTTEN if turns else ForgetOutcome.NOTHING_LEFT
            return Forgotten(outcome=outcome, turns=len(turns))

        return await self._database.write(write)

    async def sweep(self) -> int:
        """Empties what is too old; returns how many turns."""
        now = self._clock.now()
        oldest = Millis(now - CONVERSATION_LIVES_MS)

        def write(tx: Transaction) -> int:
            turns = store.forget_older(tx, than=oldest, at=now)
            _let_pictures_go(tx, turns, at=now)
            return len(turns)

        return await self._database.write(write)


def _let_pictures_go(tx: Transaction, turns: Iterable[JobId], *, at: Millis) -> None:
    """What a forgotten question showed is nobody's any more, unless something else shows or uses it."""
    for job_id in turns:
        results.let_go(tx, job_id, at=at)
