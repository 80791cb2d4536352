"""`doctor` without the network: every check can be bad, says what to do, and shows no secret."""

import os
import stat
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.commands import data_folder, doctor
from bot.commands.checks import Check, Level
from bot.commands.data_folder import kind_of
from bot.commands.store import quick_check
from bot.db import Database, lock_data_folder
from bot.ground import DATABASE_NAME
from tests.commands.account import KEYS, SECRETS, TOKEN
from tests.commands.shop import ROOT, fill, run


async def _found(title: str) -> list[Check]:
    checks = await doctor.examine(is_online=False)
    assert not [secret for secret in SECRETS for check in checks if secret in check.line]
    return [check for check in checks if check.title == title]


async def _one(title: str) -> Check:
    (check,) = await _found(title)
    return check


async def test_a_house_in_order_has_nothing_bad(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(bare)
    monkeypatch.setenv("EASEL_DISCORD_TOKEN", TOKEN)
    for name, key in KEYS.items():
        monkeypatch.setenv(f"EASEL_{name.upper()}_API_KEY", key)
    checks = await doctor.examine(is_online=False)

    assert [
        check.line
        for check in checks
        if check.level is not Level.OK and check.title not in ("SQLite", "disk", "file system")
    ] == []
    titles = [check.title for check in checks]
    assert titles[:2] == ["settings", "Discord token"]
    assert {f"{name} key" for name in KEYS} | {"catalogue", "data folder", "database", "SQLite"} <= set(titles)


async def test_missing_settings_are_bad_and_the_rest_is_examined_all_the_same(bare: Path) -> None:
    await fill(bare)
    assert (await _one("settings")).line == "bad   settings: EASEL_DISCORD_TOKEN: is missing: see .env.example"
    assert (await _one("database")).level is Level.OK
    assert await _found("catalogue") == []
    (*_, last) = await doctor.examine(is_online=True)
    assert last.told == "nobody was asked: mend the settings first"


async def test_a_secrets_folder_that_is_not_there_is_bad(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_SECRETS_DIR", str(bare / "none"))
    assert (await _one("settings")).line.startswith("bad   settings: EASEL_SECRETS_DIR names no folder")


async def test_names_that_are_no_setting_are_listed_without_their_values(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EASEL_DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("EASEL_XAI_APIKEY", KEYS["xai"])
    monkeypatch.setenv("EASEL_SECRETS_DIR", str(bare))
    (bare.parent / ".env").write_text(f"EASEL_WEB_PORT=1\nEASEL_LOCUS_KEY={KEYS['locus']}\nOTHER=1\n", encoding="utf-8")

    assert [check.line for check in await _found("settings")] == [
        "ok    settings: read",
        "warn  settings: EASEL_XAI_APIKEY in the environment: no such setting; compare with .env.example",
        "warn  settings: EASEL_LOCUS_KEY in .env: no such setting; compare with .env.example",
    ]


@pytest.mark.parametrize(
    ("token", "level"),
    [
        (TOKEN, Level.OK),
        (f" {TOKEN} ", Level.OK),
        ("short", Level.WARN),
        (TOKEN.replace(".", "-"), Level.WARN),
        (TOKEN.replace("-", " "), Level.BAD),
        (TOKEN.replace("-", "é"), Level.BAD),
    ],
)
async def test_a_tokens_shape(bare: Path, monkeypatch: pytest.MonkeyPatch, token: str, level: Level) -> None:
    monkeypatch.setenv("EASEL_DISCORD_TOKEN", token)
    assert (await _one("Discord token")).level is level


@pytest.mark.parametrize(
    ("name", "key", "level", "said"),
    [
        *((name, key, Level.OK, "present") for name, key in KEYS.items()),
        ("locus", "", Level.OK, "none, so it is off"),
        ("apiframe", "0123456789-0123456789", Level.WARN, "does not begin with afk_"),
        ("apiinone", "aio_", Level.WARN, "is shorter than any key"),
        ("pixazo", KEYS["xai"], Level.BAD, "begins like a key of xai"),
        ("xai", KEYS["locus"], Level.BAD, "begins like a key of locus"),
        ("locus", "claw_dev two words", Level.BAD, "holds blanks"),
        ("locus", "claw_dev_with_é_in_it", Level.BAD, "holds blanks or signs"),
    ],
)
async def test_a_keys_shape(
    bare: Path, monkeypatch: pytest.MonkeyPatch, name: str, key: str, level: Level, said: str
) -> None:
    monkeypatch.setenv("EASEL_DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv(f"EASEL_{name.upper()}_API_KEY", key)
    check = await _one(f"{name} key")

    assert check.level is level
    assert said in check.told
    assert bool(await _found("gateways")) == (not key)


@pytest.mark.parametrize(
    ("wallet", "level"), [("0x" + "5a" * 32, Level.OK), ("5a" * 31, Level.BAD), ("5a" * 31 + "zz", Level.BAD)]
)
async def test_a_wallet_in_the_place_of_a_locus_key(
    bare: Path, monkeypatch: pytest.MonkeyPatch, wallet: str, level: Level
) -> None:
    monkeypatch.setenv("EASEL_DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("EASEL_LOCUS_WALLET_KEY", wallet)
    check = await _one("locus wallet")

    assert check.level is level
    assert "5a5a5a" not in check.line
    assert await _found("locus key") == []
    assert await _found("gateways") == []


async def test_a_wallet_without_the_payment_library_is_bad(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("EASEL_LOCUS_WALLET_KEY", "5a" * 32)
    monkeypatch.setitem(sys.modules, "mpp", None)
    for name in [name for name in sys.modules if name.startswith("mpp.")]:
        monkeypatch.setitem(sys.modules, name, None)
    assert "requirements/mpp.txt" in (await _one("locus wallet")).told


async def test_a_catalogue_that_cannot_be_read_is_bad(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("EASEL_CATALOGUE", str(bare / "none.toml"))
    assert (await _one("catalogue")).line.startswith("bad   catalogue: none.toml: ")


# The data folder


async def test_a_folder_that_the_start_can_make_is_ok_and_is_not_made(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EASEL_DATA_DIR", str(bare / "a" / "b"))
    assert (await _one("data folder")).level is Level.OK
    assert (await _one("database")).level is Level.OK
    assert os.listdir(bare) == []


@pytest.mark.parametrize("below", ["", "deeper"])
async def test_a_file_in_the_folders_place_is_bad(bare: Path, monkeypatch: pytest.MonkeyPatch, below: str) -> None:
    (bare / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("EASEL_DATA_DIR", str(bare / "file" / below))
    assert (await _one("data folder")).level is Level.BAD
    assert await _found("database") == []


async def test_a_folder_that_this_user_cannot_use_is_bad(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests may run as root, whom no permission stops: the kernel's answer is given here.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "chown or chmod" in (await _one("data folder")).told
    monkeypatch.setenv("EASEL_DATA_DIR", str(bare / "new"))
    assert "cannot be made" in (await _one("data folder")).told


async def test_a_folder_that_everybody_can_write_to_is_warned_of(bare: Path) -> None:
    os.chmod(bare, os.stat(bare).st_mode | stat.S_IWOTH)  # noqa: S103 - the fault to be found
    assert (await _one("data folder")).line == f"warn  data folder: everybody can write to {bare}: chmod o-w"


@pytest.mark.parametrize(("free", "level"), [(2**30, Level.OK), (2**30 - 1, Level.WARN)])
async def test_less_than_a_gibibyte_of_room_is_warned_of(
    bare: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: Level
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=free))
    assert (await _one("disk")).level is level


MOUNTS = r"""22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
23 22 0:5 / /proc rw - proc proc rw
40 22 0:40 / /srv rw shared:1 - nfs4 host:/x rw
41 40 8:2 / /srv/my\040disk rw - xfs /dev/sdb1 rw
42 22 0:41 / /over rw - ext4 /dev/sda2 rw
43 22 0:42 / /over rw - overlay overlay rw
44 22 0:43 / /fuse rw - fuse.sshfs host rw
a line that says nothing
"""


@pytest.mark.parametrize(
    ("folder", "kind", "level"),
    [
        ("/home/easel", "ext4", Level.OK),
        ("/srv", "nfs4", Level.WARN),
        ("/srv/easel", "nfs4", Level.WARN),
        ("/srvice", "ext4", Level.OK),
        ("/srv/my disk/run", "xfs", Level.OK),
        ("/over/run", "overlay", Level.WARN),
        ("/fuse", "fuse.sshfs", Level.WARN),
    ],
)
def test_the_file_system_is_that_of_the_nearest_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, kind: str, level: Level
) -> None:
    assert kind_of(Path(folder), MOUNTS) == kind
    (tmp_path / "mounts").write_text(f"1 1 8:1 / / rw - {kind} x rw\n", encoding="utf-8")
    monkeypatch.setattr(data_folder, "_MOUNTS", tmp_path / "mounts")
    (check,) = (one for one in data_folder.examine_folder(tmp_path) if one.title == "file system")
    assert check.level is level
    assert kind in check.told


def test_a_system_that_tells_no_mounts_is_no_reason_to_warn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kind_of(tmp_path, "") is None
    monkeypatch.setattr(data_folder, "_MOUNTS", tmp_path / "none")
    (check,) = (one for one in data_folder.examine_folder(tmp_path) if one.title == "file system")
    assert check.level is Level.OK


# The database


async def test_a_whole_database_is_examined_beside_a_running_bot(bare: Path) -> None:
    path = await fill(bare, unknown=("abc",))
    with lock_data_folder(bare):
        async with Database.open(path) as database:
            assert (await _one("database")).line == f"ok    database: {path} is whole"
            assert await database.read(quick_check) is None


async def test_a_damaged_database_is_bad(bare: Path) -> None:
    path = await fill(bare, unknown=tuple(f"job{number}" for number in range(20)))
    damaged = bytearray(path.read_bytes())
    for page in range(2, len(damaged) // 4096):
        damaged[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(damaged)
    check = await _one("database")
    assert check.level is Level.BAD
    assert "restore a backup" in check.told


async def test_a_file_that_is_no_database_is_bad(bare: Path) -> None:
    (bare / DATABASE_NAME).write_bytes(b"no database at all" * 500)
    assert (await _one("database")).level is Level.BAD


@pytest.mark.parametrize(
    ("version", "level"),
    [((3, 40, 1), Level.WARN), ((3, 51, 2), Level.WARN), ((3, 51, 3), Level.OK), ((3, 52, 0), Level.OK)],
)
async def test_a_sqlite_with_the_wal_reset_bug_is_warned_of(
    bare: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], level: Level
) -> None:
    await fill(bare)
    monkeypatch.setattr("bot.commands.store.sqlite_version", lambda reader: version)
    check = await _one("SQLite")
    assert check.level is level
    assert check.told.startswith(".".join(map(str, version)))


# As a process


def test_the_exit_code_says_whether_something_is_bad(tmp_path: Path) -> None:
    catalogue = {"EASEL_CATALOGUE": str(ROOT / "data" / "catalogue.toml")}
    well = run(tmp_path, "doctor", cwd=tmp_path, EASEL_DISCORD_TOKEN=TOKEN, **catalogue)
    bad = run(tmp_path, "doctor", cwd=tmp_path, EASEL_DISCORD_TOKEN=TOKEN, EASEL_XAI_API_KEY=KEYS["locus"], **catalogue)

    assert (well.returncode, well.stderr) == (0, "")
    assert (bad.returncode, bad.stderr) == (1, "")
    for line in (well.stdout + bad.stdout).splitlines():
        assert line.split()[0] in ("ok", "warn", "bad")
    for secret in SECRETS:
        assert secret not in well.stdout + bad.stdout
