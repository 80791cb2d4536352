"""The commit is read from Git's own files, in whichever of their shapes; anything else is no commit."""

from pathlib import Path

import pytest

from bot.revision import commit_at_hand

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def git(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "files",
    [
        {".git/HEAD": f"{COMMIT}\n"},
        {".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": f"{COMMIT}\n"},
        {".git/HEAD": "ref: refs/heads/main\n", ".git/packed-refs": f"# packed\n{COMMIT} refs/heads/main\n"},
        {
            ".git": "gitdir: far/worktrees/here\n",
            "far/worktrees/here/HEAD": "ref: refs/heads/topic\n",
            "far/worktrees/here/commondir": "../..\n",
            "far/refs/heads/topic": f"{COMMIT}\n",
        },
    ],
)
def test_the_commit_of_a_clone_is_found(tmp_path: Path, files: dict[str, str]) -> None:
    assert commit_at_hand(git(tmp_path, files)) == COMMIT


@pytest.mark.parametrize(
    "files",
    [
        {},
        {".git/HEAD": "ref: refs/heads/new\n"},
        {".git/HEAD": "ref: refs/heads/new\n", ".git/packed-refs": "# packed\n"},
        {".git/HEAD": "something else\n"},
        {".git": "\ud7ff nothing\n"},
    ],
)
def test_what_is_no_clone_has_no_commit(tmp_path: Path, files: dict[str, str]) -> None:
    assert commit_at_hand(git(tmp_path, files)) is None
