"""`jobs resolve` beside a running bot: the ledger follows, and the member, who was told that nobody knows, is told."""

import asyncio
from pathlib import Path

import pytest

from bot.core.money import usd
from bot.jobs.model import State
from bot.ledger.check import check
from bot.web.control import NAME
from sandbox.discord import Refuse, Use
from sandbox.gateways import lost_answer
from sandbox.stage import Stage, stage
from tests.commands.shop import run
from tests.e2e.facts import read_facts
from tests.e2e.matching import ALIKE, Unlike
from tests.e2e.process import PATIENCE_S, check_ledger, running, settle
from tests.e2e.rig import PICTURE_SIDE, SCALE, held, rig, spent
from tests.e2e.scene import PIXAZO, Scene, scene

RESERVED = "Nobody knows yet whether it was charged"
LOOKED_INTO = "Whoever runs this bot has looked into it"


async def _resolve(folder: Path, job: str, *verdict: str) -> tuple[int, str]:
    """The command as a process of its own, beside whatever runs: its exit code, and what it wrote."""
    done = await asyncio.to_thread(run, folder, "jobs", "resolve", job, *verdict)
    return done.returncode, done.stdout + done.stderr


async def _lost(play: Scene) -> Use:
    """A request that was taken and charged, and whose answer was lost."""
    play.rig.gateways.faults.next("pixazo", lost_answer())
    use = await play.ask()
    await play.says(use, RESERVED)
    await play.until_state(State.UNKNOWN)
    return use


@pytest.mark.parametrize(
    ("verdict", "note", "booked", "card", "unlike"),
    [
        (("--unpaid",), "unpaid", 0, "You were **not** charged.", Unlike(unbooked=1)),
        (("--paid",), "paid $0.075", usd("0.075"), "It cost $0.075", Unlike(priced=1)),
        (("--paid", "0.05"), "paid $0.05", usd("0.05"), "It cost $0.05", ALIKE),
    ],
    ids=["unpaid", "paid", "paid this much"],
)
async def test_an_unknown_job_is_resolved_beside_the_running_bot(
    tmp_path: Path, verdict: tuple[str, ...], note: str, booked: int, card: str, unlike: Unlike
) -> None:
    """The gateway took $0.05. What a person says counts, also where it is not so."""
    async with scene(tmp_path) as play:
        use = await _lost(play)
        job = await play.until_state(State.UNKNOWN)

        told = await _resolve(play.rig.stage.data_dir, job.id[:8], *verdict)

        assert told == (0, f"job {job.id} has failed; operator: {note} (held were $0.075)\n")
        said = await play.says(use, LOOKED_INTO)
        assert card in said
        assert (await play.until_state(State.FAILED)).reason == "settled"
        assert (await spent(play.house), await held(play.house)) == (booked, 0)
        again = await _resolve(play.rig.stage.data_dir, job.id, *verdict)
        assert again == (1, f"easel: job {job.id} is failed; only unknown jobs can be resolved\n")
        await play.ends_well(unlike=unlike)


async def test_a_member_whose_card_is_out_of_reach_is_told_in_the_channel(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await _lost(play)
        job = await play.until_state(State.UNKNOWN)
        await play.later(minutes=16)

        assert (await _resolve(play.rig.stage.data_dir, job.id, "--unpaid"))[0] == 0
        await play.rig.settle(play.house)

        (message,) = [one for one in play.rig.sandbox.channel("general").messages if LOOKED_INTO in one.plain_text()]
        assert message.pinged == (play.ana.id,)
        await play.ends_well(unlike=Unlike(unbooked=1))  # it was charged, and a person said that it was not


async def test_a_member_who_was_told_in_the_channel_that_nobody_knows_is_told_there_again(tmp_path: Path) -> None:
    """Discord drops a message with a nonce it has just seen: each last word has its own."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", lost_answer())
        play.rig.sandbox.faults.until_off("PATCH", "*/messages/@original", Refuse(404, 10015, "Unknown Webhook"))
        await play.ask()
        await play.rig.settle(play.house)
        job = await play.until_state(State.UNKNOWN)

        assert (await _resolve(play.rig.stage.data_dir, job.id, "--unpaid"))[0] == 0
        await play.rig.settle(play.house)

        told = [one.plain_text() for one in play.rig.sandbox.channel("general").messages]
        assert [RESERVED in text for text in told] == [True, False]
        assert LOOKED_INTO in told[1]
        assert await play.house.database.read(check) == ()


async def test_letters_that_name_no_job_are_refused_in_the_same_words_by_the_running_bot(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        told = await _resolve(play.rig.stage.data_dir, "zz", "--unpaid")
        assert told == (1, "easel: no job begins with 'zz'\n")


async def test_what_was_resolved_while_the_bot_was_away_is_told_at_its_next_start(tmp_path: Path) -> None:
    async with rig(tmp_path) as built:
        async with built.bot() as house:
            built.gateways.faults.next("pixazo", lost_answer())
            use = await built.sandbox.person("ana").command("imagine", prompt="a lighthouse", model=PIXAZO)
            await use.wait_until(lambda message: RESERVED in message.plain_text(), timeout_s=8.0)
            (job,) = await built.settle(house)
        assert not (built.stage.data_dir / NAME).exists()

        assert (await _resolve(built.stage.data_dir, job.id, "--paid", "0.05"))[0] == 0
        await built.sandbox.bot_gone(8.0)
        async with built.bot() as house:
            await use.wait_until(lambda message: "It cost $0.05" in message.plain_text(), timeout_s=8.0)
            await built.settle(house)
            await built.assert_sound(house)
            assert await spent(house) == usd("0.05")


async def _unknown(built: Stage) -> str:
    built.gateways.faults.next("pixazo", lost_answer())
    use = await built.sandbox.person("ana").command("imagine", prompt="a lighthouse", model=PIXAZO)
    await use.wait_until(lambda message: RESERVED in message.plain_text(), timeout_s=PATIENCE_S)
    (record,) = (await settle(built)).records
    assert record.job.state is State.UNKNOWN
    return record.job.id


async def test_the_socket_of_a_killed_bot_takes_nothing_and_the_next_bot_makes_its_own(tmp_path: Path) -> None:
    async with stage(tmp_path, scale=SCALE, picture_side=PICTURE_SIDE) as built:
        async with running(built) as bot:
            job = await _unknown(built)
            bot.kill()
            await bot.wait(PATIENCE_S)
        assert (built.data_dir / NAME).is_socket()

        async with running(built) as bot:
            code, said = await _resolve(built.data_dir, job, "--unpaid")
            assert (code, "operator: unpaid" in said) == (0, True), said
            facts = await settle(built)
            assert [(one.job.state, one.booked) for one in facts.records] == [(State.FAILED, None)]
            bot.terminate()
            assert await bot.wait(PATIENCE_S) == 0
        assert not (built.data_dir / NAME).exists()
        assert (await read_facts(built)).problems == ()
        assert await check_ledger(built) == (0, "the ledger agrees\n")
