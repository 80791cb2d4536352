"""The wallet's key shows itself to nobody, and the room stands without the library for signing."""

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from bot.payments.signer import SigningFailed, WalletKey, load_library

KEY = "c7" * 32
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("text", [KEY, f"0x{KEY}", f" 0x{KEY.upper()}\n"])
def test_a_key_hides_from_everyone_but_the_signing(text: str) -> None:
    key = WalletKey(text)

    assert key.reveal() == f"0x{KEY}"
    for shown in (repr(key), str(key), f"{key}", f"{key!r}", str([key]), repr({"key": key})):
        assert KEY not in shown
    with pytest.raises(TypeError, match="not written"):
        pickle.dumps(key)
    with pytest.raises(TypeError, match="not written"):
        copy.copy(key)


@pytest.mark.parametrize("text", ["", "0x", KEY[:-1], KEY + "0", "g" * 64, "0" * 64, "f" * 64, "٣" * 64])
def test_what_is_no_key_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits") as caught:
        WalletKey(text)

    assert not text or text not in str(caught.value)


def test_what_is_derived_depends_on_key_and_purpose() -> None:
    one = WalletKey(KEY).derive("a")

    assert (len(one), WalletKey(KEY).derive("a")) == (32, one)
    assert len({one, WalletKey(KEY).derive("b"), WalletKey("d8" * 32).derive("a")}) == 3


async def test_without_the_extra_nothing_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytempo", None)

    with pytest.raises(SigningFailed, match="extra `mpp` is not installed") as caught:
        load_library()
    assert not caught.value.is_passing


def test_the_room_is_imported_without_the_library() -> None:
    code = """
import sys
sys.modules["mpp"] = sys.modules["pytempo"] = sys.modules["Crypto"] = None
import bot.payments.chain, bot.payments.signer, bot.payments.store, bot.payments.vault, bot.services.paying
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
