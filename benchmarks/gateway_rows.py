"""The rows about waiting for gateways: when to look, who remembers it, and what callbacks save."""

from collections.abc import Callable

from benchmarks import polling, waiting
from benchmarks.polling import Delays
from benchmarks.rows import Row
from benchmarks.waiting_cell import Cost
from sandbox.gateways.works import MEDIAN_S

MEAN_AIM_S = 1.10
POLLS_AIM = 3.9


def _both(found: Delays) -> str:
    return f"{found.mean_s:.2f} s; {found.polls:.1f}"


async def polling_rows() -> list[Row]:
    """Our schedule beside fixed steps; the ratio is to 2 s."""
    ours = await polling.ours(jobs=polling.AIM_JOBS)
    two, five = (polling.fixed(MEDIAN_S, step_s, jobs=polling.AIM_JOBS) for step_s in polling.FIXED_S)
    rows = [
        Row(
            name=f"known after, mean (median {MEDIAN_S:g} s)",
            ours=f"{ours.mean_s:.3f} s",
            beside=f"each 2 s {two.mean_s:.2f} s, 5 s {five.mean_s:.2f} s",
            ratio=ours.mean_s / two.mean_s,
            aim=f"<= {MEAN_AIM_S:.2f} s",
            is_met=ours.mean_s <= MEAN_AIM_S,
        ),
        Row(
            name="  p95",
            ours=f"{ours.p95_s:.2f} s",
            beside=f"each 2 s {two.p95_s:.2f} s, 5 s {five.p95_s:.2f} s",
            ratio=ours.p95_s / two.p95_s,
        ),
        Row(
            name="  polls per job",
            ours=f"{ours.polls:.2f}",
            beside=f"each 2 s {two.polls:.2f}, 5 s {five.polls:.2f}",
            ratio=ours.polls / two.polls,
            aim=f"<= {POLLS_AIM:g}",
            is_met=ours.polls <= POLLS_AIM,
        ),
    ]
    for advice, names in sorted(polling.advised().items()):
        found = await polling.ours(advice=advice)
        name = f"  {advice.shortest_s:g} to {advice.longest_s:g} s apart, as advised by {', '.join(names)}"
        rows.append(Row(name=f"{name}: mean; polls", ours=_both(found)))
    for median_s in polling.OTHER_MEDIANS_S:
        found = await polling.ours(median_s)
        two, five = (polling.fixed(median_s, step_s) for step_s in polling.FIXED_S)
        name = f"  median {median_s:g} s: mean; polls"
        rows.append(Row(name=name, ours=_both(found), beside=f"each 2 s {_both(two)}, 5 s {_both(five)}"))
    return rows


async def callback_rows() -> list[Row]:
    """The same delay where the gateway calls when it is done."""
    called, rare, alone = await polling.ours(is_called=True), polling.rarely(), await polling.ours()
    seldom = f"looking from p99 on {_both(rare)}"
    return [
        Row(
            name=f"called back, {polling.LOST:.0%} lost: known after, mean",
            ours=f"{called.mean_s:.3f} s",
            beside=f"uncalled {alone.mean_s:.2f} s",
            ratio=called.mean_s / alone.mean_s,
        ),
        Row(
            name="  polls per job",
            ours=f"{called.polls:.2f}",
            beside=f"uncalled {alone.polls:.2f}, {seldom}",
            ratio=called.polls / alone.polls,
        ),
    ]


async def waiting_rows() -> list[Row]:
    """What a crowd costs; the ratio is to a task for each job."""
    rows: list[Row] = []
    for one in await waiting.measure():
        rows.append(
            Row(
                name=f"{one.jobs:,} jobs waiting: polls per second",
                ours=f"{one.ours.polls:,.0f} of {one.ours.wanted:,.0f} due",
                beside=f"tasks {one.tasks.polls:,.0f}",
                ratio=one.ours.polls / one.tasks.polls,
            )
        )
        rows += [_cost(name, one, value, form) for name, value, form in _COSTS]
    return rows


_COSTS: tuple[tuple[str, Callable[[Cost], float], str], ...] = (
    ("  processor, of one core", lambda cost: cost.cpu, "{:.0%}"),
    ("  processor per poll", lambda cost: cost.cpu / cost.polls * 1_000, "{:.2f} ms"),
    ("  memory over base", lambda cost: cost.memory_mb, "{:.1f} MB"),
    ("  lag of the loop, p99", lambda cost: cost.lag_p99_ms, "{:.1f} ms"),
    ("  a poll is answered late by, p99", lambda cost: cost.late_p99_ms, "{:,.0f} ms"),
)


def _cost(name: str, found: waiting.Compared, value: Callable[[Cost], float], form: str) -> Row:
    ours, tasks = value(found.ours), value(found.tasks)
    beside = f"tasks {form.format(tasks)}"
    return Row(name=name, ours=form.format(ours), beside=beside, ratio=ours / tasks if tasks > 0 else None)
