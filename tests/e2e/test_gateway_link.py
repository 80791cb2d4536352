"""Section I of the failure matrix as far as the link to Discord goes: closed, resumed, paused."""

import asyncio
from pathlib import Path

import pytest

from bot.jobs.model import State
from sandbox.discord import Sandbox
from tests.e2e.rig import rig
from tests.e2e.scene import PIXAZO, WAIT_S, scene


def _registrations(sandbox: Sandbox) -> int:
    return sum(one.method == "PUT" and one.route.endswith("/commands") for one in sandbox.requests)


@pytest.mark.parametrize("how", ["4000", "4009", "op 7"])
async def test_a_lost_link_disturbs_no_job_and_registers_nothing_anew(tmp_path: Path, how: str) -> None:
    """I4: results go on by REST, the session is resumed, and what was typed meanwhile is answered once."""
    async with scene(tmp_path) as play:
        gateway = play.rig.sandbox.gateway
        use = await play.drawing()
        if how == "op 7":
            gateway.ask_to_reconnect()
        else:
            gateway.close(int(how))
        play.rig.gateways.finish()
        await play.posted(use)
        async with asyncio.timeout(WAIT_S):
            while not gateway.resumes:
                await asyncio.sleep(0.02)
        await play.draws_again()
        assert gateway.identifies == 1
        assert _registrations(play.rig.sandbox) == 1
        assert len(play.rig.posts()) == 2
        await play.ends_well()


async def test_a_command_that_a_resume_brings_twice_is_run_once(tmp_path: Path) -> None:
    """I4, A5: the resumed session repeats what the bot may have seen already."""
    async with scene(tmp_path) as play:
        gateway = play.rig.sandbox.gateway
        use = await play.drawing()
        gateway.ask_to_reconnect()
        gateway.redeliver(use.interaction)
        async with asyncio.timeout(WAIT_S):
            while not gateway.resumes:
                await asyncio.sleep(0.02)
        play.rig.gateways.finish()
        await play.posted(use)
        (job,) = await play.ends_well()
        assert job.state is State.DONE


async def test_a_machine_that_stood_still_for_minutes_voids_nothing(tmp_path: Path) -> None:
    """I9: nine minutes pass at once under three jobs; each is drawn, booked and posted as if nothing had been."""
    async with scene(tmp_path) as play:
        uses = [await play.drawing(f"number {number}") for number in range(3)]
        await play.later(minutes=9)
        play.rig.gateways.finish()
        for use in uses:
            await play.posted(use)
        jobs = await play.ends_well()
        assert [job.state for job in jobs] == [State.DONE] * 3


async def test_a_restart_registers_no_commands_that_have_not_changed(tmp_path: Path) -> None:
    """I4: registration is limited per day."""
    async with rig(tmp_path) as stage:
        for _ in range(2):
            async with stage.bot() as house:
                use = await stage.sandbox.person("ana").command("imagine", prompt="x", model=PIXAZO)
                await use.wait_until(lambda message: "Posted: " in message.plain_text(), WAIT_S)
                await stage.settle(house)
                await stage.assert_sound(house)
        assert _registrations(stage.sandbox) == 1
