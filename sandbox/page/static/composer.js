/** The box at the foot of a channel: plain words, replies, and slash commands as soon as one types `/`. */
import { MESSAGE_LIMIT, paths } from "./checks.js";
import { CommandEntry } from "./command_entry.js";
import { el, icon, iconButton, toast } from "./dom.js";
import { FileTray } from "./file_tray.js";
import { Listbox } from "./listbox.js";
import { openMenu } from "./menu.js";
import { shownName } from "./store.js";

const COMMANDS_SHOWN = 50;

export class Composer {
  #root = document.getElementById("composer");
  #store;
  #ask;
  #entry = null;
  #replyTo = null;

  /**
   * @param {import("./store.js").Store} store
   * @param {(verb: string, fields: object) => Promise<object>} ask
   */
  constructor(store, ask) {
    this.#store = store;
    this.#ask = ask;
    this.list = new Listbox("Commands", (entry) => this.type(entry.key));
    this.lists = el("div", { class: "composer-lists" }, this.list.node);
    this.error = el("p", { class: "composer-error", role: "alert", hidden: true });
    this.replyBar = el("div", { class: "reply-bar", hidden: true });
    this.text = el("textarea", {
      id: "composer-text",
      class: "composer-text",
      rows: "1",
      role: "combobox",
      "aria-autocomplete": "list",
      oninput: () => this.#typed(),
      onkeydown: (event) => this.#key(event),
      onpaste: (event) => event.clipboardData.files.length && this.tray.take([...event.clipboardData.files]),
    });
    this.tray = new FileTray(() => this.focus());
    this.list.owner = this.text;
    this.line = el(
      "div",
      { class: "composer-line" },
      iconButton("plus", "Add", (event) => this.#offer(event.currentTarget), { "aria-haspopup": "menu" }),
      this.text,
    );
    this.#root.append(this.lists, this.replyBar, this.tray.node, this.line, this.error);
    this.#root.addEventListener("dragover", (event) => event.preventDefault());
    this.#root.addEventListener("drop", (event) => this.drop(event));
    store.addEventListener("state", () => {
      this.refresh();
      // Commands may have come while one was being looked for.
      if (!this.list.node.hidden) this.#typed();
    });
  }

  /** Shows what may be done in the channel in view. */
  refresh() {
    const channel = this.#store.channel(this.#store.channelId);
    const rights = channel?.sandbox ?? {};
    const name = channel ? this.#store.channelName(channel) : "";
    const isMuted = !channel || (rights.can_write === false && rights.can_use_commands === false);
    this.text.disabled = isMuted;
    this.text.placeholder = isMuted
      ? "You do not have permission to write here."
      : `Message ${channel.guild_id ? "#" : "@"}${name}, or / for commands`;
    this.text.setAttribute("aria-label", this.text.placeholder);
    this.line.classList.toggle("muted", isMuted);
  }

  /** The channel changed: what was begun there is put away. */
  moved() {
    this.leave({ focus: false });
    this.text.value = "";
    this.tray.clear();
    this.#grow();
    this.reply(null);
    this.refresh();
  }

  /** What a message can be given beside words. */
  #offer(button) {
    const box = button.getBoundingClientRect();
    const items = [
      { label: "Upload a file", icon: "file", run: () => this.#upload() },
      { label: "Use a command", icon: "apps", run: () => this.start("/") },
    ];
    openMenu(items, { x: box.left, y: box.top, back: button, label: "Add" });
  }

  #upload() {
    this.leave();
    this.tray.choose();
  }

