"""Whether the token, the gateways' keys and the wallet look like what they are meant to be. Nobody is asked."""

import asyncio
from collections.abc import Mapping

from bot import config
from bot.commands.checks import Check, Level
from bot.payments.signer import SigningFailed, WalletKey, load_library

# How each gateway's keys begin by its own documents; Pixazo's have no mark.
KEY_PREFIXES: Mapping[str, str] = {"locus": "claw_", "apiinone": "aio_", "apiframe": "afk_", "xai": "xai-"}
# Shorter than any key there is: a part was lost in copying.
MIN_KEY_LENGTH = 12


def examine_token(token: str) -> Check:
    """Whether it may be a bot's token."""
    title = "Discord token"
    if not _is_clean(token):
        return Check(Level.BAD, title, "holds blanks or signs that no token has: copy it again")
    if token.count(".") != 2 or len(token) < 50:
        return Check(Level.WARN, title, "does not look like a bot's token (three parts with dots): copy it again")
    return Check(Level.OK, title, "present")


async def examine_keys(settings: config.Settings) -> list[Check]:
    """Whether each gateway's key, or the wallet in its place, may be one."""
    keys, wallet = settings.keys(), settings.wallet()
    checks = []
    for name in config.PROVIDERS:
        if name in keys:
            checks.append(_key(name, keys[name][0]))
        elif name == "locus" and wallet is not None:
            checks.append(await _wallet(wallet))
        else:
            checks.append(Check(Level.OK, f"{name} key", "none, so it is off"))
    if not keys and wallet is None:
        checks.append(Check(Level.WARN, "gateways", "none has a key: nothing can be drawn; set one, see .env.example"))
    return checks


def _key(name: str, key: str) -> Check:
    title, setting = f"{name} key", f"EASEL_{name.upper()}_API_KEY"
    if not _is_clean(key):
        return Check(Level.BAD, title, f"holds blanks or signs that no header can carry: copy {setting} again")
    for other, prefix in KEY_PREFIXES.items():
        if other != name and key.startswith(prefix):
            return Check(Level.BAD, title, f"begins like a key of {other}: {setting} would hand it to {name}")
    if len(key) < MIN_KEY_LENGTH:
        return Check(Level.WARN, title, f"is shorter than any key: copy {setting} again")
    wanted = KEY_PREFIXES.get(name, "")
    if not key.startswith(wanted):
        return Check(Level.WARN, title, f"does not begin with {wanted}: is {setting} the right one?")
    return Check(Level.OK, title, "present")


def _is_clean(secret: str) -> bool:
    return secret.isascii() and secret.isprintable() and " " not in secret


async def _wallet(wallet: str) -> Check:
    title = "locus wallet"
    try:
        WalletKey(wallet)
        await asyncio.to_thread(load_library)
    except ValueError as error:
        return Check(Level.BAD, title, f"{error}: copy EASEL_LOCUS_WALLET_KEY again")
    except SigningFailed:
        told = "the extra is missing: pip install --require-hashes -r requirements/mpp.txt"
        return Check(Level.BAD, title, told)
    return Check(Level.OK, title, "present; Locus is paid by the call")
