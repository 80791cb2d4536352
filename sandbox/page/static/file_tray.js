/** Files that wait above the message box to be sent with the next words. */
import { bytes, el, icon, iconButton, toast } from "./dom.js";
import { upload } from "./socket.js";

// What a message takes.
const MOST = 10;

export class FileTray {
  #kept = [];
  /** Counts what was sent or put away: a file that was still on its way then belongs to nothing any more. */
  #round = 0;
  #onempty;

  /** @param {() => void} onempty called when the last file was removed by hand: the cursor needs another place */
  constructor(onempty) {
    this.#onempty = onempty;
    this.chooser = el("input", {
      type: "file",
      multiple: true,
      hidden: true,
      onchange: () => {
        this.take([...this.chooser.files]);
        this.chooser.value = "";
      },
    });
    this.list = el("ul", { class: "file-tray", "aria-label": "Files to send", hidden: true });
    this.node = el("div", {}, this.chooser, this.list);
  }

  /** The ids under which the server keeps them. */
  get uploadIds() {
    return this.#kept.map((one) => one.upload_id);
  }

  choose() {
    this.chooser.click();
  }

  /** Lays files down at the server. */
  async take(files) {
    const round = this.#round;
    for (const file of files) {
      if (this.#kept.length >= MOST) {
        toast(`A message takes at most ${MOST} files.`);
        return;
      }
      try {
        const kept = await upload(file);
        if (round !== this.#round) return;
        this.#kept.push(kept);
        this.#draw();
      } catch (error) {
        toast(error.message);
      }
    }
  }

  /** Empties the tray; what lay in it can be put back where it was not sent. */
  clear() {
    const kept = this.#kept;
    this.#round += 1;
    this.#kept = [];
    this.#draw();
    return kept;
  }

  putBack(kept) {
    this.#kept = [...kept, ...this.#kept].slice(0, MOST);
    this.#draw();
  }

  #draw() {
    this.list.hidden = !this.#kept.length;
    this.list.replaceChildren(
      ...this.#kept.map((one) =>
        el(
          "li",
          {},
          icon("file"),
          el("span", { text: `${one.filename} (${bytes(one.size)})` }),
          iconButton("close", `Remove ${one.filename}`, () => this.#remove(one)),
        ),
      ),
    );
  }

  #remove(gone) {
    this.#kept = this.#kept.filter((one) => one !== gone);
    this.#draw();
    const next = this.list.querySelector("button");
    if (next) next.focus();
    else this.#onempty();
  }
}
