"""The gateway: websocket sessions of the bot, what is sent to them, and what can be made to go wrong.

Source: Discord API reference, "Gateway". Differences on purpose: no shards, no presence, no member chunks.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from enum import IntFlag

from aiohttp import WSMessage, WSMsgType, web

from sandbox.discord.components import Body
from sandbox.discord.model import Channel, ChannelKind, Guild, Interaction, Message
from sandbox.discord.payloads import Payloads
from sandbox.discord.sessions import Session, Socket
from sandbox.discord.world import Change, ChangeKind, World

HEARTBEAT_MS = 41_250
REMEMBERED = 2_000  # interactions that can be redelivered
RESUMABLE_MS = 3 * 60 * 1_000
ABNORMAL = 1_006


CHANNEL_EVENTS = {
    ChangeKind.CHANNEL_CREATED: "CREATE",
    ChangeKind.CHANNEL_CHANGED: "UPDATE",
    ChangeKind.CHANNEL_DELETED: "DELETE",
}


# Told every frame as JSON; the flag says that the bot sent it.
OnFrame = Callable[[Body, bool], None]


class Intent(IntFlag):
    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    DIRECT_MESSAGES = 1 << 12
    MESSAGE_CONTENT = 1 << 15


PRIVILEGED = Intent.GUILD_MEMBERS | Intent.PRESENCES | Intent.MESSAGE_CONTENT


class Gateway:
    """All sessions. A session outlives its socket for a few minutes, so that the bot can resume."""

    def __init__(self, world: World, render: Payloads, *, token: str) -> None:
        self._world = world
        self._render = render
        self._token = token
        self._sessions: dict[str, Session] = {}
        self._sockets: set[Socket] = set()
        self._withheld: list[tuple[str, object]] | None = None
        self._twice = 0
        self._dispatched: dict[int, Body] = {}  # the newest only, see REMEMBERED
        self.is_acknowledging_heartbeats = True
        self.identifies = 0
        self.resumes = 0
        self.heartbeats = 0
        self.on_frame: OnFrame | None = None
        world.listen(self._on_change)

    @property
    def connected(self) -> list[Session]:
        """The sessions with a bot at the other end, oldest first."""
        return [session for session in self._sessions.values() if session.socket is not None]

    # -- what goes out ---------------------------------------------------------------------------

    def send_interaction(self, interaction: Interaction) -> None:
        """INTERACTION_CREATE to every session."""
        payload = self._render.interaction(interaction)
        self._dispatched[interaction.id] = payload
        if len(self._dispatched) > REMEMBERED:
            del self._dispatched[next(iter(self._dispatched))]
        if self._withheld is not None:
            self._withheld.append(("INTERACTION_CREATE", payload))
            return
        self._broadcast("INTERACTION_CREATE", payload)
        if self._twice:
            self._twice -= 1
            self._broadcast("INTERACTION_CREATE", payload)

    def _broadcast(self, event: str, payload: object, intent: Intent | None = None) -> None:
        self._forget_old()
        for session in self._sessions.values():
            if intent is None or session.intents & intent:
                session.dispatch(event, payload)

    def _forget_old(self) -> None:
        now = self._world.clock.now()
        old = [s.id for s in self._sessions.values() if s.left_at is not None and now - s.left_at > RESUMABLE_MS]
        for session_id in old:
            del self._sessions[session_id]

    def _on_change(self, change: Change) -> None:
        match change.subject:
            case Message() as message:
                self._on_message(change.kind, message)
            case Channel() as channel if self._is_here(channel.guild_id):
                noun = "THREAD" if channel.kind == ChannelKind.THREAD else "CHANNEL"
                event = f"{noun}_{CHANNEL_EVENTS[change.kind]}"
                self._broadcast(event, self._render.channel(channel), Intent.GUILDS)
            case Guild() as guild:
                self._on_guild(change.kind, guild)
            case _:
                pass

    def _is_here(self, guild_id: int | None) -> bool:
        guild = self._world.guilds.get(guild_id or 0)
        return guild is not None and guild.has_bot

    def _on_guild(self, kind: ChangeKind, guild: Guild) -> None:
        if kind == ChangeKind.BOT_LEFT:
            self._broadcast("GUILD_DELETE", {"id": str(guild.id)}, Intent.GUILDS)
        elif kind == ChangeKind.BOT_JOINED:
            self._broadcast("GUILD_CREATE", self._render.guild_create(guild), Intent.GUILDS)

    def _on_message(self, kind: ChangeKind, message: Message) -> None:
        if message.is_ephemeral:
            return
        channel = self._world.channels.get(message.channel_id)
        if channel is None or not self._world.bits_in(self._world.application_id, channel):
            return
        is_direct = channel.guild_id is None
        intent = Intent.DIRECT_MESSAGES if is_direct else Intent.GUILD_MESSAGES
        place = {} if is_direct else {"guild_id": str(channel.guild_id)}
        if kind == ChangeKind.MESSAGE_DELETED:
            gone = {"id": str(message.id), "channel_id": str(message.channel_id), **place}
            self._broadcast("MESSAGE_DELETE", gone, intent)
            return
        event = "MESSAGE_CREATE" if kind == ChangeKind.MESSAGE_CREATED else "MESSAGE_UPDATE"
        me = self._world.application_id
        is_readable = is_direct or message.author_id == me or me in message.pinged
        for session in self._sessions.values():
            if session.intents & intent:
                hide = not (is_readable or session.intents & Intent.MESSAGE_CONTENT)
                session.dispatch(event, {**self._render.message(message, with_nonce=True, hide=hide), **place})

    # -- what can be made to go wrong ------------------------------------------------------------

    def close(self, code: int = 4000) -> None:
        """Closes every socket: 4000 unknown error, 4009 timed out, 4004 bad token, …"""
        for session in self.connected:
            if session.socket is not None:
                session.socket.close(code)

    def ask_to_reconnect(self) -> None:
        """Op 7."""
        self._to_sockets({"op": 7, "d": None})

    def invalidate(self, *, is_resumable: bool) -> None:
        """Op 9; one that cannot be resumed costs discord.py five seconds before it identifies again."""
        self._to_sockets({"op": 9, "d": is_resumable})
        if not is_resumable:
            self._sessions = {key: s for key, s in self._sessions.items() if s.socket is not None}
            for session in self._sessions.values():
                session.is_over = True

    def withhold(self) -> None:
        """Keeps interactions back until `release`."""
        self._withheld = self._withheld if self._withheld is not None else []

    @property
    def is_withholding(self) -> bool:
        """True from `withhold` to `release`."""
        return self._withheld is not None

    def release(self) -> None:
        withheld, self._withheld = self._withheld or [], None
        for event, payload in withheld:
            self._broadcast(event, payload)

    def duplicate_next(self, times: int = 1) -> None:
        """The next interactions are dispatched twice each."""
        self._twice = times

    @property
    def is_duplicating(self) -> bool:
        """True while there are interactions to come that are dispatched twice."""
        return self._twice > 0

    def redeliver(self, interaction: Interaction) -> None:
        """Sends an interaction again, exactly as the first time."""
        self._broadcast("INTERACTION_CREATE", self.payload_of(interaction))

    def payload_of(self, interaction: Interaction) -> Body:
        """What was sent for an interaction. Raises KeyError for one too long ago."""
        return self._dispatched[interaction.id]

    def set_guild_unavailable(self, guild: Guild) -> None:
        """An outage: GUILD_DELETE with `unavailable`, which is not a removal."""
        self._broadcast("GUILD_DELETE", {"id": str(guild.id), "unavailable": True}, Intent.GUILDS)

    def _to_sockets(self, frame: Body) -> None:
        for session in self.connected:
            if session.socket is not None:
                session.socket.send(frame)

    # -- the socket ------------------------------------------------------------------------------

    async def shut(self) -> None:
        """Closes every socket as a server that goes away."""
        for socket in tuple(self._sockets):
            await socket.shut()

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/gateway", self._serve)
        app.router.add_get("/gateway/", self._serve)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(autoping=True, max_msg_size=0, timeout=1.0)
        await ws.prepare(request)
        socket = Socket(ws, request.query.get("compress", ""), self._sent)
        sender = asyncio.create_task(socket.run())
        self._sockets.add(socket)
        socket.send({"op": 10, "d": {"heartbeat_interval": HEARTBEAT_MS}})
        session: Session | None = None
        try:
            async for frame in ws:
                session = self._receive(frame, socket, session)
        finally:
            self._sockets.discard(socket)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            if session is not None and session.socket is socket:
                self._leave(session, socket.closed_with or ws.close_code or ABNORMAL)
        return ws

    def _sent(self, frame: Body) -> None:
        if self.on_frame is not None:
            self.on_frame(frame, False)

    def _leave(self, session: Session, code: int) -> None:
        session.socket = None
        session.left_at = self._world.clock.now()
        if code in (1000, 1001) or session.is_over:
            self._sessions.pop(session.id, None)  # a clean farewell ends the session
        self._world.tell(ChangeKind.SESSIONS)

    def _receive(self, frame: WSMessage, socket: Socket, session: Session | None) -> Session | None:
        """Handles one frame of the bot; the session it now belongs to."""
        try:
            message: Body = json.loads(frame.data) if frame.type == WSMsgType.TEXT else {"op": -1}
        except ValueError:
            socket.close(4002)
            return session
        if self.on_frame is not None:
            self.on_frame(message, True)
        match message.get("op"):
            case 1:
                self.heartbeats += 1
                if self.is_acknowledging_heartbeats:
                    socket.send({"op": 11})
            case 2:
                return self._identify(message["d"], socket)
            case 6:
                return self._resume(message["d"], socket)
            case 3 | 4 | 8:
                pass  # presence, voice, member chunks: nothing here depends on them
            case _:
                socket.close(4001)
        return session

    def _identify(self, data: Body, socket: Socket) -> Session | None:
        if data.get("token") != self._token:
            socket.close(4004)
            return None
        intents = int(data.get("intents", 0))
        if intents & PRIVILEGED:
            socket.close(4014)  # the sandbox's application has no privileged intents
            return None
        self.identifies += 1
        session = Session(self._world.sign(f"session {self.identifies}")[:32], intents)
        session.socket = socket
        self._sessions[session.id] = session
        guilds = [guild for guild in self._world.guilds.values() if guild.has_bot]
        session.dispatch("READY", self._ready(session, guilds))
        if intents & Intent.GUILDS:
            for guild in guilds:
                session.dispatch("GUILD_CREATE", self._render.guild_create(guild))
        self._world.tell(ChangeKind.SESSIONS)
        return session

    def _ready(self, session: Session, guilds: Iterable[Guild]) -> Body:
        return {
            "v": 10,
            "user": self._render.myself(),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self._render.base_url.replace("http", "ws", 1) + "/gateway",
            "shard": [0, 1],
            "application": {"id": str(self._world.application_id), "flags": 0},
        }

    def _resume(self, data: Body, socket: Socket) -> Session | None:
        self._forget_old()
        session = self._sessions.get(str(data.get("session_id")))
        if data.get("token") != self._token:
            socket.close(4004)
            return None
        if session is None or session.is_over:
            socket.send({"op": 9, "d": False})
            return None
        self.resumes += 1
        session.socket, session.left_at = socket, None
        for frame in [frame for frame in session.sent if frame["s"] > int(data.get("seq") or 0)]:
            socket.send(frame)
        session.dispatch("RESUMED", {})
        self._world.tell(ChangeKind.SESSIONS)
        return session
