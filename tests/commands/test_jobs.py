"""`jobs list`, `show`, `resolve`: what the operator sees, what the ledger says afterwards, and who may write."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.commands import CommandRefused, jobs
from bot.core.clock import DAY_MS, ManualClock
from bot.core.errors import DatabaseUnavailable, DataFolderBusy
from bot.core.ids import JobId, hold_id_of
from bot.core.money import usd
from bot.db import Database, Reader, Transaction, lock_data_folder
from bot.jobs import store
from bot.jobs.looks import store as looks
from bot.jobs.model import State
from bot.ledger import store as ledger
from bot.ledger.model import EntryKind, HoldState
from bot.payments import store as payments
from bot.payments.model import FINALITY_MS, AlreadyPaying
from bot.payments.signer import Signed
from bot.services.resolving import Paid, Unpaid, Verdict
from tests.commands.shop import HELD, NOW, PROMPT, fill, opened, run
from tests.payments.test_store import approved

LATER = ManualClock(NOW + DAY_MS // 2)


async def _resolve(path: Path, prefix: str, verdict: Verdict, *, at: int = LATER.now()) -> str:
    return await jobs.resolve(path, prefix=prefix, verdict=verdict, clock=ManualClock(at))


def _image(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


# Looking


async def test_the_list_names_live_jobs_or_those_of_one_state_with_what_they_hold(tmp_path: Path) -> None:
    path = await fill(tmp_path, unknown=("aaa1", "aaa2"), queued=("bbb1",))

    headings, *rows = await jobs.list_jobs(path, state=None)
    assert headings.split()[:2] == ["ID", "STATE"]
    assert [row.split()[:2] for row in rows] == [["aaa1", "unknown"], ["aaa2", "unknown"], ["bbb1", "queued"]]
    assert all("$0.04 held" in row for row in rows)

    _, *unknown = await jobs.list_jobs(path, state=State.UNKNOWN)
    assert [row.split()[0] for row in unknown] == ["aaa2", "aaa1"]
    assert all(row.endswith("no_answer") for row in unknown)
    assert await jobs.list_jobs(path, state=State.DONE) == ["no job is done"]


async def test_an_empty_list_says_so(tmp_path: Path) -> None:
    assert await jobs.list_jobs(await fill(tmp_path), state=None) == ["no job that has not ended"]


async def test_a_long_list_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LIST_LIMIT", 2)
    path = await fill(tmp_path, queued=("a", "b", "c"))

    for state in (None, State.QUEUED):
        lines = await jobs.list_jobs(path, state=state)
        assert len(lines) == 4
        assert lines[-1] == "only 2 are shown"


async def test_a_settled_job_shows_what_it_cost(tmp_path: Path) -> None:
    path = await fill(tmp_path, unknown=("aaa1", "aaa2"))
    await _resolve(path, "aaa1", Paid(actual=usd("0.03")))
    await _resolve(path, "aaa2", Unpaid())

    _, *rows = await jobs.list_jobs(path, state=State.FAILED)
    assert [("$0.03" in row, "held" in row) for row in rows] == [(False, False), (True, False)]


async def test_show_tells_the_whole_story_and_the_prompt_only_when_asked(tmp_path: Path) -> None:
    path = await fill(tmp_path, unknown=("abc1",))
    told = "\n".join(await jobs.show(path, prefix="ABC", wants_prompt=False))

    for part in ("abc1", "pixazo", "easel-abc1", "$0.04 for 1 pictures, open", "queued → submitting", "payment pay_1"):
        assert part in told
    assert "submitting → unknown" in told
    assert PROMPT not in told
    assert PROMPT in "\n".join(await jobs.show(path, prefix="abc1", wants_prompt=True))


async def test_the_words_of_a_question_are_not_looked_for_in_its_job(tmp_path: Path) -> None:
    path = await fill(tmp_path, queued=("abc",), kind="ask")
    told = "\n".join(await jobs.show(path, prefix="abc", wants_prompt=True))

    assert "kept with its conversation" in told
    assert PROMPT not in told


async def test_an_order_of_another_version_is_said_to_be_unreadable(tmp_path: Path) -> None:
    path = await fill(tmp_path, queued=("abc",), version=999)
    told = "\n".join(await jobs.show(path, prefix="abc", wants_prompt=True))

    assert "cannot read the order: payload version 999" in told
    assert PROMPT not in told


async def test_words_from_outside_cannot_steer_the_terminal(tmp_path: Path) -> None:
    path = await fill(tmp_path, unknown=("abc",))
    async with opened(path) as database:
        await database.write(
            lambda tx: store.record_accepted(tx, JobId("abc"), external_id="x\x1b[2J\ny", deadline_at=NOW)
        )

    lines = await jobs.show(path, prefix="abc", wants_prompt=False)
    assert [line for line in lines if line.startswith("external id")] == ["external id     x�[2J�y"]


async def test_a_corrected_price_shows_the_correction_and_its_author(tmp_path: Path) -> None:
    path = await fill(tmp_path, unknown=("abc",))
    await _resolve(path, "abc", Paid())
    async with opened(path) as database:
        await database.write(
            lambda tx: ledger.adjust(
                tx, hold_id=hold_id_of(JobId("abc")), difference=usd("0.01"), at=NOW, reason="bill", author="ada"
            )
        )

    lines = await jobs.show(path, prefix="abc", wants_prompt=False)
    assert any("+$0.01" in line and "ada · bill" in line for line in lines)
    assert any("listed · operator: paid $0.04" in line for line in lines)
    assert "$0.05" in (await jobs.list_jobs(path, state=State.FAILED))[1]


async def test_looking_goes_on_beside_a_running_bot_and_changes_no_job(tmp_path: Path) -> None:
    path = await fill(tmp_path, unknown=("abc",))
    with lock_data_folder(tmp_path):
        async with Database.open(path):
            before = _image(tmp_path)[path.name]
            await jobs.list_jobs(path, state=None)
            await jobs.show(path, prefix="abc", wants_prompt=True)
            assert _image(tmp_path)[path.name] == before


@pytest.mark.parametrize(
    ("prefix", "said"),
    [
        ("z", "no job begins with 'z'"),
        ("", "no job begins with ''"),
        ("a", "several jobs begin with 'a': ab, abc"),
        ("b", "several jobs begin with 'b': b1, b2, b3, b4, b5 …"),
    ],
)
async def test_letters_that_name_no_job_or_several_are_refused(tmp_path: Path, prefix: str, said: str) -> None:
    path = await fill(tmp_path, queued=("ab", "abc", "b1", "b2", "b3", "b4", "b5", "b6"))
    with pytest.raises(CommandRefused) as caught:
        await jobs.show(path, prefix=prefix, wants_prompt=False)
    assert str(caught.value) == said


async def test_a_whole_id_names_its_job_though_another_begins_with_it(tmp_path: Path) -> None:
    path = await fill(tmp_path, queued=("abc", "abcd"))
    assert (await jobs.show(path, prefix="abc", wants_prompt=False))[0].split() == ["job", "abc"]


# Resolving


@pytest.mark.parametrize(
    ("verdict", "state", "booked", "note"),
    [
        (Paid(), HoldState.POSTED, HELD, "operator: paid $0.04"),
        (Paid(actual=usd("0.01")), HoldState.POSTED, usd("0.01"), "operator: paid $0.01"),
        (Paid(actual=usd("0.10")), HoldState.POSTED, usd("0.10"), "operator: paid $0.10"),
        (Paid(actual=usd("0")), HoldState.POSTED, 0, "operator: paid $0.00"),
        (Unpaid(), HoldState.VOIDED, HELD, "operator: unpaid"),
    ],
    ids=["held", "less", "more", "nothing", "unpaid"],
)
async def test_a_resolved_job_has_failed_and_the_ledger_follows(
    tmp_path: Path, verdict: Verdict, state: HoldState, booked: int, note: str
) -> None:
    path = await fill(tmp_path, unknown=("abc",), queued=("other",))
    told = await _resolve(path, "ab", verdict)

    assert told == f"job abc has failed; {note} (held were $0.04)"
    async with opened(path) as database:
        job = await database.read(lambda reader: store.get(reader, JobId("abc")))
        hold = await database.read(lambda reader: ledger.hold_of(reader, hold_id_of(JobId("abc"))))
        entries = await database.read(lambda reader: ledger.entries_of(reader, hold_id_of(JobId("abc"))))
        events = await database.read(lambda reader: looks.events_of(reader, JobId("abc")))
        left = await database.read(ledger.open_holds)
    assert job is not None
    assert (job.state, job.finished_at, job.reason) == (State.FAILED, LATER.now(), "settled")
    assert hold is not None
    assert (hold.state, hold.closed_at) == (state, LATER.now())
    closing = entries[1]
    assert (closing.kind, closing.amount, closing.note) == (
        EntryKind.VOID if state is HoldState.VOIDED else EntryKind.POST,
        booked,
        note,
    )
    assert closing.basis == (None if state is HoldState.VOIDED else "listed")
    assert (events[-1].before, events[-1].after, events[-1].note) == (State.UNKNOWN, State.FAILED, f"settled · {note}")
    assert [one.job_id for one in left] == ["other"]


async def test_a_job_is_resolved_once_and_only_when_it_is_unknown(tmp_path: Path) -> None:
    path = await fill(tmp_path, unknown=("abc",), queued=("other",))
    await _resolve(path, "abc", Unpaid())

    for name, state in (("abc", "failed"), ("other", "queued")):
        with pytest.raises(CommandRefused, match=f"is {state}; only unknown jobs"):
            await _resolve(path, name, Paid())
    async with opened(path):
        pass


async def test_a_hold_that_was_closed_already_leaves_the_job_as_it_is(tmp_path: Path) -> None:
    path = await fill(tmp_path, unknown=("abc",))
    async with opened(path) as database:
        await database.write(lambda tx: ledger.presume(tx, hold_id=hold_id_of(JobId("abc")), at=NOW))

    with pytest.raises(CommandRefused, match="presumed already"):
        await _resolve(path, "abc", Unpaid())
    async with opened(path) as database:
        job = await database.read(lambda reader: store.get(reader, JobId("abc")))
    assert job is not None
    assert job.state is State.UNKNOWN


async def test_a_payment_in_doubt_is_left_to_the_chain(tmp_path: Path) -> None:
    path = await fill(tmp_path, unknown=("abc",))

    def pay(tx: Transaction) -> None:
        payments.begin(tx, JobId("abc"), approved(), at=NOW, daily=usd("1"))
        signed = Signed(credential="Payment x", tx_hash="0x" + "1" * 64, valid_before=NOW)
        payments.signed(tx, JobId("abc"), signed, credential=b"sealed", at=NOW)

    async with opened(path) as database:
        await database.write(pay)
    with pytest.raises(CommandRefused, match=r"the chain decides.*--without-chain"):
        await _resolve(path, "abc", Unpaid())


@pytest.mark.parametrize("verdict", [Unpaid(without_chain=True), Paid(without_chain=True)], ids=["unpaid", "paid"])
@pytest.mark.parametrize("is_signed", [True, False], ids=["signed", "begun"])
async def test_a_person_may_speak_for_the_chain_once_no_chain_takes_the_payment(
    tmp_path: Path, verdict: Verdict, *, is_signed: bool
) -> None:
    """The row of the payment stays: it forbids another one, and the chain can still correct the book."""
    path = await fill(tmp_path, unknown=("abc",))
    final_at = NOW + FINALITY_MS if is_signed else approved().expires_at + FINALITY_MS

    def pay(tx: Transaction) -> None:
        payments.begin(tx, JobId("abc"), approved(), at=NOW, daily=usd("1"))
        signed = Signed(credential="Payment x", tx_hash="0x" + "1" * 64, valid_before=NOW)
        if is_signed:
            payments.signed(tx, JobId("abc"), signed, credential=b"sealed", at=NOW)

    async with opened(path) as database:
        await database.write(pay)
    with pytest.raises(CommandRefused, match="may still take the payment"):
        await _resolve(path, "abc", verdict, at=final_at - 1)
    told = await _resolve(path, "abc", verdict, at=final_at)
    assert "still in doubt" in told

    async with opened(path) as database:
        job = await database.read(lambda reader: store.get(reader, JobId("abc")))
        assert job is not None
        assert job.state is State.FAILED
        assert len(await database.read(payments.undecided)) == 1
        if is_signed:
            with pytest.raises(AlreadyPaying):
                await database.write(lambda tx: payments.begin(tx, JobId("abc"), approved(), at=NOW, daily=usd("1")))


async def test_nothing_is_resolved_while_another_process_owns_the_folder(tmp_path: Path) -> None:
    path = await fill(tmp_path, unknown=("abc",))
    with lock_data_folder(tmp_path), pytest.raises(DataFolderBusy, match="stop the bot first"):
        await _resolve(path, "abc", Unpaid())

    look: Callable[[Reader], object] = ledger.open_holds
    async with opened(path) as database:
        assert await database.read(look)


async def test_a_folder_without_a_database_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="start the bot once"):
        await _resolve(tmp_path / "none" / "easel.db", "abc", Unpaid())
    assert not (tmp_path / "none").exists()


# As processes


async def test_the_command_line_lists_shows_and_resolves(tmp_path: Path) -> None:
    await fill(tmp_path, unknown=("abc1",))

    listed = run(tmp_path, "jobs", "list", "--state", "unknown")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "abc1" in listed.stdout
    with lock_data_folder(tmp_path):
        shown = run(tmp_path, "jobs", "show", "abc")
        busy = run(tmp_path, "jobs", "resolve", "abc", "--unpaid")
    assert shown.returncode == 0
    assert PROMPT not in shown.stdout
    assert busy.returncode == 69
    assert busy.stderr.startswith("easel: stop the bot first")
    assert len(busy.stderr.splitlines()) == 1
    resolved = run(tmp_path, "jobs", "resolve", "abc", "--paid", "0.05")
    assert resolved.stdout == "job abc1 has failed; operator: paid $0.05 (held were $0.04)\n"
    again = run(tmp_path, "jobs", "resolve", "abc", "--paid")
    assert (again.returncode, again.stderr) == (1, "easel: job abc1 is failed; only unknown jobs can be resolved\n")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("list",), 69, "start the bot once"),
        (("list", "--state", "lost"), 2, "--state: one of queued"),
        (("resolve", "abc"), 2, "one of the arguments --paid --unpaid is required"),
        (("resolve", "abc", "--paid", "--unpaid"), 2, "not allowed with"),
        (("resolve", "abc", "--paid", "much"), 2, "--paid: not an amount in dollars"),
        (("resolve", "abc", "--paid", "nan"), 2, "--paid: an amount in dollars"),
    ],
)
def test_a_wrong_command_line_is_refused(
    bare: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        sys.exit(main(("jobs", *arguments)))

    assert ended.value.code == code
    assert said in capsys.readouterr().err
    assert list(bare.iterdir()) == []
