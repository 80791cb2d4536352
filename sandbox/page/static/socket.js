/** One websocket to the sandbox: questions with answers, news as they come, and coming back after a loss. */

const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5000;
const ANSWER_MS = 10_000;

/** What the server refused, in its own plain words. */
export class Refused extends Error {}

export class Socket extends EventTarget {
  #socket = null;
  #seq = 0;
  #waiting = new Map();
  #wait = FIRST_WAIT_MS;
  #retry = null;
  #person = null;

  /** Opens the connection as this person; an open one is closed first. Events: "open", "lost", "frame". */
  connect(person) {
    this.#person = person;
    clearTimeout(this.#retry);
    this.#drop("this window is someone else now");
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws`);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#opened(socket));
    socket.addEventListener("message", (event) => this.#heard(socket, JSON.parse(event.data)));
    socket.addEventListener("close", () => this.#closed(socket));
  }

  /**
   * Asks the server for something and waits for its answer.
   * @param {string} verb
   * @param {object} [fields]
   * @returns {Promise<object>} rejects with Refused
   */
  ask(verb, fields = {}) {
    if (this.#socket?.readyState !== WebSocket.OPEN)
      return Promise.reject(new Refused("The connection is lost; wait a moment."));
    const seq = (this.#seq += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle({ seq, ok: false, error: "The sandbox did not answer." }), ANSWER_MS);
      this.#waiting.set(seq, { resolve, reject, timer });
      this.#socket.send(JSON.stringify({ seq, do: verb, ...fields }));
    });
  }

  #opened(socket) {
    if (socket !== this.#socket) return;
    this.#wait = FIRST_WAIT_MS;
    this.ask("be", { person: this.#person }).then(
      () => this.dispatchEvent(new Event("open")),
      (error) => this.dispatchEvent(new CustomEvent("refused", { detail: error.message })),
    );
  }

  #heard(socket, frame) {
    if (socket !== this.#socket) return;
    if (frame.type === "reply") this.#settle(frame);
    else this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }

  #settle(frame) {
    const waiting = this.#waiting.get(frame.seq);
    if (!waiting) return;
    this.#waiting.delete(frame.seq);
    clearTimeout(waiting.timer);
    if (frame.ok) waiting.resolve(frame);
    else waiting.reject(new Refused(frame.error ?? "That did not work."));
  }

  #closed(socket) {
    if (socket !== this.#socket) return;
    this.#drop("The connection was lost.");
    this.dispatchEvent(new Event("lost"));
    // Windows that lost the same server do not all come back in the same instant.
    this.#retry = setTimeout(() => this.connect(this.#person), this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(LONGEST_WAIT_MS, this.#wait * 2);
  }

  #drop(reason) {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Refused(reason));
    }
    this.#waiting.clear();
  }
}

/**
 * Lays a file down at the server until a command or form uses it.
 * @param {File} file
 * @returns {Promise<{upload_id: string, filename: string, size: number}>} rejects with Refused
 */
export async function upload(file) {
  const body = new FormData();
  body.append("file", file, file.name);
  const answer = await fetch("/upload", { method: "POST", body, headers: { "X-Easel-Page": "1" } }).catch(() => null);
  if (!answer?.ok)
    throw new Refused(answer ? `${file.name} was not taken (${answer.status}).` : "The connection is lost.");
  return answer.json();
}
