/** People, roles and channels to choose from, as entries of a list. */
import { avatar, el, icon } from "./dom.js";
import { shownName } from "./store.js";

/**
 * Entries for the things of these kinds in the channel's guild whose name holds `typed`.
 * @param {import("./store.js").Store} store
 * @param {{users?: boolean, roles?: boolean, channels?: boolean, channelTypes?: number[]}} kinds
 * @returns {import("./listbox.js").Entry[]} with the id as key
 */
export function entities(store, kinds, typed = "") {
  const guild = store.guildOf(store.channelId);
  const wanted = typed.replace(/^[@#]/, "").toLowerCase();
  const found = [
    ...(kinds.users ? users(store, guild) : []),
    ...(kinds.roles ? roles(guild) : []),
    ...(kinds.channels ? channels(store, guild, kinds.channelTypes) : []),
  ];
  return found.filter((entry) => `${entry.title} ${entry.note ?? ""}`.toLowerCase().includes(wanted));
}

function users(store, guild) {
  const people = guild ? guild.members.map((member) => member.user) : [store.me, store.botUser()].filter(Boolean);
  return people.map((user) => ({
    key: user.id,
    title: shownName(user),
    note: user.username,
    lead: avatar(shownName(user), { isBot: user.bot, small: true }),
  }));
}

function roles(guild) {
  return (guild?.roles ?? []).map((role) => ({
    key: role.id,
    title: role.name,
    lead: el("span", {
      class: "role-dot",
      style: role.color ? { "--role": `#${role.color.toString(16).padStart(6, "0")}` } : {},
    }),
  }));
}

function channels(store, guild, types) {
  return (guild?.channels ?? [])
    .filter((channel) => !types?.length || types.includes(channel.type))
    .map((channel) => ({ key: channel.id, title: channel.name, lead: icon(store.iconOf(channel)) }));
}
