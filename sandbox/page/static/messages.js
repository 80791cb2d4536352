/** The log of a channel: rows, day dividers, what is still under way, scrolling, and news said aloud. */
import { el, toast } from "./dom.js";
import { messageRow, onlyYou, preview, thinking } from "./message.js";
import { compareIds, shownName } from "./store.js";
import { dayNumber, now, written } from "./times.js";

// Words of the same author within this time stand together under one name.
const TOGETHER_MS = 7 * 60 * 1000;
// So near to the end counts as reading along.
const NEAR_END = 120;
// So near to the first one that is known, earlier ones are fetched.
const NEAR_START = 400;
const FLASH_MS = 2000;

export class MessageLog {
  #log = document.getElementById("log");
  #announcer = document.getElementById("announcer");
  #store;
  #names;
  #acts;
  #interactions;
  #history;
  #stale = new Set();
  #wanted = null;
  /** Whether the end is read along; what comes is then scrolled to. */
  #atEnd = true;
  #top = 0;

  constructor({ store, names, acts, interactions, history }) {
    this.#store = store;
    this.#names = names;
    this.#acts = acts;
    this.#interactions = interactions;
    this.#history = history;
    store.addEventListener("messages", ({ detail }) => detail === store.channelId && this.drawAll());
    store.addEventListener("older", ({ detail }) => detail.channelId === store.channelId && this.#drawOlder(detail));
    store.addEventListener("message", ({ detail }) => {
      if (detail.channelId === store.channelId) this.#change(detail);
      // A thread has the id of the message that it hangs on.
      else if (detail.message.id === store.channelId) this.#log.querySelector(".beginning").replaceWith(this.#beginning());
    });
    interactions.addEventListener("pending", () => this.#drawPending());
    interactions.addEventListener("failed", ({ detail }) => this.#redraw(detail));
    this.#log.addEventListener("closed", () => this.#drawStale());
    this.#log.addEventListener("keydown", (event) => this.#key(event));
    // A picture that arrives late pushes what was read out of sight.
    this.#log.addEventListener("load", () => this.#atEnd && this.#toEnd(), true);
    new ResizeObserver(() => this.#atEnd && this.#toEnd()).observe(this.#log);
    this.#log.addEventListener("scroll", () => this.#scrolled());
  }

  /** Draws the channel in view from nothing. */
  drawAll() {
    const messages = this.#store.messages.get(this.#store.channelId) ?? [];
    this.#log.replaceChildren(this.#beginning(), ...this.#rows(messages));
    this.#drawPending();
    this.#atEnd = true;
    this.#toEnd();
    if (this.#wanted) this.jump(this.#wanted);
  }

  #rows(messages) {
    return messages.flatMap((message, place) => {
      const before = messages[place - 1];
      const row = this.#row(message, before);
      return before && isSameDay(before, message) ? [row] : [divider(at(message)), row];
    });
  }

  /** Earlier ones come to stand before the rest; what is read stays where it is on the screen. */
  #drawOlder({ count }) {
    const messages = this.#store.messages.get(this.#store.channelId);
    const { scrollHeight, scrollTop } = this.#log;
    const beginning = this.#log.querySelector(".beginning");
    if (count && isSameDay(messages[count - 1], messages[count])) beginning.nextElementSibling.remove();
    beginning.after(...this.#rows(messages.slice(0, count)));
    if (count) this.#redraw(messages[count].id);
    beginning.replaceWith(this.#beginning());
    this.#log.scrollTop = scrollTop + this.#log.scrollHeight - scrollHeight;
    this.#top = this.#log.scrollTop;
  }

  async #more() {
    try {
      await this.#history.more(this.#store.channelId);
    } catch (error) {
      toast(error.message);
    }
  }

  /** Scrolls to a message and lights it up; one not drawn yet as soon as it is, one from long ago once it is here. */
  async jump(messageId) {
    const { channelId } = this.#store;
    if (!this.#store.isFresh) {
      this.#wanted = messageId;
      return;
    }
    this.#wanted = null;
    const isThere = await this.#history.find(channelId, messageId).catch(() => false);
    if (channelId !== this.#store.channelId) return;
    const row = isThere ? document.getElementById(`message-${messageId}`) : null;
    if (!row) {
      toast("That message could not be loaded.");
      return;
    }
    this.#atEnd = false;
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
    row.classList.add("flash");
    setTimeout(() => row.classList.remove("flash"), FLASH_MS);
  }

  #beginning() {
    const channel = this.#store.channel(this.#store.channelId);
    const name = channel ? this.#store.channelName(channel) : "";
    if (!this.#store.isWhole(this.#store.channelId)) return this.#earlier();
    const starter = this.#store.starterOf(this.#store.channelId);
    if (starter)
      return el("li", { class: "beginning starter" }, el("h2", { text: name }), el("ol", {}, this.#row(starter, null)));
    return el(
      "li",
      { class: "beginning" },
      el("h2", { text: channel?.guild_id ? `Welcome to #${name}!` : name }),
      el("p", {
        text: channel?.guild_id ? `This is the start of #${name}.` : "This is the start of a conversation of two.",
      }),
    );
  }

  /** Scrolling up fetches more; so does this, for whoever does not scroll. */
  #earlier() {
    const more = el("button", { type: "button", class: "textual", text: "Show earlier messages" });
    more.addEventListener("click", () => this.#more());
    return el("li", { class: "beginning" }, this.#store.messages.has(this.#store.channelId) ? more : null);
  }

  #row(message, before) {
    const isFirst = !before || !isTogether(before, message);
    return messageRow(message, {
      store: this.#store,
      names: this.#names,
      acts: this.#acts,
      isFirst,
      failure: this.#interactions.failureOf(message.id),
    });
  }

  #change({ op, message }) {
    const row = document.getElementById(`message-${message.id}`);
    if (op === "delete") {
      this.#remove(row);
      this.#redrawAfter(message.id);
      return;
    }
    if (row) this.#redraw(message.id);
    else this.#add(message);
    if (op === "create") this.#announce(message);
  }

  /** A new message, nearly always the last. */
  #add(message) {
    const messages = this.#store.messages.get(this.#store.channelId);
    const place = messages.findIndex((one) => one.id === message.id);
    if (place < messages.length - 1) return this.drawAll();
    const before = messages[place - 1];
    const pending = this.#log.querySelector(".pending");
    const rows = [this.#row(message, before)];
    if (!before || !isSameDay(before, message)) rows.unshift(divider(at(message)));
    for (const row of rows) this.#log.insertBefore(row, pending);
    if (this.#atEnd || message.author.id === this.#store.me?.id) this.#toEnd();
    return undefined;
  }

  #redraw(messageId) {
    const messages = this.#store.messages.get(this.#store.channelId) ?? [];
    const place = messages.findIndex((one) => one.id === messageId);
    const row = document.getElementById(`message-${messageId}`);
    if (place < 0 || !row) return;
    // A list someone is choosing from is not taken away under their hands.
    if (row.querySelector('[aria-expanded="true"]:not(.spoiler)')) {
      this.#stale.add(messageId);
      return;
    }
    const focused = row.contains(document.activeElement) ? document.activeElement : null;
    const fresh = this.#row(messages[place], messages[place - 1]);
    const customId = focused?.dataset?.customId;
    row.replaceWith(fresh);
    const again =
      focused &&
      (customId
        ? [...fresh.querySelectorAll("[data-custom-id]")].find((one) => one.dataset.customId === customId)
        : null);
    if (focused) (again && !again.disabled ? again : fresh).focus({ preventScroll: true });
    if (this.#atEnd) this.#toEnd();
  }

  /** Whoever was within the row goes on at the one beside it, else at the message box. */
  #remove(row) {
    if (!row) return;
    const isWithin = row.contains(document.activeElement);
    const rows = [...this.#log.querySelectorAll(".message")];
    const at = rows.indexOf(row);
    row.remove();
    if (isWithin) (rows[at + 1] ?? rows[at - 1] ?? document.getElementById("composer-text")).focus();
  }

  #redrawAfter(messageId) {
    const following = (this.#store.messages.get(this.#store.channelId) ?? []).find(
      (one) => compareIds(one.id, messageId) > 0,
    );
    if (following) this.#redraw(following.id);
    for (const line of this.#log.querySelectorAll(".divider"))
      if (!line.nextElementSibling?.matches(".message")) line.remove();
  }

  #drawStale() {
    const waiting = [...this.#stale];
    this.#stale.clear();
    for (const messageId of waiting) this.#redraw(messageId);
  }

  #drawPending() {
    for (const row of this.#log.querySelectorAll(".pending")) this.#remove(row);
    for (const one of this.#interactions.pendingIn(this.#store.channelId)) this.#log.append(this.#pendingRow(one));
    if (this.#atEnd) this.#toEnd();
  }

  #pendingRow({ id, state, command }) {
    const me = shownName(this.#store.me);
    const head = el(
      "div",
      { class: "above" },
      el("b", { text: me }),
      command ? " used " : " sent a form",
      command ? el("span", { class: "mention", text: `/${command}` }) : null,
    );
    const body =
      state === "sent"
        ? thinking("Easel")
        : el("p", { class: "failure", role: "alert", text: "The application did not respond" });
    const foot = state === "sent" ? null : onlyYou(() => this.#interactions.forget(id));
    return el(
      "li",
      { class: "message pending first ephemeral" },
      head,
      el("span", { class: "avatar avatar-bot", "aria-hidden": "true" }, el("span", { class: "icon icon-easel" })),
      el("div", { class: "body" }, body, foot),
    );
  }

  #announce(message) {
    const words = message.sandbox?.is_loading ? "thinking" : preview(message, this.#names);
    this.#announcer.textContent = `${shownName(message.author)}: ${words}`;
  }

  /** Only who scrolls up leaves the end: a picture that grows below does not move the page under the reader. */
  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    if (scrollHeight - scrollTop - clientHeight < NEAR_END) this.#atEnd = true;
    else if (scrollTop < this.#top) this.#atEnd = false;
    if (scrollTop < this.#top && scrollTop < NEAR_START) this.#more();
    this.#top = scrollTop;
  }

  #toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  /** Up and down walk from message to message. */
  #key(event) {
    const row = event.target;
    if (!row.matches?.(".message") || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const rows = [...this.#log.querySelectorAll(".message:not(.pending)")];
    const next = rows[rows.indexOf(row) + (event.key === "ArrowUp" ? -1 : 1)];
    event.preventDefault();
    if (next) next.focus();
    else if (event.key === "ArrowDown") document.getElementById("composer-text").focus();
  }
}

function at(message) {
  return Date.parse(message.timestamp);
}

function isSameDay(one, other) {
  return dayNumber(at(one)) === dayNumber(at(other));
}

function isTogether(before, message) {
  const isPlain = !message.message_reference && !message.sandbox?.uses;
  const isSame =
    before.author.id === message.author.id &&
    Boolean(before.sandbox?.is_ephemeral) === Boolean(message.sandbox?.is_ephemeral);
  return isPlain && isSame && at(message) - at(before) < TOGETHER_MS && isSameDay(before, message);
}

function divider(atMs) {
  const isToday = dayNumber(atMs) === dayNumber(now());
  return el(
    "li",
    { class: "divider" },
    el("span", { text: isToday ? `Today, ${written(atMs, "D")}` : written(atMs, "D") }),
  );
}
