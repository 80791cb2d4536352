/** Earlier messages of a channel, fetched when somebody looks for them. */
import { compareIds } from "./store.js";

export class History {
  #store;
  #ask;
  #loading = null;

  /**
   * @param {import("./store.js").Store} store
   * @param {(verb: string, fields: object) => Promise<object>} ask
   */
  constructor(store, ask) {
    this.#store = store;
    this.#ask = ask;
  }

  /**
   * Fetches some before the oldest that is known; the store tells of them.
   * @returns {Promise<void>} rejects with Refused
   */
  more(channelId) {
    this.#loading ??= this.#load(channelId).finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #load(channelId) {
    const known = this.#store.messages.get(channelId) ?? [];
    if (!known.length || this.#store.isWhole(channelId)) return;
    const before = known[0].id;
    const told = await this.#ask("older", { channel_id: channelId, before });
    // Another person's window, or a fresh log: the answer fits it no more.
    if (this.#store.messages.get(channelId)?.[0]?.id === before) this.#store.takeOlder(channelId, told);
  }

  /**
   * Fetches until that message is known.
   * @returns {Promise<boolean>} false where it is not there; rejects with Refused
   */
  async find(channelId, messageId) {
    let oldest = null;
    while (!this.#store.message(channelId, messageId)) {
      const first = this.#store.messages.get(channelId)?.[0]?.id;
      const isBefore = first && first !== oldest && compareIds(messageId, first) < 0;
      if (!isBefore || this.#store.isWhole(channelId)) return false;
      oldest = first;
      await this.more(channelId);
    }
    return true;
  }
}
