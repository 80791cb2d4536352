/** The right side: who is in the channel's server, by their highest role. */
import { avatar, el } from "./dom.js";
import { badge } from "./message.js";
import { shownName } from "./store.js";

export class MemberList {
  #root = document.getElementById("members");
  #store;
  #acts;

  constructor(store, acts) {
    this.#store = store;
    this.#acts = acts;
    store.addEventListener("state", () => this.draw());
  }

  draw() {
    const guild = this.#store.guildOf(this.#store.channelId);
    // In a conversation of two the other one is the bot.
    const partner = this.#store.botUser();
    const members = guild?.members ?? (partner && this.#store.channelId ? [{ user: partner, roles: [] }] : []);
    const groups = new Map();
    for (const member of members.toSorted((one, other) => shownName(one.user).localeCompare(shownName(other.user)))) {
      const group = this.#groupOf(member, guild);
      groups.set(group.name, { ...group, members: [...(groups.get(group.name)?.members ?? []), member] });
    }
    const sorted = [...groups.values()].sort((one, other) => other.position - one.position);
    this.#root.replaceChildren(...sorted.flatMap((group) => this.#group(group, guild)));
  }

  #groupOf(member, guild) {
    if (member.user.bot && !this.#isOnline(member.user)) return { name: "Offline", position: -1 };
    const role = this.#store.rolesOf(member.user.id, guild).find((one) => one.hoist);
    return role ? { name: role.name, position: role.position } : { name: "Online", position: 0 };
  }

  #isOnline(user) {
    return !user.bot || this.#store.bot.state === "running";
  }

  #group({ name, members }, guild) {
    return [
      el("h2", { text: `${name} — ${members.length}` }),
      el(
        "ul",
        {},
        members.map((member) => this.#row(member.user, guild)),
      ),
    ];
  }

  #row(user, guild) {
    const name = shownName(user);
    const colour = this.#store.colourOf(user.id, guild);
    const isOnline = this.#isOnline(user);
    const open = (event) => {
      event.preventDefault();
      const box = event.currentTarget.getBoundingClientRect();
      this.#acts.personMenu(user, event.clientX || box.left, event.clientY || box.bottom, event.currentTarget);
    };
    return el(
      "li",
      {},
      el(
        "button",
        {
          type: "button",
          class: `member${isOnline ? "" : " offline"}`,
          "aria-haspopup": "menu",
          onclick: open,
          oncontextmenu: open,
        },
        el(
          "span",
          { class: "with-dot" },
          avatar(name, { isBot: user.bot, small: true }),
          el("span", { class: `dot ${isOnline ? "online" : "away"}`, title: isOnline ? "online" : "offline" }),
        ),
        el("span", { class: "name", text: name, style: colour ? { "--name": colour } : {} }),
        user.bot ? badge() : null,
        user.id === this.#store.me?.id ? el("span", { class: "hidden-words", text: "you" }) : null,
      ),
    );
  }
}
