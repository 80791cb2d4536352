/**
 * What this window knows of the world: who it is, the places, the people, the messages. Views listen to its events:
 * "state", "messages" (detail: channel id), "older" (detail: {channelId, count} of those put before the rest),
 * "message" (detail: {channelId, op, message}), "unread".
 */
import { setClock } from "./times.js";

export const Channel = { TEXT: 0, DIRECT: 1, PUBLIC_THREAD: 11, PRIVATE_THREAD: 12 };
// Messages kept per channel, beside those that somebody scrolled up to.
const KEPT = 300;

/** Snowflakes as text: the longer is the later. */
export function compareIds(left, right) {
  return left.length - right.length || (left < right ? -1 : Number(left > right));
}

export function isThread(channel) {
  return channel.type === Channel.PUBLIC_THREAD || channel.type === Channel.PRIVATE_THREAD;
}

export class Store extends EventTarget {
  me = null;
  people = [];
  guilds = [];
  direct = [];
  commands = {};
  bot = { state: "starting", seconds: null, starts: 0 };
  speed = 1;
  /** The channel in view. */
  channelId = null;
  /** @type {Map<string, object[]>} by channel, oldest first */
  messages = new Map();
  /** @type {Map<string, object>} by thread, the message of its channel that it hangs on */
  #starters = new Map();
  /** Channels whose first message is among those known. */
  #whole = new Set();
  /** Whether the messages of the channel in view came since it was looked at. */
  #isFresh = false;
  /** How many messages somebody has scrolled up to, by channel. */
  #looked = new Map();
  /** @type {Map<string, number>} unread channels, with how many pings */
  unread = new Map();

  takeState(frame) {
    const keys = ["me", "people", "guilds", "direct", "commands", "bot", "speed"];
    for (const key of keys) if (frame[key] !== undefined) this[key] = frame[key];
    setClock(frame.now_ms);
    this.#tell("state");
  }

  takeMessages({ channel_id: channelId, messages, is_whole: isWhole, starter }) {
    if (starter) this.#starters.set(channelId, starter);
    else this.#starters.delete(channelId);
    this.messages.set(
      channelId,
      messages.toSorted((left, right) => compareIds(left.id, right.id)),
    );
    this.#looked.delete(channelId);
    if (channelId === this.channelId) this.#isFresh = true;
    this.#note(channelId, isWhole);
    this.#tell("messages", channelId);
  }

  /** Puts earlier ones before those that are known. */
  takeOlder(channelId, { messages, is_whole: isWhole }) {
    const log = this.messages.get(channelId);
    log.unshift(...messages);
    this.#looked.set(channelId, log.length);
    this.#note(channelId, isWhole);
    this.#tell("older", { channelId, count: messages.length });
  }

  /** The message that the thread hangs on, and has as its id; undefined for other channels. */
  starterOf(channelId) {
    return this.#starters.get(channelId);
  }

  /** Whether what is known of the channel in view is what the server knows. */
  get isFresh() {
    return this.#isFresh;
  }

  /** Whether nothing stands before the messages that are known. */
  isWhole(channelId) {
    return this.#whole.has(channelId);
  }

  #note(channelId, isWhole) {
    if (isWhole) this.#whole.add(channelId);
    else this.#whole.delete(channelId);
  }

  /** The oldest make room, unless somebody has looked so far back. */
  #makeRoom(channelId, log) {
    const many = log.length - Math.max(KEPT, this.#looked.get(channelId) ?? 0);
    if (many <= 0) return;
    log.splice(0, many);
    this.#whole.delete(channelId);
  }

  takeMessage({ op, channel_id: channelId, message }) {
    if (op === "create" && channelId !== this.channelId && message.author?.id !== this.me?.id) {
      this.unread.set(channelId, (this.unread.get(channelId) ?? 0) + (message.sandbox?.pings_me ? 1 : 0));
      this.#tell("unread");
    }
    if (op === "delete") this.#starters.delete(message.id);
    else if (this.#starters.has(message.id)) this.#starters.set(message.id, message);
    const log = this.messages.get(channelId);
    if (!log) return;
    const place = log.findIndex((known) => known.id === message.id);
    if (op === "delete") {
      if (place >= 0) log.splice(place, 1);
    } else if (place >= 0) {
      log[place] = message;
    } else {
      log.push(message);
      log.sort((left, right) => compareIds(left.id, right.id));
      this.#makeRoom(channelId, log);
    }
    this.#tell("message", { channelId, op: place < 0 && op === "edit" ? "create" : op, message });
  }

  /** Forgets what another person saw. */
  forget() {
    this.messages.clear();
    this.#starters.clear();
    this.#whole.clear();
    this.#looked.clear();
    this.unread.clear();
    this.me = null;
  }

  look(channelId) {
    this.channelId = channelId;
    this.#isFresh = false;
    this.unread.delete(channelId);
  }

  channels() {
    return [...this.guilds.flatMap((guild) => guild.channels), ...this.direct];
  }

  channel(id) {
    return this.channels().find((channel) => channel.id === id);
  }

  guildOf(channelId) {
    return this.guilds.find((guild) => guild.channels.some((channel) => channel.id === channelId));
  }

  message(channelId, messageId) {
    return this.messages.get(channelId)?.find((message) => message.id === messageId);
  }

  role(id) {
    return this.guilds.flatMap((guild) => guild.roles).find((role) => role.id === id);
  }

  user(id) {
    for (const guild of this.guilds) {
      const member = guild.members.find((one) => one.user.id === id);
      if (member) return member.user;
    }
    return this.people.find((person) => person.user.id === id)?.user;
  }

  userName(id) {
    return shownName(this.user(id));
  }

  /** The colour of a member's highest coloured role, or null. */
  colourOf(userId, guild = this.guildOf(this.channelId)) {
    const role = this.rolesOf(userId, guild).find((one) => one.color);
    return role ? `#${role.color.toString(16).padStart(6, "0")}` : null;
  }

  /** A member's roles, highest first, without @everyone. */
  rolesOf(userId, guild = this.guildOf(this.channelId)) {
    const held = guild?.members.find((member) => member.user.id === userId)?.roles ?? [];
    return (guild?.roles ?? [])
      .filter((role) => held.includes(role.id))
      .sort((one, other) => other.position - one.position);
  }

  /** A conversation of two is named after the other one, the bot. */
  channelName(channel) {
    return channel.name ?? shownName(this.botUser()) ?? "direct message";
  }

  botUser() {
    return this.guilds.flatMap((guild) => guild.members).find((member) => member.user.bot)?.user;
  }

  iconOf(channel) {
    if (isThread(channel)) return "thread";
    if (channel.type === Channel.DIRECT) return "at";
    if (channel.sandbox?.is_staff_only) return "hash-lock";
    return channel.sandbox?.is_age_restricted || channel.nsfw ? "hash-alert" : "hash";
  }

  commandsHere(channelId = this.channelId) {
    return this.commands[channelId] ?? [];
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** What a user is called on screen; undefined for nobody. */
export function shownName(user) {
  return user ? user.global_name || user.username : undefined;
}