  /** Puts the cursor where one goes on typing. */
  focus() {
    if (this.#entry) this.#entry.focus();
    else this.text.focus();
  }

  /** Puts text into the plain box, as if typed. */
  start(text) {
    this.leave();
    this.text.value = text;
    this.text.focus();
    this.#typed();
  }

  /** Begins the command of this path; `rest` goes into its first option. */
  type(path, rest = "") {
    const command = paths(this.#store.commandsHere()).find((one) => one.path === path);
    if (!command) {
      this.#say(`There is no command /${path} for you here.`);
      return;
    }
    this.leave();
    this.text.value = "";
    this.list.hide();
    this.#say(null);
    this.#entry = new CommandEntry(command, {
      store: this.#store,
      list: this.lists,
      suggest: (name, option, typed, options) => this.#suggest(name, option, typed, options),
      send: (name, options) => this.#send(name, options),
      leave: () => this.leave(),
      say: (text) => this.#say(text),
    });
    this.line.classList.add("in-command");
    this.line.append(this.#entry.node);
    this.#entry.fillFirst(rest);
    this.#entry.focus();
  }

  /** Gives up the command being typed. */
  leave({ focus = true } = {}) {
    if (!this.#entry) return;
    this.#entry.close();
    this.#entry = null;
    this.line.classList.remove("in-command");
    this.#say(null);
    if (focus) this.text.focus();
  }

  /** Begins a reply, or ends it with null. */
  reply(message) {
    this.#replyTo = message;
    this.replyBar.hidden = message === null;
    if (!message) return;
    const cancel = iconButton("close", "Do not reply", () => this.reply(null));
    this.replyBar.replaceChildren(el("span", {}, "Replying to ", el("b", { text: shownName(message.author) })), cancel);
    this.text.focus();
  }

  async #suggest(name, option, typed, options) {
    const { choices } = await this.#ask("autocomplete", {
      channel_id: this.#store.channelId,
      name,
      option,
      typed,
      options,
    });
    return choices;
  }

  async #send(name, options) {
    const entry = this.#entry;
    try {
      await this.#ask("command", { channel_id: this.#store.channelId, name, options });
      if (entry === this.#entry) this.leave();
    } catch (error) {
      this.#say(error.message);
    }
  }

  /** A file dropped on the page goes to the command's file option; without a command, with the next message. */
  drop(event) {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.text.disabled) toast("You do not have permission to write here.");
    else if (!this.#entry) this.tray.take(files);
    else if (!this.#entry.takeFile(files[0])) toast("This command takes no other file.");
  }

  #typed() {
    this.#grow();
    this.#say(null);
    const text = this.text.value;
    const begun = /^\/([\w\p{L}-]+(?: [\w\p{L}-]+){0,2}) ([\s\S]*)$/u.exec(text);
    if (begun && this.#begins(text)) return;
    if (!text.startsWith("/") || text.includes("\n")) {
      this.list.hide();
      return;
    }
    const wanted = text.slice(1).toLowerCase();
    const found = paths(this.#store.commandsHere()).filter((one) => one.path.startsWith(wanted));
    const entries = found
      .slice(0, COMMANDS_SHOWN)
      .map((one) => ({ key: one.path, title: `/${one.path}`, note: one.description, side: "Easel", heading: "Easel" }));
    this.list.show(entries, { note: entries.length ? null : this.#whyNone() });
  }

  #whyNone() {
    return this.#store.commandsHere().length
      ? "No command begins like that."
      : "There are no commands for you here yet.";
  }

  /** A command's whole name and a space: it begins, and what follows goes into its first option. */
  #begins(text) {
    const known = paths(this.#store.commandsHere()).filter((one) => text.startsWith(`/${one.path} `));
    const longest = known.sort((one, other) => other.path.length - one.path.length)[0];
    if (longest) this.type(longest.path, text.slice(longest.path.length + 2));
    return Boolean(longest);
  }

  #key(event) {
    const { key } = event;
    if (this.list.isOpen && (key === "ArrowDown" || key === "ArrowUp")) this.list.move(key === "ArrowDown" ? 1 : -1);
    else if (this.list.isOpen && (key === "Tab" || (key === "Enter" && !event.shiftKey))) this.list.pick();
    else if (key === "Enter" && !event.shiftKey && !event.isComposing) this.#post();
    else if (key === "Escape") this.#escape();
    else if (key === "ArrowUp" && this.text.value === "") this.#lastMessage();
    else return;
    event.preventDefault();
  }

  #escape() {
    if (this.list.isOpen) this.list.hide();
    else this.reply(null);
  }

  #lastMessage() {
    document.querySelector("#log .message:nth-last-child(1 of .message:not(.pending))")?.focus();
  }

  async #post() {
    const content = this.text.value.trim();
    if (!content && !this.tray.uploadIds.length) return;
    if (content.length > MESSAGE_LIMIT) {
      this.#say(
        `A message holds at most ${inWords(MESSAGE_LIMIT)} characters; this has ${inWords(content.length)}.`,
      );
      return;
    }
    const answered = this.#replyTo;
    const files = this.tray.clear();
    const more = {
      ...(answered ? { reply_to: answered.id } : {}),
      ...(files.length ? { upload_ids: files.map((one) => one.upload_id) } : {}),
    };
    // Cleared at once, not when the server has it: what is typed meanwhile belongs to the next message.
    this.text.value = "";
    this.#grow();
    this.reply(null);
    try {
      await this.#ask("say", { channel_id: this.#store.channelId, content, ...more });
    } catch (error) {
      this.tray.putBack(files);
      if (!this.text.value) {
        this.text.value = content;
        this.#grow();
        this.reply(answered);
      }
      this.#say(error.message);
    }
  }

  #say(text) {
    this.error.hidden = !text;
    this.error.replaceChildren(...(text ? [icon("alert"), text] : []));
  }

  #grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }
}

function inWords(count) {
  return count.toLocaleString("en");
}
