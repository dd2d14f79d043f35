// SPDX-License-Identifier: LGPL-2.1-or-later
// A member of a room of Janus, by the client library of Janus itself: shows
// what the others publish, and publishes when told to. Parameters of the
// address: server, room, user.
import Janus from './janus.es.js';

const PLUGIN = 'janus.plugin.videoroom';
const query = new URLSearchParams(location.search);
const room = JSON.parse(query.get('room'));
const tiles = new Map(); /* feed -> element */
let janus, member;

function say(text) {
  document.querySelector('#state').textContent = text;
}

function fail(error) {
  say(`failed: ${error}`);
  console.error(error);
}

function addTile(feed, user) {
  const tile = document.createElement('div');
  const video = document.createElement('video');

  tile.className = 'tile';
  tile.dataset.user = user;
  tile.dataset.kind = 'camera';
  video.autoplay = true;
  video.srcObject = new MediaStream();
  video.addEventListener('playing', () => {
    tile.dataset.seen = true;
  });
  tile.append(video, user);
  document.body.append(tile);
  tiles.set(feed, tile);
  return video.srcObject;
}

function removeTile(feed) {
  tiles.get(feed)?.remove();
  tiles.delete(feed);
}

/* A handle for each member that is watched, and one for oneself. */
function attach(callbacks, joining) {
  janus.attach({
    plugin: PLUGIN,
    error: fail,
    ...callbacks,
    success(handle) {
      callbacks.success(handle);
      handle.send({ message: { request: 'join', room, ...joining }, error: fail });
    },
  });
}

function watch({ id, display }) {
  if (tiles.has(id))
    return;
  const stream = addTile(id, display ?? String(id));
  let handle;

  attach({
    success(attached) {
      handle = attached;
    },
    onmessage(message, jsep) {
      if (message.error)
        fail(message.error);
      if (jsep) {
        handle.createAnswer({
          jsep,
          error: fail,
          success: (answer) =>
            handle.send({ message: { request: 'start' }, jsep: answer, error: fail }),
        });
      }
    },
    onremotetrack(track, mid, on) {
      if (on)
        stream.addTrack(track);
      else
        stream.removeTrack(track);
    },
  }, { ptype: 'subscriber', streams: [{ feed: id }] });
}

function onRoomMessage(message, jsep) {
  if (message.error)
    fail(message.error);
  if (message.videoroom === 'joined') {
    say('joined');
    document.body.dataset.ready = true;
  }
  for (const publisher of message.publishers ?? [])
    watch(publisher);
  removeTile(message.unpublished);
  removeTile(message.leaving);
  if (jsep)
    member.handleRemoteJsep({ jsep, error: fail });
}

/** Camera and microphone; the browser's own when it is started for a test. */
globalThis.publish = () => member.createOffer({
  tracks: [
    { type: 'audio', capture: true, recv: false },
    { type: 'video', capture: { width: 320, height: 240 }, recv: false },
  ],
  error: fail,
  success: (jsep) =>
    member.send({ message: { request: 'publish' }, jsep, error: fail }),
});

Janus.init({
  callback() {
    janus = new Janus({
      server: query.get('server'),
      error: fail,
      success: () => attach({
        success(attached) {
          member = attached;
        },
        webrtcState(up) {
          say(up ? 'published' : 'published no more');
        },
        onmessage: onRoomMessage,
      }, { ptype: 'publisher', display: query.get('user') }),
    });
  },
});
