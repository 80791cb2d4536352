"""The command line: `python -m bot run`, `jobs`, `reports`, `ledger`, `doctor`, `settings`, `healthcheck`.

Exit codes (sysexits.h): 0 well, 1 a check found something or a job is not what was asked for, 2 the command line is
wrong, 65 a file handed in cannot be read, 69 the data folder or database cannot be used, 77 Discord refuses the token,
78 a setting is wrong.
"""

import argparse
import asyncio
import gc
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.ledger.check import Report
    from bot.ledger.records.model import Period
    from bot.services.adjusting import Correction
    from bot.services.resolving import Verdict

EX_DATAERR = 65
EX_UNAVAILABLE = 69
EX_NOPERM = 77
EX_CONFIG = 78
_HEALTH_TIMEOUT_S = 3.0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description="Easel, a Discord bot for pictures.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run the bot until it is told to stop")
    _add_ledger(commands.add_parser("ledger", help="look into the books, correct them, hold bills against them"))
    _add_jobs(commands.add_parser("jobs", help="look at jobs, settle unknown ones"))
    commands.add_parser("reports", help="what members told of results, the latest first; also while the bot runs")
    doctor = commands.add_parser("doctor", help="examine settings, keys, data folder and database")
    doctor.add_argument("--online", action="store_true", help="also ask Discord and the gateways, by free calls alone")
    commands.add_parser("settings", help="print the text of .env.example")
    commands.add_parser("healthcheck", help="ask a running bot whether it is alive")
    return parser


def _add_ledger(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("check", help="prove that entries, holds and counters agree; also while the bot runs")
    exporting = actions.add_parser("export", help="every entry as a file; also while the bot runs")
    exporting.add_argument("--format", choices=("csv", "jsonl"), default="csv", help="csv unless told otherwise")
    exporting.add_argument("--guild", type=int, help="those of this server alone, by its id")
    exporting.add_argument("--out", type=Path, help="a file that is not there yet; else the standard output")
    comparing = actions.add_parser("reconcile", help="hold a gateway's invoice or usage export against the ledger")
    comparing.add_argument("provider", help="locus, pixazo, apiinone, apiframe or xai")
    comparing.add_argument("file", type=Path, help="the invoice or export, CSV or JSON")
    comparing.add_argument("--map", type=Path, required=True, help="which column is what; samples in data/reconcile")
    for action, what in ((exporting, "all"), (comparing, "from the file's first moment to its last")):
        action.add_argument("--from", dest="starts", metavar="DATE", help=f"reserved from then on, UTC; else {what}")
        action.add_argument("--to", dest="ends", metavar="DATE", help="reserved before then, UTC")
    adjusting = actions.add_parser("adjust", help="correct what a job has cost; also while the bot runs")
    adjusting.add_argument("id", help="its id, or the first letters")
    adjusting.add_argument("--usd", required=True, help="so much more or less, such as +0.05; 0 confirms a presumption")
    adjusting.add_argument("--reason", required=True, help="what for: a refund, a credit, an invoice")
    adjusting.add_argument(
        "--kind",
        choices=("refund", "credit", "adjustment"),
        default="adjustment",
        help="what it is about; a refund and a credit give back",
    )
    adjusting.add_argument("--author", required=True, help="who says so")
    actions.add_parser("rebuild", help="make drifted counters anew from the entries, while no bot runs")


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="the jobs that have not ended; also while the bot runs")
    listing.add_argument("--state", help="those in this state instead, such as unknown")
    showing = actions.add_parser("show", help="all that is known of one job; also while the bot runs")
    showing.add_argument("id", help="its id, or the first letters")
    showing.add_argument("--prompt", action="store_true", help="show what the member wrote, too")
    looking_up = actions.add_parser("lookup", help="ask its gateway what became of a job; changes nothing")
    looking_up.add_argument("id", help="its id, or the first letters")
    resolving = actions.add_parser("resolve", help="settle an unknown job; also while the bot runs")
    resolving.add_argument("id", help="its id, or the first letters")
    verdict = resolving.add_mutually_exclusive_group(required=True)
    verdict.add_argument("--paid", nargs="?", const="", metavar="USD", help="it was charged: so much, or what was held")
    verdict.add_argument("--unpaid", action="store_true", help="nothing was charged")
    resolving.add_argument(
        "--without-chain", action="store_true", help="also where the chain has not decided about a call that was paid"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    match options.command:
        case "healthcheck":
            return _healthcheck()
        case "settings":
            from bot import config  # noqa: PLC0415 - the health check must not load what it does not need

            print(config.example(), end="")
            return 0
        case "ledger":
            return _ledger(parser, options)
        case "jobs":
            return _jobs(parser, options)
        case "reports":
            return _guarded(_list_reports)
        case "doctor":
            return _doctor(is_online=options.online)
        case _:
            return _guarded(_run)


def _healthcheck() -> int:
    port = os.environ.get("EASEL_WEB_PORT", "8787")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=_HEALTH_TIMEOUT_S) as answer:
            return 0 if answer.status == 200 else 1
    except (OSError, urllib.error.URLError, ValueError):
        return 1


