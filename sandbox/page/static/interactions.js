/** What this person has set off and the bot has not answered yet. */

// Answers that came before their question's reply was read are kept this many deep.
const REMEMBERED = 200;
/** An interaction by a button or menu (Discord API reference, "Interaction Type"). */
const COMPONENT = 3;

/**
 * Events: "pending" (what is under way changed), "failed" (detail: the message whose button was not answered),
 * "modal" (detail: the frame with the form).
 */
export class Interactions extends EventTarget {
  #frames = new Map();
  #waiting = new Map();
  #failures = new Map();

  /** Takes an "interaction" frame. */
  take(frame) {
    const { interaction_id: id, state, kind, message_id: messageId } = frame;
    const isSettled = state !== "sent";
    this.#frames.set(id, { ...this.#frames.get(id), ...frame });
    if (this.#frames.size > REMEMBERED) this.#frames.delete(this.#frames.keys().next().value);
    if (isSettled) {
      this.#waiting.get(id)?.(state);
      this.#waiting.delete(id);
    }
    if (kind === COMPONENT && this.#failures.has(messageId) !== (state === "did_not_respond")) {
      if (state === "did_not_respond")
        this.#failures.set(messageId, "This interaction failed: the application did not respond");
      else this.#failures.delete(messageId);
      this.dispatchEvent(new CustomEvent("failed", { detail: messageId }));
    }
    if (state === "modal") this.dispatchEvent(new CustomEvent("modal", { detail: frame }));
    this.dispatchEvent(new Event("pending"));
  }

  /** Resolves with the state once the bot has answered, or has not. */
  settled(id) {
    const known = this.#frames.get(id);
    if (known && known.state !== "sent") return Promise.resolve(known.state);
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** Commands and forms in a channel that wait for their answer, or got none; oldest first. */
  pendingIn(channelId) {
    return [...this.#frames.values()]
      .filter(
        (frame) =>
          frame.channel_id === channelId &&
          frame.kind !== COMPONENT &&
          ["sent", "did_not_respond"].includes(frame.state),
      )
      .map((frame) => ({ id: frame.interaction_id, state: frame.state, command: frame.command }));
  }

  /** What to say below a message whose button or menu got no answer; null where all is well. */
  failureOf(messageId) {
    return this.#failures.get(messageId) ?? null;
  }

  /** Takes one off the screen. */
  forget(id) {
    this.#frames.delete(id);
    this.dispatchEvent(new Event("pending"));
  }

  /** After a loss nobody knows what was answered meanwhile. */
  clear() {
    for (const resolve of this.#waiting.values()) resolve("lost");
    this.#waiting.clear();
    this.#frames.clear();
    this.#failures.clear();
    this.dispatchEvent(new Event("pending"));
  }
}
