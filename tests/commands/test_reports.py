"""`reports` as a process of its own; what it lists is tried in tests/e2e/test_result_removal.py."""

from pathlib import Path

from bot.core.clock import Millis
from bot.core.ids import JobId, MemberId
from bot.db import Database
from bot.services.results import store as results
from bot.services.results.store import Report
from tests.commands.shop import NOW, PROMPT, fill, run


async def test_reports_are_listed_without_the_prompt(tmp_path: Path) -> None:
    path = await fill(tmp_path, queued=("aaa1",))
    told = Report(job_id=JobId("aaa1"), member_id=MemberId(7), reason="rules", text="see rule 4", at=Millis(NOW))
    async with Database.open(path) as database:
        await database.write(lambda tx: results.report(tx, told))

    done = run(tmp_path, "reports")
    assert done.returncode == 0
    assert all(one in done.stdout for one in ("aaa1", "rules", "see rule 4", "stands"))
    assert PROMPT not in done.stdout


def test_where_no_database_is_one_line_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, "reports")
    assert done.returncode == 69
    assert "there is no database" in done.stderr