def _guarded(command: Callable[[], int]) -> int:
    """Turns what the operator can mend into one line and an exit code."""
    from bot.commands import BadFile, CommandRefused  # noqa: PLC0415
    from bot.core.errors import DatabaseUnavailable, DataFolderBusy, SettingsError  # noqa: PLC0415

    try:
        return command()
    except SettingsError as error:
        print(f"easel: {error}", file=sys.stderr)
        return EX_CONFIG
    except (DataFolderBusy, DatabaseUnavailable) as error:
        print(f"easel: {error}", file=sys.stderr)
        return EX_UNAVAILABLE
    except BadFile as error:
        print(f"easel: {error}", file=sys.stderr)
        return EX_DATAERR
    except CommandRefused as error:
        print(f"easel: {error}", file=sys.stderr)
        return 1


def _run() -> int:
    # Nothing of what the start builds is ever garbage, and searching all of it stops every request for some 40 ms:
    # the collector sleeps until the start is over and leaves out what was there by then.
    gc.disable()
    import discord  # noqa: PLC0415

    from bot import app, config, logs, serving  # noqa: PLC0415
    from bot.core import crashpoints  # noqa: PLC0415
    from bot.core.errors import DatabaseUnavailable, SettingsError  # noqa: PLC0415

    settings = config.load()
    logs.configure(level=settings.log_level, secrets=settings.secrets())
    try:
        armed = crashpoints.parse(settings.crash_at) if settings.crash_at else crashpoints.NONE
    except ValueError as error:
        raise SettingsError("EASEL_CRASH_AT", str(error)) from None

    async def run() -> None:
        async with app.build(settings, crashpoints=armed) as house:
            gc.freeze()
            gc.enable()
            await serving.serve(house)

    code = 0
    try:
        asyncio.run(run())
    except* discord.LoginFailure:
        print("easel: EASEL_DISCORD_TOKEN: Discord refuses this token", file=sys.stderr)
        code = EX_NOPERM
    except* DatabaseUnavailable as group:
        print(f"easel: {group.exceptions[0]}", file=sys.stderr)
        code = EX_UNAVAILABLE
    return code


