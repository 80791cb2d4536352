"""The comparison of the books itself: every way in which they may differ is seen, and none is made up."""

from dataclasses import replace
from pathlib import Path

from sandbox.gateways import Outcome, WorkFault
from sandbox.gateways.faults import lost_answer
from tests.e2e.facts import look
from tests.e2e.matching import ALIKE, Taken, Unlike, compare
from tests.e2e.scene import LOCUS, PIXAZO, scene


async def test_each_charge_is_one_jobs_and_whatever_differs_is_told(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.posted(await play.ask("the same words", model=LOCUS))
        await play.posted(await play.ask("the same words", model=LOCUS))
        play.rig.gateways.faults.next("pixazo", WorkFault(kind=Outcome.FEWER, count=2))
        await play.posted(await play.ask(model=PIXAZO, count=4))
        play.rig.gateways.faults.next("pixazo", lost_answer())
        await play.says(await play.ask("lost", model=PIXAZO), "Nobody knows yet")
        await play.rig.settle(play.house)
        facts = await play.house.database.read(lambda reader: look(reader, deeply=False))
        taken = play.rig.taken()
        first, _, third, lost = taken
        dearer, dearest = replace(third, amount=third.amount + 1), replace(lost, amount=10**10)

        def unlike(*now: Taken) -> Unlike:
            found, told = compare(now, facts)
            assert len(told) == found.unbooked + found.untaken + found.priced
            return found

        assert unlike(*taken) == unlike(*taken[::-1]) == unlike(*taken[:3]) == ALIKE
        assert unlike(*taken, first) == unlike(*taken, lost) == Unlike(unbooked=1)
        assert unlike(*taken[1:]) == Unlike(untaken=1)
        assert unlike(*taken[:2], dearer, lost) == unlike(*taken[:3], dearest) == Unlike(priced=1)
        # The sums agree, and yet the jobs do not.
        assert unlike(replace(first, amount=first.amount - 1), taken[1], dearer, lost) == Unlike(priced=2)
        assert unlike(*taken[:3], replace(lost, words="other", reference="other")) == Unlike(unbooked=1)
        assert unlike(replace(first, provider="pixazo"), *taken[1:]) == Unlike(unbooked=1, untaken=1)


async def test_a_charge_that_was_given_back_is_none(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", WorkFault(kind=Outcome.ERROR))
        await play.says(await play.ask(model=PIXAZO), "You were **not** charged")
        assert len(play.rig.gateways.book.charges) == 1
        assert play.rig.taken() == []
        await play.ends_well()
