// SPDX-License-Identifier: LGPL-2.1-or-later
// The page: joins the room client to what is seen.
import { RtcError, RtcRoom, codes, isId, makeUserId } from './rtc-room.js';
import { allowSound } from './sound.js';
import { Tile, setIcon } from './tile.js';

const FIGURES_INTERVAL = 1000;
const LEVEL_INTERVAL = 80;
const ALERT_TIME = 15000;
const MANY = 4; /* tiles, up to which each has all the place it can get */
const RESERVED = ['getconfig', 'healthz', 'ws', 'page', 'favicon.ico', 'robots.txt'];

const at = (id) => document.getElementById(id);
const tiles = new Map(); /* `camera USER` or `screen USER` -> Tile */
const devices = { audio: null, video: null, screen: null }; /* tracks */

let room = null;
let settings = { appId: 'default', tokenNeeded: false };
let busy = false;

const connectionWords = {
  out: 'not connected',
  connecting: 'connecting',
  joined: 'connected',
  reconnecting: 'reconnecting',
};

const leaveWords = {
  'left': 'left the room',
  'connection lost': 'was lost',
  'token expired': 'had to leave: the token expired',
  'invisible': 'is not visible any more',
};

/* --- words --- */

function describe(error) {
  return { text: error.reason ? `${error.text}: ${error.reason}.` : `${error.text}.`,
    code: `${error.code} ${error.symbol}` };
}

function fillAlert(element, error) {
  const { text, code } = describe(error);
  const small = document.createElement('small');

  element.textContent = text;
  small.textContent = code;
  element.append(' ', small);
}

function alertPerson(error) {
  const words = document.createElement('p');

  fillAlert(words, error);
  showAlert(words, 'alert');
}

function warnPerson(text) {
  const words = document.createElement('p');

  words.textContent = text;
  showAlert(words, 'alert warning');
}

function showAlert(words, kind) {
  const box = document.createElement('div');
  const button = document.createElement('button');

  box.className = kind;
  button.type = 'button';
  button.className = 'close';
  button.textContent = '×';
  button.setAttribute('aria-label', 'Close this message');
  button.addEventListener('click', () => box.remove());
  box.append(words, button);
  at('alerts').append(box);
  setTimeout(() => box.remove(), ALERT_TIME);
}

/* For those who hear the page instead of seeing it. */
function tellNews(text) {
  const line = document.createElement('p');

  line.textContent = text;
  at('news').append(line);
  while (at('news').children.length > 20)
    at('news').firstElementChild.remove();
}

/* --- what is remembered; never a token --- */

function recall(name) {
  try {
    return localStorage.getItem(`rtc-room ${name}`) ?? '';
  } catch {
    return '';
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(`rtc-room ${name}`, value);
  } catch { /* a private window; nothing depends on it */ }
}

/* --- the door --- */

/* The members of `#name=value&...`. Not URLSearchParams, to which the plus
 * signs of a token are spaces. */
function readFragment() {
  const members = new Map();

  for (const part of location.hash.slice(1).split('&')) {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(part) ?? [];

    try {
      if (name)
        members.set(name, decodeURIComponent(value));
    } catch { /* a stray percent sign */ }
  }
  return members;
}

function readAddress() {
  const fragment = readFragment();
  let name = '';

  try {
    name = decodeURIComponent(location.pathname.slice(1));
  } catch { /* not a name */ }
  if (fragment.has('token')) {
    at('token').value = fragment.get('token');
    /* It must not be seen over a shoulder, nor copied with the address. */
    fragment.delete('token');
    history.replaceState(null, '', location.pathname + (fragment.size ? '#' : '') +
      [...fragment].map((pair) => pair.map(encodeURIComponent).join('=')).join('&'));
  }
  return { room: fragment.get('room') || name, user: fragment.get('name') };
}

async function prepareDoor() {
  const address = readAddress();

  at('room').value = address.room || recall('room') || 'hall';
  at('name').value = address.user || recall('name') || makeUserId();
  try {
    settings = await (await fetch('/page/settings.json')).json();
  } catch { /* entering will tell what is wrong */ }
  at('token-part').hidden = !settings.tokenNeeded && !at('token').value;
  at('token-optional').hidden = settings.tokenNeeded;
  document.body.dataset.ready = 'true';
}

function checkField(id, what) {
  const fault = at(`${id}-fault`);
  const value = at(id).value.trim();
  let text = '';

  if (!value)
    text = `Please give ${what}.`;
  else if (!isId(value))
    text = 'Only the letters a to z, digits and @ _ - . can be used, without spaces.';
  fault.textContent = text;
  fault.hidden = !text;
  at(id).setAttribute('aria-invalid', !!text);
  return !text;
}