def _ledger(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """What is wrong on the command line itself is told before anything is opened."""
    from bot.commands import corrections, exports  # noqa: PLC0415
    from bot.ledger.model import CorrectionKind  # noqa: PLC0415
    from bot.services.adjusting import Correction  # noqa: PLC0415

    match options.action:
        case "check":
            return _guarded(_ledger_check)
        case "rebuild":
            return _guarded(_ledger_rebuild)
        case "adjust":
            try:
                difference = corrections.difference_of(options.usd)
                kind = CorrectionKind(options.kind)
                correction = Correction(difference=difference, reason=options.reason, author=options.author, kind=kind)
            except ValueError as error:
                parser.error(f"ledger adjust: {error}")
            return _guarded(partial(_ledger_adjust, options.id, correction))
    try:
        period = exports.period_of(options.starts, options.ends)
    except ValueError as error:
        parser.error(f"--from, --to: {error}")
    if options.action == "export":
        return _guarded(partial(_ledger_export, options, period))
    is_open = options.starts is None and options.ends is None
    return _guarded(partial(_ledger_reconcile, options, None if is_open else period))


def _database() -> Path:
    from bot import config  # noqa: PLC0415
    from bot.ground import DATABASE_NAME  # noqa: PLC0415

    return config.data_dir() / DATABASE_NAME


def _ledger_check() -> int:
    from bot.commands.jobs import existing  # noqa: PLC0415
    from bot.db import Database  # noqa: PLC0415
    from bot.ledger.check import Report, examine  # noqa: PLC0415

    async def run() -> Report:
        async with Database.open_readonly(existing(_database())) as readers:
            return await readers.read(examine)

    return _tell_report(asyncio.run(run()))


def _tell_report(report: "Report") -> int:
    for problem in report.problems:
        print(problem)
    if report.first_row is not None:
        print(f"the first row that breaks the book: {report.first_row}")
    print("the ledger agrees" if not report.problems else f"{len(report.problems)} problems")
    return 1 if report.problems else 0


def _ledger_rebuild() -> int:
    from bot.commands import corrections  # noqa: PLC0415

    changed, report = asyncio.run(corrections.rebuild_ledger(_database()))
    print("\n".join(changed) if changed else "nothing had drifted")
    return _tell_report(report)


def _ledger_adjust(prefix: str, correction: "Correction") -> int:
    from bot.commands import corrections  # noqa: PLC0415
    from bot.core.clock import SystemClock  # noqa: PLC0415

    print(asyncio.run(corrections.adjust(_database(), prefix=prefix, correction=correction, clock=SystemClock())))
    return 0


def _ledger_export(options: argparse.Namespace, period: "Period") -> int:
    from bot import config  # noqa: PLC0415
    from bot.commands import exports  # noqa: PLC0415
    from bot.core.ids import GuildId  # noqa: PLC0415
    from bot.services.exporting import Format  # noqa: PLC0415

    wanted = exports.Wanted(
        period=period,
        form=Format(options.format),
        guild_id=None if options.guild is None else GuildId(options.guild),
        out=options.out,
        credit_ticks=exports.credit_ticks(*config.prices()),
    )
    for line in asyncio.run(exports.export_ledger(_database(), wanted)):
        print(line, file=sys.stderr)
    return 0


def _ledger_reconcile(options: argparse.Namespace, period: "Period | None") -> int:
    from bot.commands.reconcile import reconcile  # noqa: PLC0415

    comparing = reconcile(
        _database(),
        provider=options.provider,
        statement=options.file,
        mapping=options.map,
        period=period,
        say=print,
    )
    return 0 if asyncio.run(comparing) else 1


def _jobs(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    from bot.jobs.model import State  # noqa: PLC0415

    if options.action == "list" and options.state is not None and options.state not in set(State):
        parser.error(f"--state: one of {', '.join(State)}")
    if options.action == "lookup":
        return _guarded(partial(_look_up, options.id))
    if options.action != "resolve":
        return _guarded(partial(_look_at_jobs, options))
    from bot.core.money import usd  # noqa: PLC0415
    from bot.services.resolving import Paid, Unpaid  # noqa: PLC0415

    try:
        actual = usd(options.paid) if options.paid else None
    except ValueError as error:
        parser.error(f"--paid: {error}")
    alone = bool(options.without_chain)
    verdict = Unpaid(without_chain=alone) if options.unpaid else Paid(actual=actual, without_chain=alone)
    return _guarded(partial(_resolve, options.id, verdict))


def _look_at_jobs(options: argparse.Namespace) -> int:
    from bot import config  # noqa: PLC0415
    from bot.commands import jobs  # noqa: PLC0415
    from bot.ground import DATABASE_NAME  # noqa: PLC0415
    from bot.jobs.model import State  # noqa: PLC0415

    path = config.data_dir() / DATABASE_NAME
    if options.action == "list":
        state = None if options.state is None else State(options.state)
        lines = asyncio.run(jobs.list_jobs(path, state=state))
    else:
        lines = asyncio.run(jobs.show(path, prefix=options.id, wants_prompt=options.prompt))
    print("\n".join(lines))
    return 0


def _list_reports() -> int:
    from bot import config  # noqa: PLC0415
    from bot.commands import reports  # noqa: PLC0415
    from bot.ground import DATABASE_NAME  # noqa: PLC0415

    print("\n".join(asyncio.run(reports.list_reports(config.data_dir() / DATABASE_NAME))))
    return 0


def _look_up(prefix: str) -> int:
    from bot import config  # noqa: PLC0415
    from bot.commands import lookup  # noqa: PLC0415
    from bot.core.clock import SystemClock  # noqa: PLC0415

    print("\n".join(asyncio.run(lookup.look_up(config.load(), prefix=prefix, clock=SystemClock()))))
    return 0


def _resolve(prefix: str, verdict: "Verdict") -> int:
    from bot import config  # noqa: PLC0415
    from bot.commands import jobs  # noqa: PLC0415
    from bot.core.clock import SystemClock  # noqa: PLC0415
    from bot.ground import DATABASE_NAME  # noqa: PLC0415

    path = config.data_dir() / DATABASE_NAME
    print(asyncio.run(jobs.resolve(path, prefix=prefix, verdict=verdict, clock=SystemClock())))
    return 0


def _doctor(*, is_online: bool) -> int:
    from bot.commands import doctor  # noqa: PLC0415

    checks = asyncio.run(doctor.examine(is_online=is_online))
    for check in checks:
        print(check.line)
    return 1 if any(check.level is doctor.Level.BAD for check in checks) else 0


if __name__ == "__main__":
    sys.exit(main())
