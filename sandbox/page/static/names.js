/** What ids in a text stand for, as nodes: mentions, commands to click, jumps within the page. */
import { el, icon } from "./dom.js";

/**
 * @typedef {object} Names
 * @property {(kind: "user" | "role" | "channel", id: string) => Node} mention
 * @property {boolean} [isEveryoneCalled] whether @everyone and @here in the text call anybody
 * @property {(path: string) => Node} command
 * @property {(channelId: string, messageId: string | undefined, shown: Array<Node | string> | null) => Node} jump
 */

/**
 * Names taken from the store.
 * @param {import("./store.js").Store} store
 * @param {{type: (path: string) => void, go: (channelId: string, messageId?: string) => void}} acts
 * @returns {Names}
 */
export function namesFrom(store, acts) {
  return {
    mention(kind, id) {
      if (kind === "user") return mention(`@${store.userName(id) ?? "unknown-user"}`);
      if (kind === "role") {
        const role = store.role(id);
        const node = mention(`@${role?.name ?? "deleted-role"}`);
        if (role?.color) node.style.setProperty("--mention", `#${role.color.toString(16).padStart(6, "0")}`);
        return node;
      }
      const channel = store.channel(id);
      if (!channel) return mention("#unknown");
      return button([icon(store.iconOf(channel)), store.channelName(channel)], () => acts.go(id));
    },
    command(path) {
      return button([`/${path}`], () => acts.type(path));
    },
    jump(channelId, messageId, shown) {
      const channel = store.channel(channelId);
      const place = channel ? [icon(store.iconOf(channel)), store.channelName(channel)] : ["#unknown"];
      const label = shown ?? (messageId ? [...place, " › ", icon("bubble")] : place);
      const node = button(label, () => acts.go(channelId, messageId));
      if (shown) node.className = "jump";
      if (messageId) node.title = "Jump to the message";
      return node;
    },
  };
}

function mention(text) {
  return el("span", { class: "mention", text });
}

function button(children, onclick) {
  return el("button", { type: "button", class: "mention", onclick }, children);
}
