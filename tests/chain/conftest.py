"""Where the library for signing is installed, it is loaded here, with its own warnings not taken for errors."""

import warnings

from bot.payments.signer import SigningFailed, load_library

with warnings.catch_warnings():
    # web3 7.16 imports websockets.legacy, which warns of itself.
    warnings.simplefilter("ignore", DeprecationWarning)
    try:
        load_library()
    except SigningFailed:
        pass  # the tests that need it say that they are skipped
