"""Pictures of screens, each beside what stands on it: a screen that says something else by now fails its test.

With EASEL_SCREENS=1 both are written to docs/screens; without, nothing in the tree changes, and what is seen is held
against what was written down. That is the page as a screen reader tells it, without what differs from run to run.
"""

import os
import re
from pathlib import Path

from playwright.async_api import Page

SCREENS = Path(__file__).resolve().parents[2] / "docs" / "screens"
# Parts of the page that say how fast the machine is, or are the same on every screen; at the top what is announced.
_LEFT_OUT = re.compile(r'\s*- (?:list "Traffic"|navigation "|complementary "Members"|link "Skip)|- text: ')
_IDS = re.compile(r"(?<=code: )[a-z2-7]{6}$|(?<=job )[a-z2-7]{6}\b")
_NUMBERS = re.compile(r"\d[\d.,:]*(?: [AP]M)?")
_MONTHS = re.compile(r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b")
_WHEN = re.compile(r"(?:any moment now|almost there|ready [^(]*?)(?= \(usually)")
_EDITED = re.compile(r" ?\(edited\)")


async def keep(page: Page, name: str) -> None:
    """The screen as it stands: written down, or held against what is."""
    await page.evaluate(
        "Promise.all([...document.querySelectorAll('#log img')].map((image) => image.decode().catch(() => null)))"
    )
    # A pointer over a row or a blinking cursor would be in the picture.
    await page.mouse.move(0, 0)
    shot = await page.screenshot(caret="hide", animations="disabled")
    assert shot.startswith(b"\x89PNG")
    said = settled(await page.locator("body").aria_snapshot())
    picture, words = SCREENS / f"{name}.png", SCREENS / f"{name}.txt"
    if os.environ.get("EASEL_SCREENS") == "1":
        SCREENS.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(shot)
        words.write_text(said, encoding="utf-8")
    assert picture.is_file(), f"{picture.name} is missing: run make screens"
    written = words.read_text(encoding="utf-8") if words.is_file() else ""
    assert said == written, f"{picture.name} shows something else by now: run make screens"


def settled(snapshot: str) -> str:
    """A snapshot of the page without the parts that are left out; numbers, ids and moments by a mark."""
    kept: list[str] = []
    left_out_at: int | None = None
    for line in snapshot.splitlines():
        depth = len(line) - len(line.lstrip())
        if left_out_at is not None and depth > left_out_at:
            continue
        left_out_at = depth if _LEFT_OUT.match(line) else None
        if left_out_at is None:
            kept.append(_marked(line))
    return "\n".join(kept) + "\n"


def _marked(line: str) -> str:
    for pattern, mark in ((_IDS, "id"), (_WHEN, "soon"), (_EDITED, ""), (_MONTHS, "month")):
        line = pattern.sub(mark, line)
    return _NUMBERS.sub("0", line).rstrip()
