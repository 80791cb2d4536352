"""The sandbox in a browser: one page on loopback that looks like a chat server, and a panel to see inside.

    async with stage(folder) as built, BotKeeper.on(built) as keeper, PageServer.start(built, keeper) as page:
        print(page.url)

From the ground up:

    guard, uploads, frames      who may speak to the server; files waiting to be used; what a page may say
    views                       the world as one person sees it, as JSON
    windows, telling            one websocket; who is told of what, and when
    acts                        what a frame asks for, done by a `Person`
    feed, panel                 the traffic; the queue and the books
    faults, *_faults            the fault switches as data: those of Discord, those of the gateways
    botkeeper                   the bot's process: start, stop, kill, restart
    server                      `PageServer`, which ties all this together

The words spoken over the websocket stand in `docs/sandbox.md`.
"""