function showDoorError(error) {
  const alert = at('door-alert');

  alert.hidden = !error;
  if (error)
    fillAlert(alert, error);
}

async function enter(event) {
  event.preventDefault();
  const goodRoom = checkField('room', 'the name of a room');
  const goodName = checkField('name', 'a name');

  if (!goodRoom || !goodName) {
    at(goodRoom ? 'name' : 'room').focus();
    return;
  }
  if (room)
    return;
  allowSound();
  showDoorError(null);
  at('enter').disabled = true;
  at('enter').textContent = 'Entering…';
  room = makeRoom();
  try {
    await room.join({ room: at('room').value.trim(), user: at('name').value.trim(),
      token: at('token').value.trim() });
    openHall();
  } catch (error) {
    room = null;
    showDoorError(error);
    /* The most likely thing that has to be typed again. */
    if (error.code === codes.JOIN_ROOM_ERROR && /token/.test(error.reason)) {
      at('token-part').hidden = false;
      at('token').focus();
    } else {
      at('enter').focus();
    }
  } finally {
    at('enter').disabled = false;
    at('enter').textContent = 'Enter';
  }
}

/* --- the room --- */

function makeRoom() {
  const made = new RtcRoom({ appId: settings.appId, autoSubscribe: true });
  const on = (type, handler) => made.addEventListener(type, ({ detail }) => {
    if (room === made)
      handler(detail);
  });

  on('state', showState);
  on('peer-online', ({ user }) => {
    addTile(user);
    tellNews(`${user} is in the room`);
  });
  on('peer-leave', ({ user, reason }) => {
    removeTile(user, false);
    removeTile(user, true);
    tellNews(`${user} ${leaveWords[reason] ?? 'is gone'}`);
  });
  on('stream-added', (stream) => {
    const tile = addTile(stream.user, stream.screen);

    moveUp(tile);
    tile.setStream(stream);
    tellNews(`${stream.user} shares ${describeShare(stream)}`);
  });
  on('stream-removed', ({ user, screen }) => {
    if (screen)
      removeTile(user, true);
    else
      tileOf(user)?.setStream(null);
  });
  on('stream-muted', ({ user, screen, audioMuted, videoMuted }) => {
    tileOf(user, screen)?.setStream(findStream(user, screen));
    tellNews(`${user}: microphone ${audioMuted ? 'muted' : 'on'}, picture ${
      videoMuted ? 'muted' : 'on'}`);
  });
  on('media', ({ user, screen, media }) => tileOf(user, screen)?.setMedia(media));
  on('media-state', showMediaState);
  on('own-stream', ({ screen }) => showOwn(screen));
  on('banned', ({ reason }) => {
    const error = new RtcError(codes.JOIN_ROOM_ERROR,
      reason === 'the user entered again'
        ? 'somebody entered with your name in another place' : reason);

    error.text = 'You are out of the room';
    showDoorError(error);
  });
  on('token-will-expire', ({ seconds }) => warnPerson(
    `Your token ends in ${seconds} seconds. Enter again with a new one to stay.`));
  on('error', ({ error }) => (room.state === 'joined' ? alertPerson(error)
    : showDoorError(error)));
  return made;
}

function describeShare({ screen, audioCodec, videoCodec }) {
  if (screen)
    return 'a screen';
  return [videoCodec && 'a picture', audioCodec && 'sound'].filter(Boolean).join(' and ');
}

function findStream(user, screen) {
  return room.users.find((entry) => entry.user === user)?.streams
    .find((stream) => stream.screen === !!screen) ?? null;
}

function openHall() {
  const name = room.room;

  remember('room', name);
  remember('name', room.user);
  at('title').textContent = at('title').title = name;
  document.title = `${name} · Room`;
  history.replaceState(null, '',
    RESERVED.includes(name) ? `/#room=${name}` : `/${name}`);
  at('recipe').textContent = `gst-launch-1.0 videotestsrc ! rtcsink room-id=${name}` +
    ` \\\n    server-url=${location.origin}` +
    (settings.tokenNeeded ? ' token=…' : '');
  addTile(room.user);
  at('door').hidden = true;
  at('hall').hidden = false;
  at('microphone').focus({ focusVisible: false });
  showButtons();
  showCount();
}

function closeHall() {
  for (const tile of tiles.values())
    tile.remove();
  tiles.clear();
  for (const kind of Object.keys(devices))
    releaseDevice(kind);
  room = null;
  document.title = 'Room';
  at('hall').hidden = true;
  at('door').hidden = false;
  at('enter').focus();
}

