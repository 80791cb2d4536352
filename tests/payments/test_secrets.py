"""The wallet's key, and what it signed, are nowhere that anyone could read them."""

import base64
import json
import logging
import traceback
from pathlib import Path

import pytest

from bot.core.errors import EaselError, OutcomeUnknown

pytest.importorskip("pytempo", reason="the extra `mpp` is not installed, so nothing can be signed")

from bot.payments.signer import Signer, WalletKey
from sandbox.chain.locus import Trick
from tests.payments.house import KEY, House, house, policy_at


def forms_of(secret: str) -> list[bytes]:
    """A key as it might be written: hexadecimal in both cases, raw, base64, and as a number."""
    raw = bytes.fromhex(secret)
    return [secret.encode(), secret.upper().encode(), raw, base64.b64encode(raw), str(int(secret, 16)).encode()]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def eventful(paid: House) -> list[EaselError]:
    """Payments that go well and badly; the errors that came of it."""
    errors: list[EaselError] = []
    await paid.pay(await paid.job())
    down = Signer(key=WalletKey(KEY), policy=policy_at(paid.locus.base_url), rpc_url="http://127.0.0.1:9/")
    tries = [
        (Trick.STRANGER, paid.paying),
        (Trick.ASKS_AGAIN, paid.paying),
        (Trick.UPSTREAM_FAILED, paid.paying),
        (Trick.CUT_BEFORE, paid.paying),
        (Trick.NONE, paid.rebuilt(signer=down)),
    ]
    for trick, paying in tries:
        paid.locus.trick = trick
        job = await paid.job()
        with pytest.raises(EaselError) as caught:
            await paid.pay(job, paying=paying)
        errors.append(caught.value)
        if isinstance(caught.value, OutcomeUnknown):
            await paid.fail(job, caught.value)
    await paid.sweep()
    return errors


async def test_the_key_is_in_no_log_error_repr_or_file_and_no_payment_lies_open(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with house(tmp_path) as paid:
        errors = await eventful(paid)
        shown = [repr(errors), repr(paid), repr(vars(paid.paying)), repr(vars(vars(paid.paying)["_signer"]))]
        for error in errors:
            shown += traceback.TracebackException.from_exception(error, capture_locals=True).format()
        for record in caplog.records:
            shown += [repr(vars(record)), record.getMessage()]
        credentials = set(paid.locus.credentials)
        # While it is open, the write-ahead log holds the newest rows, and pages that were overwritten since.
        files = contents(tmp_path)
        assert len(files["easel.db-wal"]) > 0
    files |= {f"closed {name}": data for name, data in contents(tmp_path).items()}
    told = "\n".join(shown).encode()

    assert len(credentials) == 4
    for form in forms_of(KEY):
        assert form not in told
        assert [name for name, data in files.items() if form in data] == []
    for credential in credentials:
        encoded = credential.removeprefix("Payment ")
        signature = json.loads(base64.urlsafe_b64decode(encoded + "=="))["payload"]["signature"]
        raw = bytes.fromhex(signature.removeprefix("0x"))
        for form in (encoded.encode(), signature[2:].encode(), raw):
            assert [name for name, data in files.items() if form in data] == []
        # Exception reports with the local names of every frame are not ours; what we log is.
        assert not any(encoded in record.getMessage() or encoded in repr(vars(record)) for record in caplog.records)
