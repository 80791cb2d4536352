"""Locus without a key: a question and a reading, each paid by the call, once."""

from pathlib import Path

import pytest

pytest.importorskip("mpp", reason="the extra `mpp` is not installed: paid calls are not tried")

from bot.jobs.model import State
from sandbox.chain.locus import Trick
from tests.e2e.rig import held, spent
from tests.e2e.scene import Scene
from tests.e2e.talking import LOCUS, answered, ask, pressed, shown
from tests.e2e.test_paid_calls import paid


async def test_a_question_and_its_reading_are_paid_once_each(tmp_path: Path) -> None:
    async with paid(tmp_path) as (stage, chain, locus, house):
        play = Scene(rig=stage, house=house, ana=stage.sandbox.person("ana"), bo=stage.sandbox.person("bo"))
        (post,) = await answered(play, await ask(play, model=LOCUS))
        use = await pressed(play, play.ana, post, "Read aloud")
        await play.says(use, "Posted: ")
        jobs = await stage.settle(house)

        assert [job.state for job in jobs] == [State.DONE, State.DONE]
        assert len(chain.transfers) == 2
        assert locus.probes == 2
        assert await spent(house) == sum(one.transfer.units for one in chain.transfers) * 10_000
        assert await held(house) == 0
        assert shown(play)[-1].attachments
        await stage.assert_sound(house)


async def test_a_call_that_is_too_dear_is_declined_and_costs_nothing(tmp_path: Path) -> None:
    async with paid(tmp_path) as (stage, chain, locus, house):
        play = Scene(rig=stage, house=house, ana=stage.sandbox.person("ana"), bo=stage.sandbox.person("bo"))
        locus.trick = Trick.TOO_DEAR
        use = await ask(play, model=LOCUS)
        assert "**not** charged" in await play.says(use, "does not accept this bot's account")
        (job,) = await stage.settle(house)
        assert (job.state, job.reason) == (State.FAILED, "payment_wanted")
        assert chain.transfers == []
        assert await spent(house) == await held(house) == 0
