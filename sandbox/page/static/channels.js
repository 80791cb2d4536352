/** The left side: servers, and the channels of the one in view, threads below their channel. */
import { avatar, el, icon, initialsOf } from "./dom.js";
import { Channel, isThread } from "./store.js";

export class ChannelList {
  #rail = document.getElementById("rail");
  #head = document.getElementById("places-head");
  #list = document.getElementById("places-list");
  #store;
  #go;

  /**
   * @param {import("./store.js").Store} store
   * @param {(channelId: string) => void} go
   */
  constructor(store, go) {
    this.#store = store;
    this.#go = go;
    store.addEventListener("state", () => this.draw());
    store.addEventListener("unread", () => this.draw());
  }

  draw() {
    const guild = this.#store.guildOf(this.#store.channelId);
    this.#drawRail(guild);
    this.#head.replaceChildren(el("h1", { text: guild?.name ?? "Direct messages" }));
    const focused = document.activeElement?.dataset?.channelId;
    const channels = guild ? guild.channels : this.#store.direct;
    this.#list.replaceChildren(el("ul", {}, this.#rows(channels, Boolean(guild))));
    if (focused) this.#list.querySelector(`[data-channel-id="${CSS.escape(focused)}"]`)?.focus();
  }

  #rows(channels, isGuild) {
    if (!isGuild) return channels.map((channel) => this.#row(channel));
    const threads = channels.filter(isThread);
    const places = channels.filter((channel) => !isThread(channel));
    return places.flatMap((place) => {
      const below = threads.filter((thread) => thread.parent_id === place.id);
      return [
        this.#row(place),
        below.length
          ? el(
              "li",
              { class: "threads" },
              el(
                "ul",
                {},
                below.map((thread) => this.#row(thread)),
              ),
            )
          : null,
      ];
    });
  }

  #row(channel) {
    const isHere = channel.id === this.#store.channelId;
    const pings = this.#store.unread.get(channel.id);
    const classes = ["place", isHere ? "here" : "", pings === undefined ? "" : "unread"].filter(Boolean).join(" ");
    const name = this.#store.channelName(channel);
    const lead =
      channel.type === Channel.DIRECT ? avatar(name, { isBot: true, small: true }) : icon(this.#store.iconOf(channel));
    return el(
      "li",
      {},
      el(
        "button",
        {
          type: "button",
          class: classes,
          "aria-current": isHere ? "page" : null,
          "data-channel-id": channel.id,
          onclick: () => this.#go(channel.id),
        },
        lead,
        el("span", { class: "place-name", text: name }),
        ...notes(channel).map((note) => el("span", { class: "hidden-words", text: note })),
        pings ? el("span", { class: "pings", text: String(pings), "aria-label": `${pings} mentions` }) : null,
      ),
    );
  }

  #drawRail(guild) {
    const home = this.#store.direct[0];
    const entries = [
      home
        ? this.#server("Direct messages", icon("bubble"), !guild, () => this.#go(home.id), this.#store.direct)
        : null,
      home ? el("hr") : null,
      ...this.#store.guilds.map((one) =>
        this.#server(one.name, initialsOf(one.name), one === guild, () => this.#go(firstChannel(one)), one.channels),
      ),
    ];
    this.#rail.replaceChildren(...entries.filter(Boolean));
  }

  #server(name, inside, isHere, onclick, channels) {
    const isUnread = channels.some((channel) => this.#store.unread.has(channel.id));
    const pings = channels.reduce((sum, channel) => sum + (this.#store.unread.get(channel.id) ?? 0), 0);
    return el(
      "button",
      {
        type: "button",
        class: `server${isHere ? " here" : ""}${isUnread ? " unread" : ""}`,
        "aria-label": name,
        title: name,
        "aria-current": isHere ? "true" : null,
        onclick,
      },
      inside,
      pings ? el("span", { class: "pings", text: String(pings) }) : null,
    );
  }
}

function notes(channel) {
  return [
    channel.sandbox?.is_staff_only ? "staff only" : null,
    channel.sandbox?.is_age_restricted ? "age-restricted" : null,
    isThread(channel) ? "thread" : null,
  ].filter(Boolean);
}

/** Where one lands in a server. */
export function firstChannel(guild) {
  return guild.channels.find((channel) => channel.type === Channel.TEXT)?.id;
}
