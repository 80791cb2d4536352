/** A slash command being filled in: one chip per option, suggestions above, Enter to send. */
import { el, icon } from "./dom.js";
import { Listbox } from "./listbox.js";
import { OptionField } from "./option_field.js";

const DEBOUNCE_MS = 150;

export class CommandEntry {
  #fields = [];
  #context;
  #asked = 0;
  #timer = null;
  #current = null;

  /**
   * @param {{path: string, description: string, options: object[]}} command
   * @param {{store: import("./store.js").Store, list: HTMLElement,
   *   suggest: (path: string, option: string, typed: string, others: object) => Promise<object[]>,
   *   send: (path: string, options: object) => Promise<void>, leave: () => void,
   *   say: (text: string | null) => void}} context
   *   `list` is where suggestions go; `say` shows what is wrong
   */
  constructor(command, context) {
    this.command = command;
    this.#context = context;
    this.list = new Listbox("Suggestions", (entry) => this.#pick(entry));
    this.chips = el("span", { class: "chips" });
    this.more = el("button", {
      type: "button",
      class: "chip-more",
      role: "combobox",
      "aria-haspopup": "listbox",
      onfocus: () => this.#enter(null),
      onclick: () => this.#offerOptions({ first: true }),
    });
    this.node = el(
      "div",
      {
        class: "command-entry",
        role: "group",
        "aria-label": `Command ${command.path}: ${command.description}`,
        onkeydown: (event) => this.#key(event),
      },
      el("span", { class: "command-name", text: `/${command.path}`, title: command.description }),
      this.chips,
      this.more,
      el(
        "button",
        {
          type: "button",
          class: "icon-button send",
          "aria-label": "Send the command",
          title: "Send",
          onclick: () => this.send(),
        },
        icon("send"),
      ),
    );
    context.list.append(this.list.node);
    for (const spec of command.options) if (spec.required) this.#add(spec);
    this.#tellMore();
  }

  /** Puts the cursor where something is missing. */
  focus() {
    const next = this.#fields.find((field) => field.spec.required && field.isEmpty) ?? this.#fields.at(-1);
    (next?.input ?? (this.#left.length ? this.more : this.node.querySelector(".send"))).focus();
    if (!next) this.#offerOptions({ first: false });
  }

  /** Fills the first option with text that was typed after the command's name. */
  fillFirst(text) {
    const first = this.#fields[0] ?? (this.#left[0] && this.#add(this.#left[0]));
    if (text && first && !first.isFile) first.fill(text);
  }

  /** Gives a dropped file to the first option that takes one; false where there is none. */
  takeFile(file) {
    const spec = this.#left.find((option) => option.type === 11);
    const field = this.#fields.find((one) => one.isFile && one.isEmpty) ?? (spec && this.#add(spec));
    field?.take(file);
    return Boolean(field);
  }

  close() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.list.node.remove();
    this.node.remove();
  }

  get #left() {
    return this.command.options.filter((spec) => !this.#fields.some((field) => field.spec === spec));
  }

  /** @returns {Promise<void>} once the server took the command, or what is wrong with it is said */
  async send() {
    const wrong = this.#fields.filter((field) => field.check());
    if (wrong.length) {
      this.#context.say(`${wrong[0].spec.name}: ${wrong[0].complaint.textContent}`);
      wrong[0].input.focus();
      return;
    }
    this.#context.say(null);
    this.list.hide();
    await this.#context.send(this.command.path, this.#values());
  }

  #values(except = null) {
    const given = this.#fields.filter((field) => field !== except && field.value !== undefined);
    return Object.fromEntries(given.map((field) => [field.spec.name, field.value]));
  }

  #add(spec) {
    const field = new OptionField(spec, {
      store: this.#context.store,
      suggest: (option, typed) => this.#context.suggest(this.command.path, option, typed, this.#values(field)),
      onchange: () => {
        this.#context.say(null);
        if (field === this.#current) this.#offer(field);
      },
      onremove: () => this.#takeAway(field),
    });
    field.input.addEventListener("focus", () => this.#enter(field));
    this.#fields.push(field);
    this.chips.append(field.node);
    this.#tellMore();
    return field;
  }

  #remove(field) {
    this.#fields = this.#fields.filter((one) => one !== field);
    field.node.remove();
    this.#tellMore();
    (this.#fields.at(-1)?.input ?? this.more).focus();
  }

  #tellMore() {
    const count = this.#left.length;
    this.more.hidden = count === 0;
    this.more.textContent = `+${count} optional`;
    this.more.setAttribute("aria-label", `Add an option, ${count} left`);
  }

  #enter(field) {
    // Another field's suggestions are none for this one.
    if (field !== this.#current) this.list.hide();
    this.#current = field;
    this.list.owner = field?.input ?? this.more;
    if (field) this.#offer(field);
    else this.#offerOptions({ first: true });
  }

  /** Shows what fits the field: its suggestions, else the options still left. */
  #offer(field) {
    clearTimeout(this.#timer);
    const asked = (this.#asked += 1);
    if (!field.hasSuggestions) return this.#offerOptions({ first: false, about: field });
    this.list.rest();
    const ask = async () => {
      try {
        const entries = await field.suggestions();
        // A later question was asked meanwhile: this answer is stale.
        if (asked !== this.#asked || this.#current !== field) return;
        this.list.show(
          entries.map((entry) => ({ ...entry, heading: field.spec.description })),
          { note: entries.length ? null : "Nothing fits" },
        );
      } catch (error) {
        if (asked === this.#asked) this.list.show([], { note: `No suggestions: ${error.message}` });
      }
    };
    if (field.asksBot) this.#timer = setTimeout(ask, DEBOUNCE_MS);
    else ask();
    return undefined;
  }

  #offerOptions({ first, about = null }) {
    this.#asked += 1;
    const entries = this.#left.map((spec) => ({
      key: spec.name,
      title: spec.name,
      note: spec.description,
      value: spec,
      heading: "Options",
    }));
    this.list.show(entries, { first, note: about ? `${about.spec.name}: ${about.spec.description}` : null });
  }

