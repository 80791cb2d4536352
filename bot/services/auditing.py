"""The check that the running bot makes of its books: what has drifted takes no more holds until it is mended."""

import logging

from bot.core.clock import Clock
from bot.db import Database, Reader
from bot.ledger.check import Finding, findings
from bot.ledger.drifting import store as drifting

log = logging.getLogger(__name__)
# A sentence with a scope and two numbers.
_TOLD = 200


class Auditing:
    """Looks through the whole book, in a reader of its own."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def look(self) -> tuple[Finding, ...]:
        """What is broken; the scopes of counters that are take no more holds, those that agree again do.

        Raises DatabaseUnavailable.
        """
        found, known = await self._database.read(_read)
        scopes, now = frozenset(one.scope for one in found if one.scope), self._clock.now()
        if scopes != known:
            await self._database.write(lambda tx: drifting.mark(tx, scopes, at=now))
        if found:
            fields = {"findings": len(found), "scopes": len(scopes), "first": found[0].told[:_TOLD]}
            log.error("the books do not agree: stop the bot and run `python -m bot ledger rebuild`", extra=fields)
        return found


def _read(reader: Reader) -> tuple[tuple[Finding, ...], frozenset[str]]:
    return findings(reader), drifting.drifted(reader)
