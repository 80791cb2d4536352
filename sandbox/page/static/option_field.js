/** One option of a command being typed: a chip with a name and a field. */
import { Option, problem, readNumber } from "./checks.js";
import { bytes, el, icon, iconButton } from "./dom.js";
import { entities } from "./entities.js";
import { upload } from "./socket.js";

const KINDS = {
  [Option.USER]: { users: true },
  [Option.CHANNEL]: { channels: true },
  [Option.ROLE]: { roles: true },
  [Option.MENTIONABLE]: { users: true, roles: true },
};
const NO_FILE = "Choose or drop a file";
let fields = 0;
const BOOLEANS = [
  { key: "true", title: "True", value: true },
  { key: "false", title: "False", value: false },
];

export class OptionField {
  #store;
  #suggest;
  #picked = null;
  #upload = null;
  #taken = 0;
  #onchange;

  /**
   * @param {object} spec the option as the bot registered it
   * @param {{store: import("./store.js").Store, suggest: (name: string, typed: string) => Promise<object[]>,
   *   onchange: () => void, onremove: () => void}} context `onremove`: somebody wants the file, or the option, gone
   */
  constructor(spec, { store, suggest, onchange, onremove }) {
    this.spec = spec;
    this.#store = store;
    this.#suggest = suggest;
    this.#onchange = onchange;
    // The composer shows the first of these below; each is read out with its field.
    this.complaint = el("span", { class: "hidden-words", hidden: true, id: `chip-complaint-${(fields += 1)}` });
    this.input = spec.type === Option.ATTACHMENT ? this.#filePicker() : this.#textField();
    const name = el("span", { class: "chip-name", text: spec.name });
    this.input.setAttribute("aria-describedby", this.complaint.id);
    const remove = this.isFile
      ? iconButton("close", `Remove ${spec.name}`, onremove, { hidden: Boolean(spec.required) })
      : null;
    this.remove = remove;
    this.node = el(
      "label",
      { class: "chip", title: spec.description },
      [name, this.input, remove, this.complaint].filter(Boolean),
    );
  }

  #textField() {
    return el("textarea", {
      rows: "1",
      class: "chip-input",
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-label": `${this.spec.name}: ${this.spec.description}${this.spec.required ? ", required" : ""}`,
      spellcheck: "false",
      oninput: () => this.#typed(),
    });
  }

  #filePicker() {
    this.chooser = el("input", {
      type: "file",
      hidden: true,
      onchange: () => this.chooser.files[0] && this.take(this.chooser.files[0]),
    });
    const label = el("span", { class: "chip-file-text", text: NO_FILE });
    return el(
      "button",
      {
        type: "button",
        class: "chip-file",
        "aria-label": `${this.spec.name}: choose a file`,
        onclick: () => this.chooser.click(),
      },
      icon("file"),
      label,
      this.chooser,
    );
  }

  get isFile() {
    return this.spec.type === Option.ATTACHMENT;
  }

  get typed() {
    return this.isFile ? (this.#upload?.filename ?? "") : this.input.value;
  }

  get isEmpty() {
    return this.typed === "" && this.#picked === null;
  }

  /** What would be sent; undefined where there is nothing, or nothing that reads as the option's type. */
  get value() {
    const { type, choices } = this.spec;
    if (this.isFile) return this.#upload ? { upload_id: this.#upload.upload_id } : undefined;
    if (this.#picked !== null) return type in KINDS ? { id: this.#picked.key } : this.#picked.value;
    const text = this.input.value;
    if (text === "") return undefined;
    if (choices) return choices.find((choice) => choice.name.toLowerCase() === text.trim().toLowerCase())?.value;
    if (type === Option.BOOLEAN) return { true: true, false: false }[text.trim().toLowerCase()];
    if (type === Option.INTEGER || type === Option.NUMBER) return readNumber(text, { whole: type === Option.INTEGER });
    return type === Option.STRING ? text : undefined;
  }

  /** Whether the list shows something to pick rather than just to read. */
  get hasSuggestions() {
    const { type, choices, autocomplete } = this.spec;
    return Boolean(choices || autocomplete || type === Option.BOOLEAN || type in KINDS);
  }

  /** Whether the bot is asked for suggestions. */
  get asksBot() {
    return Boolean(this.spec.autocomplete);
  }

  /** @returns {Promise<import("./listbox.js").Entry[]>} rejects with Refused when the bot does not answer */
  async suggestions() {
    const typed = this.#picked ? "" : this.typed;
    const { type, choices } = this.spec;
    if (this.asksBot) return (await this.#suggest(this.spec.name, typed)).map(entryOf);
    if (type in KINDS) return entities(this.#store, { ...KINDS[type], channelTypes: this.spec.channel_types }, typed);
    const all = type === Option.BOOLEAN ? BOOLEANS : (choices ?? []).map(entryOf);
    return all.filter((entry) => entry.title.toLowerCase().includes(typed.trim().toLowerCase()));
  }

  /** Takes a suggestion. */
  choose(entry) {
    this.#picked = entry;
    this.input.value = entry.title;
    this.node.classList.add("picked");
    this.#changed();
  }

  /** Fills in text as if typed. */
  fill(text) {
    this.input.value = text;
    this.#typed();
  }

  /** Lays a file down at the server. */
  async take(file) {
    const taken = (this.#taken += 1);
    this.#name(`${file.name} …`);
    try {
      const kept = await upload(file);
      // Another file was chosen meanwhile, or none.
      if (taken !== this.#taken) return;
      this.#upload = kept;
      this.#name(`${kept.filename} (${bytes(kept.size)})`);
    } catch (error) {
      if (taken !== this.#taken) return;
      this.clear();
      this.complain(error.message);
      return;
    }
    this.remove.hidden = false;
    this.#changed();
  }

  /** Takes the file away. */
  clear() {
    this.#taken += 1;
    this.#upload = null;
    this.chooser.value = "";
    this.#name(NO_FILE);
    this.remove.hidden = Boolean(this.spec.required);
    this.#changed();
  }

  #name(text) {
    this.input.querySelector(".chip-file-text").textContent = text;
  }

  /** Checks the field and says what is wrong with it; null when nothing is. */
  check() {
    const found = problem(this.spec, this.typed, this.value);
    this.complain(found);
    return found;
  }

  complain(text) {
    this.complaint.hidden = !text;
    this.complaint.textContent = text ?? "";
    this.node.classList.toggle("wrong", Boolean(text));
    if (text) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }

  #typed() {
    this.#picked = null;
    this.node.classList.remove("picked");
    this.#changed();
  }

  #changed() {
    this.complain(null);
    this.#onchange(this);
  }
}

function entryOf(choice) {
  return { key: String(choice.value), title: choice.name, value: choice.value };
}
