"""A pretend Tempo chain and a pretend Locus that is paid by the call, on loopback.

    async with PretendChain.start(clock=clock) as chain:
        async with PayingLocus.start(chain=chain) as locus:      # from sandbox.chain.locus; needs the extra `mpp`
            locus.trick = Trick.ASKS_AGAIN
            ...
            assert len(chain.transfers) == 1

The gateway checks and settles with pympp's own server side, so that what passes here is what that library takes for
paid. Only `sandbox.chain.locus` imports the library.
"""

from sandbox.chain.rpc import PretendChain, Settled

__all__ = ["PretendChain", "Settled"]