  #pick(entry) {
    if (entry.heading === "Options") {
      this.#add(entry.value).input.focus();
      return;
    }
    const field = this.#current;
    field.choose(entry);
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#offerOptions({ first: false });
    const next = this.#fields.find((one) => one.spec.required && one.isEmpty);
    next?.input.focus();
  }

  #key(event) {
    const { key } = event;
    const isInField = event.target.matches("textarea, .chip-more, .chip-file");
    if (key === "ArrowDown" && this.list.isOpen) this.list.move(1);
    else if (key === "ArrowUp" && this.list.isOpen) this.list.move(-1);
    else if (key === "Tab" && !event.shiftKey && this.list.active) this.list.pick();
    else if (key === "Enter" && !event.shiftKey && isInField) this.#confirm(event);
    else if (key === "Escape") this.#escape();
    else if (key === "Backspace" && event.target === this.#current?.input && this.#isBefore(event.target)) this.#back();
    else return;
    event.preventDefault();
  }

  #confirm(event) {
    if (this.list.active) this.list.pick();
    else if (event.target === this.more) this.#offerOptions({ first: true });
    else this.send();
  }

  #escape() {
    if (this.list.isOpen && this.list.active) this.list.show([], {});
    else this.#context.leave();
  }

  /** Whether Backspace has nothing left to take from the field itself. */
  #isBefore(input) {
    return this.#current.isFile || input.value === "";
  }

  #back() {
    const field = this.#current;
    if (!field.spec.required || (field.isFile && !field.isEmpty)) this.#takeAway(field);
    else if (this.#fields.every((one) => one.isEmpty)) this.#context.leave();
  }

  /** The option goes where it may, else its file alone. */
  #takeAway(field) {
    if (!field.spec.required) {
      this.#remove(field);
      return;
    }
    field.clear();
    field.input.focus();
  }
}
