/** What a person does to messages and people: the deeds behind buttons, menus and links. */
import { toast } from "./dom.js";
import { openForm } from "./forms.js";
import { openMenu } from "./menu.js";
import { isEphemeral } from "./message.js";
import { Channel, shownName } from "./store.js";

const USER_COMMAND = 2;
const MESSAGE_COMMAND = 3;
/** How long a thread's name may be (Discord API reference). */
const THREAD_NAME = 100;

export class Acts {
  #store;
  #ask;
  #interactions;
  #composer;
  #names;
  #go;

  /**
   * @param {{store: import("./store.js").Store, ask: (verb: string, fields: object) => Promise<object>,
   *   interactions: import("./interactions.js").Interactions,
   *   go: (channelId: string, messageId?: string) => void}} context
   */
  constructor({ store, ask, interactions, go }) {
    this.#store = store;
    this.#ask = ask;
    this.#interactions = interactions;
    this.#go = go;
  }

  set composer(composer) {
    this.#composer = composer;
  }

  set names(names) {
    this.#names = names;
  }

  /** Begins a command in the composer. */
  type(path) {
    this.#composer.type(path);
  }

  go(channelId, messageId) {
    this.#go(channelId, messageId);
  }

  reply(message) {
    this.#composer.reply(message);
  }

  /** Presses a button; resolves once the bot has answered, or has not. */
  press(message, customId) {
    return this.#use("press", { message_id: message.id, custom_id: customId });
  }

  choose(message, customId, values) {
    return this.#use("select", { message_id: message.id, custom_id: customId, values });
  }

  dismiss(message) {
    return this.#tell("dismiss", { message_id: message.id });
  }

  async #use(verb, fields) {
    const reply = await this.#tell(verb, fields);
    if (reply?.interaction_id) await this.#interactions.settled(reply.interaction_id);
  }

  async #tell(verb, fields) {
    try {
      return await this.#ask(verb, fields);
    } catch (error) {
      toast(error.message);
      return null;
    }
  }

  /** The menu of a message. */
  menu(message, x, y, back) {
    const items = isEphemeral(message)
      ? [{ label: "Dismiss message", icon: "close", run: () => this.dismiss(message) }]
      : [
          { label: "Reply", icon: "reply", run: () => this.reply(message) },
          ...(this.#mayThread(message)
            ? [{ label: "Create thread…", icon: "thread", run: () => this.#thread(message) }]
            : []),
          { label: "Copy message link", icon: "link", run: () => this.#copyLink(message) },
          ...this.#apps(MESSAGE_COMMAND, (name) =>
            this.#tell("message_command", { channel_id: message.channel_id, name, message_id: message.id }),
          ),
        ];
    if (mayDelete(message))
      items.push({
        label: "Delete message",
        icon: "trash",
        isDanger: true,
        heading: " ",
        run: () => this.#tell("delete", { message_id: message.id }),
      });
    openMenu(items, { x, y, back, label: `Message of ${shownName(message.author)}` });
  }

  /** The menu of a person. */
  personMenu(user, x, y, back) {
    const items = [
      { label: "Mention", icon: "at", run: () => this.#composer.start(`<@${user.id}> `) },
      ...this.#apps(USER_COMMAND, (name) =>
        this.#tell("user_command", { channel_id: this.#store.channelId, name, user_id: user.id }),
      ),
    ];
    openMenu(items, { x, y, back, label: shownName(user) });
  }

  #mayThread(message) {
    const channel = this.#store.channel(message.channel_id);
    return channel?.type === Channel.TEXT && Boolean(channel.sandbox?.can_write);
  }

  /** Asks for a name and makes a thread that begins with the message. */
  #thread(message) {
    const input = { type: 4, custom_id: "name", style: 1, max_length: THREAD_NAME };
    const send = async ({ name }) => {
      const fields = { channel_id: message.channel_id, name, message_id: message.id };
      const { channel_id: channelId } = await this.#ask("thread", fields);
      this.#go(channelId);
    };
    const modal = { title: "Create thread", components: [{ type: 18, label: "Thread name", component: input }] };
    openForm(modal, { store: this.#store, names: this.#names, send, giveUp: () => {} });
  }

  #apps(type, run) {
    return this.#store
      .commandsHere()
      .filter((command) => command.type === type)
      .map((command) => ({ label: command.name, icon: "apps", heading: "Apps", run: () => run(command.name) }));
  }

  async #copyLink(message) {
    const guild = this.#store.guildOf(message.channel_id);
    const link = `https://discord.com/channels/${guild?.id ?? "@me"}/${message.channel_id}/${message.id}`;
    try {
      await navigator.clipboard.writeText(link);
      toast("The link is copied; pasted into a message it jumps here.");
    } catch {
      toast(link);
    }
  }
}

function mayDelete(message) {
  return Boolean(message.sandbox?.can_delete) && !isEphemeral(message);
}
