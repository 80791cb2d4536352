/** The page: puts the rooms together and hands each frame to the one it is for. */
import { Acts } from "./acts.js";
import { ChannelList, firstChannel } from "./channels.js";
import { Composer } from "./composer.js";
import { fetchIcons, toast } from "./dom.js";
import { openForm } from "./forms.js";
import { History } from "./history.js";
import { Interactions } from "./interactions.js";
import { MemberList } from "./members.js";
import { MessageLog } from "./messages.js";
import { namesFrom } from "./names.js";
import { Panel } from "./panel.js";
import { PeopleSwitch, personAtFirst, readPlace, writePlace } from "./people.js";
import { Sides } from "./sides.js";
import { Socket } from "./socket.js";
import { Store } from "./store.js";
import { startTheme } from "./theme.js";
import { setClock, startTicking } from "./times.js";
import { Topbar } from "./topbar.js";

startTheme();
startTicking();
fetchIcons();

const banner = document.getElementById("banner");
const socket = new Socket();
const store = new Store();
const interactions = new Interactions();
const sides = new Sides();
let person = personAtFirst();
// Where the address pointed before there was a state to look it up in.
let wanted = readPlace().slice(1);
// Whether the channel in view has been asked for on this connection.
let isLookedAt = false;

const ask = (verb, fields) => socket.ask(verb, fields);

/** Asks, and shows a refusal instead of throwing it. */
async function tell(verb, fields) {
  try {
    return await ask(verb, fields);
  } catch (error) {
    toast(error.message);
    return null;
  }
}

const acts = new Acts({ store, ask, interactions, go });
const names = namesFrom(store, acts);
const log = new MessageLog({ store, names, acts, interactions, history: new History(store, ask) });
// Views that draw on "state" come after the log's own drawing, which follows "messages".
const channels = new ChannelList(store, go);
const composer = new Composer(store, ask);
const members = new MemberList(store, acts);
const topbar = new Topbar(store, sides);
new PeopleSwitch(store, become);
const panel = new Panel(store, tell);
acts.composer = composer;
acts.names = names;
sides.addEventListener("change", () => panel.follow());

/** Looks at a channel, and there at a message. */
function go(channelId, messageId) {
  sides.closeDrawers();
  if (!store.channel(channelId)) {
    toast("You do not see that channel.");
    return;
  }
  if (channelId !== store.channelId || !isLookedAt) {
    look(channelId);
    composer.moved();
  }
  if (messageId) log.jump(messageId);
}

function look(channelId) {
  store.look(channelId);
  writePlace(person, channelId);
  isLookedAt = true;
  document.title = `${store.channelName(store.channel(channelId))} · Easel sandbox`;
  log.drawAll();
  for (const view of [channels, members, topbar]) view.draw();
  composer.refresh();
  tell("open", { channel_id: channelId });
}

/** This window is somebody else from here on. */
function become(other) {
  person = other;
  isLookedAt = false;
  wanted = [store.channelId];
  store.forget();
  interactions.clear();
  writePlace(person, store.channelId);
  composer.moved();
  socket.connect(person);
}

function onState(frame) {
  store.takeState(frame);
  const isSeen = store.channel(store.channelId);
  if (isSeen && isLookedAt) return;
  const [channelId, messageId] = wanted;
  const place =
    [channelId, store.channelId].find((id) => id && store.channel(id)) ??
    (store.guilds[0] && firstChannel(store.guilds[0])) ??
    store.direct[0]?.id;
  wanted = [];
  if (!place) return;
  look(place);
  if (messageId) log.jump(messageId);
}

const takers = {
  state: onState,
  messages: (frame) => store.takeMessages(frame),
  message: (frame) => store.takeMessage(frame),
  interaction: (frame) => interactions.take(frame),
  clock: (frame) => {
    setClock(frame.now_ms);
    panel.machine.draw();
    // The addresses of pictures end after a day of the sandbox's time.
    if (store.channelId) tell("open", { channel_id: store.channelId });
  },
  traffic: (frame) => panel.takeTraffic(frame),
  panel: (frame) => panel.takePanel(frame),
};

socket.addEventListener("frame", ({ detail }) => takers[detail.type]?.(detail));
socket.addEventListener("open", () => {
  banner.hidden = true;
  panel.followAnew();
});
socket.addEventListener("lost", () => {
  isLookedAt = false;
  interactions.clear();
  banner.hidden = false;
  banner.textContent = "The connection is lost. Trying again…";
});
socket.addEventListener("refused", ({ detail }) => toast(detail));
interactions.addEventListener("modal", ({ detail: { interaction_id, modal } }) => {
  const send = (values) => ask("submit_modal", { interaction_id, values });
  openForm(modal, { store, names, send, giveUp: () => tell("close_modal", { interaction_id }) });
});
addEventListener("hashchange", onHash);
// Its address would read as a person's name; without scripts it leads to the same place.
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  composer.focus();
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => composer.drop(event));

/** A link to a message, or another address typed by hand. */
function onHash() {
  const [named, channelId, messageId] = readPlace();
  if (named !== person) {
    location.reload();
    return;
  }
  if (channelId) go(channelId, messageId);
}

composer.refresh();
topbar.draw();
socket.connect(person);
