"""Signed payments at rest.

A stored credential is worth the price of one call for the minute that it is valid. It is sealed all the same, because a
deleted row's bytes stay in the database's free pages, its log and its backups. AES-256-GCM from pycryptodome, which the
extra `mpp` brings along; the key is derived from the wallet's (`WalletKey.derive`), so there is no second secret to
keep, and a changed wallet makes old credentials unreadable: the chain then decides about them by their hash, which is
stored in the clear. Rows give the sealed bytes up as soon as nobody can need them.
"""

from bot.core.ids import Randomness

PURPOSE = "easel payment vault 1"
_NONCE_BYTES = 12
_TAG_BYTES = 16


class Vault:
    """Seals texts under a key of 32 bytes, each bound to the job that it belongs to."""

    def __init__(self, *, key: bytes, randomness: Randomness) -> None:
        self._key = key
        self._randomness = randomness

    def seal(self, text: str, *, bound_to: str) -> bytes:
        """The sealed text. Raises ImportError where the extra `mpp` is not installed."""
        from Crypto.Cipher import AES  # noqa: PLC0415 - comes with an optional extra

        nonce = self._randomness.token_bytes(_NONCE_BYTES)
        cipher = AES.new(self._key, AES.MODE_GCM, nonce=nonce, mac_len=_TAG_BYTES)
        cipher.update(bound_to.encode())
        sealed, tag = cipher.encrypt_and_digest(text.encode())
        return nonce + tag + sealed

    def open(self, sealed: bytes, *, bound_to: str) -> str | None:
        """The text; None where it was sealed under another key, for another job, or has been changed."""
        try:
            from Crypto.Cipher import AES  # noqa: PLC0415 - comes with an optional extra
        except ImportError:
            return None
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            cipher = AES.new(self._key, AES.MODE_GCM, nonce=nonce, mac_len=_TAG_BYTES)
            cipher.update(bound_to.encode())
            return cipher.decrypt_and_verify(rest[_TAG_BYTES:], rest[:_TAG_BYTES]).decode()
        except ValueError:
            return None
