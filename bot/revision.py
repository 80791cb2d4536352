"""Which commit this is, where the program runs from a clone. Read from Git's own files, so that no Git is needed."""

import re
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_HASH = re.compile(r"[0-9a-f]{40,64}")


def commit_at_hand(root: Path = _ROOT) -> str | None:
    """The hash of the commit that is checked out; None outside of a clone, or where Git's files are not understood."""
    try:
        folder = _git_folder(root / ".git")
        head = (folder / "HEAD").read_text(encoding="ascii").strip()
        found = _of_reference(folder, head.removeprefix("ref: ")) if head.startswith("ref: ") else head
    except (OSError, ValueError):
        return None
    return found if found is not None and _HASH.fullmatch(found) else None


def _git_folder(entry: Path) -> Path:
    """A worktree of its own has a file that says where its folder is."""
    if entry.is_dir():
        return entry
    return entry.parent / entry.read_text(encoding="utf-8").strip().removeprefix("gitdir: ")


def _of_reference(folder: Path, name: str) -> str | None:
    """A branch's commit: in a file of its own, or in the list of packed ones; worktrees share both."""
    common = folder / "commondir"
    shared = folder / common.read_text(encoding="utf-8").strip() if common.is_file() else folder
    if (loose := shared / name).is_file():
        return loose.read_text(encoding="ascii").strip()
    for line in (shared / "packed-refs").read_text(encoding="utf-8").splitlines():
        commit, _, reference = line.partition(" ")
        if reference == name:
            return commit
    return None
