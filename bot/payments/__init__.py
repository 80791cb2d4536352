"""HTTP 402: challenge -> policy -> signer -> receipt. Paying gateways by the call, in USDC.e on the Tempo chain.

    challenge    reads `WWW-Authenticate: Payment` and `Payment-Receipt` headers; pure
    policy       judges challenges by what the operator allows; pure
    transaction  reads what was signed; pure
    signer       the only file that sees the wallet's key
    vault        seals credentials for the database
    store        one row for each paid job, and what was signed each day
    chain        asks whether a payment is on the chain

The library for signing (`pympp`, import name `mpp`, the optional extra `mpp`) is imported when a payment is signed and
not before. Facts: the drafts draft-httpauth-payment-00 and draft-tempo-charge-00, and pympp 0.16.0.
"""
