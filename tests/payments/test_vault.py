"""Sealed credentials open for their own job under their own key, and for nobody else."""

import sys

import pytest

from bot.core.ids import SystemRandomness
from bot.payments.signer import WalletKey
from bot.payments.vault import PURPOSE, Vault

pytest.importorskip("Crypto", reason="the extra `mpp` is not installed, so nothing can be sealed")

CREDENTIAL = "Payment " + "abc123" * 200


def vault(key: str = "11" * 32) -> Vault:
    return Vault(key=WalletKey(key).derive(PURPOSE), randomness=SystemRandomness())


def test_what_was_sealed_is_opened_also_by_the_next_process() -> None:
    sealed = vault().seal(CREDENTIAL, bound_to="job-a")

    assert vault().open(sealed, bound_to="job-a") == CREDENTIAL
    assert b"abc123" not in sealed
    assert vault().seal(CREDENTIAL, bound_to="job-a") != sealed


def test_another_wallet_another_job_and_changed_bytes_open_nothing() -> None:
    sealed = vault().seal(CREDENTIAL, bound_to="job-a")

    assert vault("22" * 32).open(sealed, bound_to="job-a") is None
    assert vault().open(sealed, bound_to="job-b") is None
    assert vault().open(sealed[:-1] + bytes([sealed[-1] ^ 1]), bound_to="job-a") is None
    for size in (0, 5, 12, 20):
        assert vault().open(sealed[:size], bound_to="job-a") is None


def test_without_the_extra_nothing_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = vault().seal(CREDENTIAL, bound_to="job-a")
    monkeypatch.setitem(sys.modules, "Crypto.Cipher", None)

    assert vault().open(sealed, bound_to="job-a") is None