function showState({ state, attempt, reason }) {
  document.body.dataset.state = state;
  at('connection').title = reason;
  at('connection-text').textContent = connectionWords[state] +
    (attempt > 1 ? ` (attempt ${attempt})` : '');
  if (state === 'out' && !at('hall').hidden)
    closeHall();
  showButtons();
}

function showMediaState({ user, screen, state, error }) {
  const tile = tileOf(user, screen);

  if (!tile)
    return;
  tile.element.dataset.media = state;
  if (state === 'failed') {
    tile.coverFailure(describe(error), () => room?.subscribe(user, { screen })
      .catch(alertPerson));
    tellNews(`${user}: ${describe(error).text}`);
  } else {
    tile.cover({ connecting: 'connecting …',
      recovering: 'interrupted, trying again …' }[state] ?? '');
  }
}

const keyOf = (user, screen) => `${screen ? 'screen' : 'camera'} ${user}`;
const tileOf = (user, screen = false) => tiles.get(keyOf(user, screen));

function addTile(user, screen = false) {
  const known = tileOf(user, screen);
  const own = user === room.user;

  if (known)
    return known;
  if (screen)
    addTile(user);
  const tile = new Tile(user, { screen, own }, {
    stop: () => (screen ? stopScreen() : stopCamera()),
    hush: async (muted) => {
      try {
        await room.muteRemote(user, { screen, audio: muted });
        return true;
      } catch (error) {
        alertPerson(error);
        return false;
      }
    },
  });

  tiles.set(keyOf(user, screen), tile);
  /* Screens first, oneself last. */
  if (screen)
    at('tiles').prepend(tile.element);
  else if (own)
    at('tiles').append(tile.element);
  else
    at('tiles').insertBefore(tile.element,
      tileOf(room.user)?.element ?? null);
  showCount();
  return tile;
}

/* Who begins to share goes before those who do not. There is no picture yet,
 * which would stop by that. */
function moveUp(tile) {
  const first = at('tiles').querySelector('.tile[data-quiet=true]:not(.own)');

  if (tile.quiet && !tile.screen && first !== tile.element)
    at('tiles').insertBefore(tile.element, first);
}

function removeTile(user, screen) {
  tileOf(user, screen)?.remove();
  tiles.delete(keyOf(user, screen));
  showCount();
}

function showCount() {
  const people = [...tiles.values()].filter((tile) => !tile.screen).length;

  at('count').textContent = `${people} ${people === 1 ? 'person' : 'people'}`;
  at('alone').hidden = people > 1;
  at('tiles').dataset.count = tiles.size;
  at('tiles').dataset.many = tiles.size > MANY;
}

/* --- what one shares --- */

function showOwn(screen) {
  const own = room.ownStreams.find((stream) => stream.screen === screen);

  if (screen && !own) {
    removeTile(room.user, true);
  } else {
    const tile = addTile(room.user, screen);

    tile.setStream(own ?? null);
    tile.setMedia(own?.media ?? null);
  }
  showButtons();
}

/* What is shared can be muted also while the server is away. */
function showButton(id, on, shared, name, words) {
  const button = at(id);

  button.setAttribute('aria-pressed', on);
  button.disabled = busy ||
    (room?.state !== 'joined' && !(shared && room?.state === 'reconnecting'));
  button.title = words;
  setIcon(button, name);
}

function showButtons() {
  const own = room?.ownStreams.find((stream) => !stream.screen);
  const hears = !!own?.audioCodec && !own.audioMuted;
  const sees = !!own?.videoCodec && !own.videoMuted;
  const screen = !!room?.ownStreams.some((stream) => stream.screen);

  showButton('microphone', hears, !!own?.audioCodec, hears ? 'mic' : 'mic-off',
    hears ? 'Mute the microphone' : 'Switch the microphone on');
  showButton('webcam', sees, !!own?.videoCodec, sees ? 'camera' : 'camera-off',
    sees ? 'Mute the camera' : 'Switch the camera on');
  showButton('desktop', screen, false, screen ? 'stop' : 'screen',
    screen ? 'Stop sharing the screen' : 'Share the screen');
}

const deviceFaults = {
  NotAllowedError: 'the browser was not allowed to use it',
  NotFoundError: 'there is none',
  NotReadableError: 'another program uses it',
};

