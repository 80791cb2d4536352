"""What marks and allow-lists forbid. Pure."""

from collections.abc import Callable, Iterable, Iterator

from bot.core.errors import Fact, Refusal, RefusalReason
from bot.ledger.rules.model import AllowList, Asked, Listed, Mark, Terms, Whom

_REASONS = {
    Listed.MODEL: RefusalReason.MODEL_NOT_ALLOWED,
    Listed.RESOLUTION: RefusalReason.SIZE_NOT_ALLOWED,
    Listed.COUNT: RefusalReason.COUNT_NOT_ALLOWED,
}


def check_allowed(terms: Terms, asked: Asked) -> None:
    """Raises Refusal: BLOCKED, or MODEL_NOT_ALLOWED, SIZE_NOT_ALLOWED, COUNT_NOT_ALLOWED (`where` is `channel` or
    `role`, `asked`, and `can`, what is allowed there).

    The list of the channel binds all, in a thread its own and that of its channel both; of the member's roles that have
    a list each adds to what is allowed, and a member none of whose roles has one is free. An exempt member is free of
    the roles' lists.
    """
    if terms.mark is Mark.BLOCKED:
        raise Refusal(RefusalReason.MEMBER_BLOCKED)
    for what in Listed:
        for whom, values in allowed(terms, asked, what):
            if not _TESTS[what](values, asked):
                raise Refusal(_REASONS[what], _facts(whom, what, values, asked))


def allowed(terms: Terms, asked: Asked, what: Listed) -> Iterator[tuple[Whom, frozenset[str]]]:
    """The lists that each must name what is asked for: one for each channel that has any, one of all roles together."""
    here = [one for one in terms.lists if one.what is what]
    for channel in asked.channels:
        for one in here:
            if one.whom is Whom.CHANNEL and one.name == channel:
                yield Whom.CHANNEL, one.values
    lists = [one.values for one in here if one.whom is Whom.ROLE and _has_role(one, terms, asked)]
    if lists:
        yield Whom.ROLE, frozenset[str]().union(*lists)


def _has_role(one: AllowList, terms: Terms, asked: Asked) -> bool:
    # Discord's role for everyone has the guild's own id, and members' lists of roles leave it out.
    return terms.mark is not Mark.EXEMPT and int(one.name) in asked.roles | {asked.guild_id}


def _allows_model(values: frozenset[str], asked: Asked) -> bool:
    return bool(values & {str(asked.model), f"{asked.provider}/{asked.model}"})


def _allows_resolution(values: frozenset[str], asked: Asked) -> bool:
    """A model without a choice of sizes has nothing to refuse."""
    return asked.resolution is None or asked.resolution in values


def _allows_count(values: frozenset[str], asked: Asked) -> bool:
    return asked.pictures <= most_of(values)


_TESTS: dict[Listed, Callable[[frozenset[str], Asked], bool]] = {
    Listed.MODEL: _allows_model,
    Listed.RESOLUTION: _allows_resolution,
    Listed.COUNT: _allows_count,
}


def most_of(values: Iterable[str]) -> int:
    """The most pictures that lists of counts allow together."""
    return max(int(value) for value in values)


def _facts(whom: Whom, what: Listed, values: frozenset[str], asked: Asked) -> dict[str, Fact]:
    if what is Listed.COUNT:
        return {"where": whom.value, "asked": asked.pictures, "can": str(most_of(values))}
    wanted = asked.model if what is Listed.MODEL else asked.resolution
    return {"where": whom.value, "asked": str(wanted), "can": ", ".join(sorted(values))}
