"""What a guild has set and how it stands, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from bot.core.clock import Millis
from bot.core.ids import GuildId, MemberId
from bot.core.money import format_usd
from bot.db import Reader
from bot.guilds import store as guilds
from bot.guilds.model import GuildSettings, Pause
from bot.ledger import store as ledger
from bot.ledger.model import Ceilings, Limit, Standing, Unit
from bot.ledger.policy import guild_ceilings, member_ceilings
from bot.ledger.rules import store as rules
from bot.ledger.rules.binding import shared_scope
from bot.ledger.rules.model import PERSONAL, AllowList, Draft, Mark, Rule, Span, Whom
from bot.ledger.windows import window_of
from bot.services.budgets.changing import moment_of

# The scope of a limit that counts for nobody by name.
EACH_MEMBER = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStanding:
    """A rule with what it allows now. `standing` is None for one that binds each member apart, and for a reserve."""

    rule: Rule
    amount: int
    standing: Standing | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """All that a guild has set, and how it stands.

    `ceilings` are the operator's for the guild, above which no rule goes, `member_ceilings` those for each member.
    """

    settings: GuildSettings
    rules: tuple[RuleStanding, ...]
    lists: tuple[AllowList, ...]
    marks: Mapping[MemberId, Mark]
    pauses: tuple[Pause, ...]
    ceilings: tuple[Standing, ...] = ()
    member_ceilings: tuple[Limit, ...] = ()


def budget_of(reader: Reader, ceilings: Ceilings, guild_id: GuildId, *, now: Millis) -> Budget:
    """Everything, in the windows that a request of now would be counted in: windows only open forward."""
    settings, at = guilds.settings_of(reader, guild_id), moment_of(reader, now)
    return Budget(
        settings=settings,
        rules=tuple(_standing(reader, rule, settings.tz, at) for rule in rules.rules_of(reader, guild_id)),
        lists=rules.lists_of(reader, guild_id),
        marks=rules.marks_of(reader, guild_id),
        pauses=guilds.pauses_of(reader, guild_id),
        ceilings=ledger.standing(reader, tuple(guild_ceilings(ceilings, guild_id, at=at))),
        member_ceilings=tuple(member_ceilings(ceilings, EACH_MEMBER, at=at)),
    )


def _standing(reader: Reader, rule: Rule, zone: tzinfo, at: Millis) -> RuleStanding:
    draft, amount = rule.draft, rule.amount_at(at)
    is_apart = draft.whom in PERSONAL and draft.whom is not Whom.MEMBER
    if draft.span is Span.ROLLING or is_apart or draft.whom is Whom.PURPOSE:
        return RuleStanding(rule=rule, amount=amount, standing=None)
    limit = Limit(
        scope=shared_scope(rule),
        unit=draft.unit,
        window=window_of(draft.span.window, at, zone),
        amount=amount,
        rule=str(rule.rule_id),
        subject=draft.subject,
    )
    return RuleStanding(rule=rule, amount=amount, standing=ledger.standing_of(reader, limit))


def name_of(draft: Draft) -> str:
    """What the log calls a rule: whom it is for, and what it counts."""
    return f"{draft.subject} {draft.unit} {draft.span}"


def words_of(draft: Draft) -> str:
    """What the log says that a rule allows."""
    amount = format_usd(draft.amount) if draft.unit is Unit.MONEY else str(draft.amount)
    return amount if draft.minutes is None else f"{amount} in {draft.minutes} minutes"