async function openDevice(kind) {
  const what = { audio: 'microphone', video: 'camera', screen: 'screen' }[kind];

  if (!navigator.mediaDevices)
    throw new RtcError(codes.PUBLISH_ERROR, `${what}: browsers give it to pages ` +
      'of https addresses and of this machine only');
  try {
    if (kind === 'screen')
      return await navigator.mediaDevices.getDisplayMedia({ video: true, audio: true });
    return await navigator.mediaDevices.getUserMedia(kind === 'audio'
      ? { audio: { echoCancellation: true, noiseSuppression: true } }
      : { video: { width: { ideal: 1280 }, height: { ideal: 720 } } });
  } catch (error) {
    throw new RtcError(codes.PUBLISH_ERROR,
      `${what}: ${deviceFaults[error.name] ?? error.message}`);
  }
}

function releaseDevice(kind) {
  const held = devices[kind];

  devices[kind] = null;
  for (const track of held instanceof MediaStream ? held.getTracks() : [held])
    track?.stop();
}

/* One thing at a time: each of these asks the server more than once. */
async function guarded(work) {
  if (busy || !room)
    return;
  busy = true;
  showButtons();
  try {
    await work();
  } catch (error) {
    alertPerson(error instanceof RtcError ? error
      : new RtcError(codes.PUBLISH_ERROR, error.message));
  } finally {
    busy = false;
    if (room)
      showButtons();
  }
}

/* A stream has the media it was published with, so that a second device
 * means to publish anew. */
async function republish() {
  const before = room.ownStreams.find((stream) => !stream.screen);
  const tracks = [devices.audio, devices.video].filter(Boolean);

  if (before)
    await room.unpublish();
  await room.publish(new MediaStream(tracks), {
    audioMuted: before?.audioMuted, videoMuted: before?.videoMuted });
}

function toggleDevice(kind) {
  return guarded(async () => {
    const own = room.ownStreams.find((stream) => !stream.screen);

    if (devices[kind] && own) {
      await room.muteLocal({ [kind]: !own[`${kind}Muted`] });
      return;
    }
    const track = (await openDevice(kind)).getTracks()[0];

    if (!room) {
      track.stop();
      return;
    }
    devices[kind] = track;
    track.addEventListener('ended', () => {
      if (devices[kind] === track)
        stopCamera();
    });
    try {
      await republish();
    } catch (error) {
      releaseDevice(kind);
      throw error;
    }
  });
}

function stopCamera() {
  return guarded(async () => {
    releaseDevice('audio');
    releaseDevice('video');
    if (room.ownStreams.some((stream) => !stream.screen))
      await room.unpublish();
  });
}

function stopScreen() {
  return guarded(async () => {
    releaseDevice('screen');
    if (room.ownStreams.some((stream) => stream.screen))
      await room.unpublish({ screen: true });
  });
}

function toggleScreen() {
  if (room?.ownStreams.some((stream) => stream.screen))
    return stopScreen();
  return guarded(async () => {
    const media = await openDevice('screen');

    if (!room) {
      media.getTracks().forEach((track) => track.stop());
      return;
    }
    devices.screen = media;
    /* The browser has a button of its own to end it. */
    media.getVideoTracks()[0].addEventListener('ended', () => stopScreen());
    try {
      await room.publish(media, { screen: true });
    } catch (error) {
      releaseDevice('screen');
      throw error;
    }
  });
}

async function copyLink() {
  const word = at('copy').querySelector('.word');

  try {
    await navigator.clipboard.writeText(location.href);
    word.textContent = 'Copied';
    tellNews('The address of the room was copied');
  } catch {
    word.textContent = 'Copy it from the address bar';
  }
  setTimeout(() => (word.textContent = 'Copy link'), 2000);
}

async function drawFigures() {
  if (!room || document.hidden)
    return;
  for (const tile of [...tiles.values()]) {
    const figures = await room?.getFigures(tile.user, { screen: tile.screen });

    if (tiles.get(keyOf(tile.user, tile.screen)) === tile)
      tile.setFigures(figures ?? null);
  }
}

at('join').addEventListener('submit', enter);
at('microphone').addEventListener('click', () => toggleDevice('audio'));
at('webcam').addEventListener('click', () => toggleDevice('video'));
at('desktop').addEventListener('click', toggleScreen);
at('copy').addEventListener('click', copyLink);
at('exit').addEventListener('click', () =>
  room?.leave().catch((error) => console.info(error.message)));
window.addEventListener('pagehide', () => room?.leave().catch(() => {}));
document.addEventListener('click', allowSound, { once: true });
setInterval(drawFigures, FIGURES_INTERVAL);
setInterval(() => tiles.forEach((tile) => tile.drawLevel()), LEVEL_INTERVAL);
prepareDoor();
