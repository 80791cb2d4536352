"""The invariants, over three histories: what Discord saw, what the gateways charged, what the database says.

I1, I2, I3, I8, I9   the ledger's own check; I3 beyond it: a hold is closed exactly when its job has ended
I4                   at most one charge for each prompt, counted at the gateway
I5                   no charge without a post or an open hold; what is posted is what was charged, job by job
I6                   every job that has not ended has a time at which it is looked at
I7                   every acknowledged interaction has its last word, and every delivered job one public post
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.core.ids import InteractionId, JobId
from bot.interactions.model import InteractionState
from bot.jobs.model import State
from bot.ledger.model import HoldState
from bot.ui.custom_ids import TalkVerb, talk
from bot.ui.delivery import file_stem
from sandbox.discord import Interaction, Message
from sandbox.discord.model import InteractionKind
from sandbox.gateways import Charge
from sandbox.gateways.book import prompt_hash
from sandbox.stage import Stage
from tests.e2e.facts import Facts, Record
from tests.e2e.matching import compare, taken_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One data folder's life on a stage that may have seen others before: only what came since counts."""

    stage: Stage
    charges_before: int
    interactions_before: frozenset[int]

    @property
    def charges(self) -> tuple[Charge, ...]:
        """What the gateways charged and did not give back."""
        return tuple(one for one in self.stage.gateways.book.charges[self.charges_before :] if not one.is_refunded)

    @property
    def interactions(self) -> tuple[Interaction, ...]:
        """All that people did."""
        every = self.stage.sandbox.world.interactions.values()
        return tuple(one for one in every if one.id not in self.interactions_before)

    def posts_of(self, job_id: JobId) -> list[Message]:
        """The public messages that show the job's pictures or end its answer, in every channel of a guild."""
        stem = file_stem(job_id)
        places = [place for place in self.stage.sandbox.world.channels.values() if place.guild_id is not None]
        return [
            message
            for place in places
            for message in place.messages
            if any(file.filename.startswith(stem) for file in message.attachments)
            or any(button.custom_id == talk(TalkVerb.FORGET, job_id) for button in message.buttons())
        ]


def new_scene(stage: Stage, folder: Path, **extra: str) -> Scene:
    """The same Discord and gateways for bots that start from nothing in `folder`."""
    folder.mkdir(parents=True)
    return Scene(
        stage=stage.beside(folder, **extra),
        charges_before=len(stage.gateways.book.charges),
        interactions_before=frozenset(stage.sandbox.world.interactions),
    )


def breaches(scene: Scene, facts: Facts) -> Iterator[str]:
    """Every broken invariant as a sentence that begins with its name. `facts` are read when all is quiet."""
    yield from facts.problems
    yield from (f"I6: nobody looks at job {job_id}" for job_id in facts.stuck)
    yield from _broken_money(scene, facts)
    for record in facts.records:
        yield from _broken_post(scene, record)
    for interaction in scene.interactions:
        yield from _broken_answer(interaction, facts)
    yield from _broken_cards(scene, facts)
    mine = {one.id for one in scene.interactions}
    for finding in scene.stage.sandbox.check_answers():
        if finding.interaction.id in mine:
            yield f"I7: interaction {finding.interaction.id}: {finding.trouble}"
    yield from (f"the wire: {one}" for one in scene.stage.sandbox.violations)


def assert_invariants(scene: Scene, facts: Facts) -> None:
    """Fails with all that is broken."""
    found = list(breaches(scene, facts))
    assert not found, "\n".join(found)


def _broken_money(scene: Scene, facts: Facts) -> Iterator[str]:
    times = Counter(charge.prompt_hash for charge in scene.charges)
    for record in facts.records:
        job, hold = record.job, record.hold
        if record.prompt and times[prompt_hash(record.prompt)] > 1:
            yield f"I4: job {job.id} was charged {times[prompt_hash(record.prompt)]} times"
        if job.has_ended == (hold.state is HoldState.OPEN):
            yield f"I3: job {job.id} ({job.state}, hold {hold.state}): a hold is open exactly as long as its job"
    _, differences = compare(taken_by(scene.charges), facts)
    yield from differences


def _broken_post(scene: Scene, record: Record) -> Iterator[str]:
    posts = scene.posts_of(record.job.id)
    if len(posts) != int(record.is_public):
        yield f"I7: job {record.job.id} ({record.job.state}) has {len(posts)} public posts"
    elif record.is_public and record.delivery is not None and record.delivery.message_id != posts[0].id:
        yield f"I7: job {record.job.id} points at message {record.delivery.message_id}, posted is {posts[0].id}"


def _broken_answer(interaction: Interaction, facts: Facts) -> Iterator[str]:
    state = facts.interactions.get(InteractionId(interaction.id))
    name = f"interaction {interaction.id} ({state})"
    if interaction.acknowledged is None:
        if state not in (None, InteractionState.VOID):
            yield f"I7: {name} was never acknowledged"
        if interaction.id in facts.origins.values():
            yield f"I7: {name} was never acknowledged, and yet it has a job"
    elif interaction.kind is InteractionKind.COMMAND:
        if interaction.response is None:
            yield f"I7: {name} has no response"
        elif state is None and interaction.response.history[0].is_loading:
            yield f"I7: {name} was deferred, but never stored: {interaction.response.plain_text()}"


def _broken_cards(scene: Scene, facts: Facts) -> Iterator[str]:
    by_id = {one.id: one for one in scene.interactions}
    for record in facts.records:
        interaction = by_id[facts.origins[record.job.id]]
        said = "" if interaction.response is None else interaction.response.plain_text()
        word = _last_word(record)
        if word not in said:
            yield f"I7: the card of job {record.job.id} ({record.job.state}) lacks {word!r}: {said}"


def _last_word(record: Record) -> str:
    """What the card must say at the end."""
    delivery = record.delivery
    if record.is_public and delivery is not None:
        return f"/{delivery.channel_id}/{delivery.message_id}"
    if record.job.state is State.UNKNOWN:
        return "Nobody knows yet whether it was charged"
    if record.hold.state is HoldState.VOIDED:
        return "You were **not** charged"
    return "cost"
