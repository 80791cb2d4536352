"""Does what a sent form asks for, and says in a line what became of it."""

from dataclasses import dataclass
from typing import assert_never

from bot.core.clock import Millis
from bot.core.ids import GuildId, MemberId
from bot.guilds.model import Pause
from bot.ledger.model import Unit
from bot.ledger.rules.model import AllowList, Draft
from bot.services.budgets.desk import Budgets
from bot.services.budgets.reading import RuleStanding
from bot.services.budgets.seen import NOTHING_SEEN
from bot.services.budgets.settings import GuildDesk
from bot.ui.budgets import lines, reading
from bot.ui.budgets.card import Told
from bot.ui.budgets.change_forms import Doing, Marked, find
from bot.ui.budgets.fields import Field
from bot.ui.budgets.ids import AddForm, ChangeForm, Form, ListKey, MarkKey, PauseForm, PauseKey, RuleKey, SettingsForm
from bot.ui.budgets.reading import Marking, Sent
from bot.ui.budgets.refusals import GONE, REFUSED, refused
from bot.ui.command_names import command_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks for a change where, and when by Discord's clock."""

    guild_id: GuildId
    member_id: MemberId
    at: Millis


class Deeds:
    """The work of the forms and of the commands beside them. Raises DatabaseUnavailable alone."""

    def __init__(self, budgets: Budgets, guild_desk: GuildDesk) -> None:
        self._budgets = budgets
        self._desk = guild_desk

    async def do(self, form: Form, sent: Sent, asker: Asker) -> Told:
        """What the form asks for."""
        match form:
            case AddForm():
                return await self._add(form, sent, asker)
            case ChangeForm():
                return await self._change(form, sent, asker)
            case PauseForm():
                return await self._pause(sent, asker)
            case SettingsForm():
                return await self._set(form, sent, asker)
            case _:
                assert_never(form)

    async def pause(self, command: str | None, reason: str, asker: Asker) -> Told:
        """Pauses, or gives a pause another reason."""
        await self._desk.pause(asker.guild_id, command=command, reason=reason, by=asker.member_id)
        return _paused(command)

    async def resume(self, command: str | None, asker: Asker) -> Told:
        """Ends a pause."""
        if await self._desk.resume(asker.guild_id, command=command, by=asker.member_id):
            return _resumed(command)
        return _refused(f"{command_name(command)} is not paused.")

    async def _add(self, form: AddForm, sent: Sent, asker: Asker) -> Told:
        guild_id, unit = asker.guild_id, Unit.MONEY
        try:
            wanted = reading.added(form.adding, sent, guild_id)
            if isinstance(wanted, Draft):
                unit = wanted.unit
                rule = await self._budgets.set_rule(guild_id, wanted, by=asker.member_id, seen=NOTHING_SEEN)
                return _rule_told(wanted, guild_id, RuleKey(rule_id=rule.rule_id))
            if isinstance(wanted, Marking):
                return await self._mark(wanted, NOTHING_SEEN, asker)
            return await self._allow(wanted, NOTHING_SEEN, asker)
        except REFUSED as error:
            return _refused(refused(error, unit=unit, is_new=True))

    async def _mark(self, wanted: Marking, seen: str, asker: Asker) -> Told:
        await self._budgets.mark(asker.guild_id, wanted.member_id, wanted.mark, by=asker.member_id, seen=seen)
        if wanted.mark is None:
            return Told(text=f"<@{wanted.member_id}> is neither exempt nor blocked any more.")
        return Told(text=f"{lines.mark_line(wanted.member_id, wanted.mark)}.", key=MarkKey(member_id=wanted.member_id))

    async def _allow(self, wanted: tuple[AllowList, ...], seen: str, asker: Asker) -> Told:
        await self._budgets.allow(asker.guild_id, *wanted, by=asker.member_id, seen=seen)
        first = wanted[0]
        text = "; ".join(lines.list_line(one, asker.guild_id) for one in wanted)
        return Told(text=f"{text}.", key=ListKey(whom=first.whom, name=first.name, what=first.what))

    async def _change(self, form: ChangeForm, sent: Sent, asker: Asker) -> Told:
        shown, unit = find(await self._budgets.rules_of(asker.guild_id), form.key), Unit.MONEY
        try:
            match shown:
                case RuleStanding():
                    unit = shown.rule.draft.unit
                    return await self._change_rule(shown, form, sent, asker)
                case AllowList():
                    return await self._change_list(shown, form, sent, asker)
                case Pause():
                    return await self._change_pause(shown, form, sent, asker)
                case Marked():
                    wanted = Marking(member_id=shown.member_id, mark=reading.mark_of(sent))
                    return await self._mark(wanted, form.seen, asker)
                case None:
                    return _refused(GONE)
                case _:
                    assert_never(shown)
        except REFUSED as error:
            return _refused(refused(error, unit=unit))

    async def _change_rule(self, shown: RuleStanding, form: ChangeForm, sent: Sent, asker: Asker) -> Told:
        rule, guild_id, by = shown.rule, asker.guild_id, asker.member_id
        key = RuleKey(rule_id=rule.rule_id)
        match reading.doing_of(sent):
            case Doing.SET:
                wanted = reading.draft_of(rule.draft, sent)
                await self._budgets.set_rule(guild_id, wanted, by=by, seen=form.seen)
                return _rule_told(wanted, guild_id, key)
            case Doing.LOWER:
                await self._budgets.set_rule(guild_id, rule.draft, by=by, seen=form.seen)
                return _rule_told(rule.draft, guild_id, key)
            case Doing.RAISE:
                raising = reading.raising_of(rule.draft, sent)
                until = Millis(asker.at + raising.time_ms)
                await self._budgets.raise_until(
                    guild_id, rule.rule_id, to=raising.amount, until=until, by=by, seen=form.seen
                )
                allowed = lines.allows(rule.draft, raising.amount)
                usual = lines.count_of(rule.draft.unit, rule.draft.amount)
                text = f"{lines.subject(rule.draft, guild_id)} · {allowed}; {usual} again {lines.moment(until)}."
                return Told(text=text, key=key)
            case Doing.REMOVE:
                await self._budgets.end_rule(guild_id, rule.rule_id, by=by, seen=form.seen)
                return Told(text=f"Removed: {lines.subject(rule.draft, guild_id)} · {lines.allows(rule.draft)}.")

    async def _change_list(self, one: AllowList, form: ChangeForm, sent: Sent, asker: Asker) -> Told:
        if reading.doing_of(sent) is Doing.REMOVE:
            await self._budgets.allow_all(
                asker.guild_id, whom=one.whom, name=one.name, what=one.what, by=asker.member_id, seen=form.seen
            )
            return Told(text=f"Removed: {lines.list_line(one, asker.guild_id)}.")
        values = reading.listed(one.what, sent)
        wanted = AllowList(whom=one.whom, name=one.name, what=one.what, values=values)
        return await self._allow((wanted,), form.seen, asker)

    async def _change_pause(self, pause: Pause, form: ChangeForm, sent: Sent, asker: Asker) -> Told:
        command, by = pause.command, asker.member_id
        if reading.doing_of(sent) is Doing.REMOVE:
            await self._desk.resume(asker.guild_id, command=command, by=by, seen=form.seen)
            return _resumed(command)
        reason = sent.text(Field.REASON)
        await self._desk.pause(asker.guild_id, command=command, reason=reason, by=by, seen=form.seen)
        return _paused(command)

    async def _pause(self, sent: Sent, asker: Asker) -> Told:
        try:
            command, reason = reading.paused_of(sent), sent.text(Field.REASON)
            await self._desk.pause(
                asker.guild_id, command=command, reason=reason, by=asker.member_id, seen=NOTHING_SEEN
            )
        except REFUSED as error:
            return _refused(refused(error, is_new=True))
        return _paused(command)

    async def _set(self, form: SettingsForm, sent: Sent, asker: Asker) -> Told:
        try:
            wanted = reading.settings_of(await self._desk.settings_of(asker.guild_id), sent)
            names = await self._desk.change(asker.guild_id, wanted, by=asker.member_id, seen=form.seen)
        except REFUSED as error:
            return _refused(refused(error))
        if not names:
            return _refused("That is what holds already.")
        return Told(text=f"{', '.join(lines.SETTINGS[name] for name in names)}: see below.")


def _rule_told(draft: Draft, guild_id: GuildId, key: RuleKey) -> Told:
    text = f"{lines.subject(draft, guild_id)} · {lines.allows(draft)}, from the next request on."
    return Told(text=text, key=key)


def _paused(command: str | None) -> Told:
    text = f"{command_name(command)} is paused: new requests are refused, those accepted end as usual."
    return Told(text=text, key=PauseKey(command=command))


def _resumed(command: str | None) -> Told:
    return Told(text=f"{command_name(command)} goes on: requests are accepted again.")


def _refused(text: str) -> Told:
    return Told(text=text, is_good=False)
