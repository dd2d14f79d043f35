// SPDX-License-Identifier: LGPL-2.1-or-later
// One connection to a room server: its configuration by HTTP, then messages
// over a WebSocket. Knows requests and answers, and nothing of rooms.
import { RtcError, codes } from './rtc-error.js';

const SUBPROTOCOL = 'rtc-room.v1';

/* What a refusal of each request is called. */
const refusals = {
  'join': codes.JOIN_ROOM_ERROR,
  'leave': codes.LEAVE_ERROR,
  'renew-token': codes.JOIN_ROOM_ERROR,
  'set-visibility': codes.PUBLISH_ERROR,
  'publish': codes.PUBLISH_ERROR,
  'unpublish': codes.UNPUBLISH_ERRO,
  'subscribe': codes.SUBSCRIBE_FAILED,
  'unsubscribe': codes.UNSUBSCRIBE_FAILED,
  'mute-local': codes.MUTE_LOCAL_ERRO,
  'mute-remote': codes.MUTE_REMOTE_ERROR,
};
const TARGETED = ['subscribe', 'unsubscribe', 'mute-remote'];

/* Of other codes only those stay that say that the target is gone. */
function makeRefusal(type, { code, reason }) {
  const own = refusals[type] ?? code;
  const kept = code === own || (TARGETED.includes(type) &&
    (code === codes.UID_NOT_FOUND || code === codes.STREAM_ID_NOT_FOUND));

  return new RtcError(kept ? code : own, reason || 'the server gives no reason',
    { nativeCode: kept ? 0 : code });
}

/**
 * Asks for `websocketUrls`, `iceServers` and `pingInterval`. `ids` has app,
 * room and user; `signal` cuts it off.
 */
export async function fetchConfig(serverUrl, ids, { timeout, signal }) {
  const url = new URL('/getconfig', serverUrl);
  const fail = (reason, nativeCode) =>
    new RtcError(codes.GET_CONFIG_ERROR, reason, { nativeCode });
  let response, body;

  url.search = new URLSearchParams(
    { appId: ids.app, roomId: ids.room, userId: ids.user }).toString();
  try {
    response = await fetch(url, {
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      signal: withDeadline(signal, timeout),
    });
    body = await response.json().catch(() => null);
  } catch (error) {
    throw fail(error.name === 'TimeoutError' ? 'the server did not answer in time'
      : 'the server cannot be reached');
  }
  if (!response.ok)
    throw fail(body?.error?.reason ?? `the server answered ${response.status}`,
      response.status);
  if (!Array.isArray(body?.websocketUrls))
    throw fail('the answer cannot be read');
  return {
    websocketUrls: body.websocketUrls.filter((entry) => /^wss?:/.test(entry)),
    iceServers: Array.isArray(body.iceServers) ? body.iceServers : [],
  };
}

function withDeadline(signal, timeout) {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new DOMException('late', 'TimeoutError')), timeout);

  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    controller.abort(signal.reason);
  });
  return controller.signal;
}

/** An open WebSocket; `onmessage (message)` and `onclose (error)` are set by
 * its owner. */
export class Wire {
  #socket;
  #timeout;
  #lastId = 0;
  #pending = new Map();
  #pingTimer = 0;

  onmessage = () => {};
  onclose = () => {};

  constructor(socket, timeout) {
    this.#socket = socket;
    this.#timeout = timeout;
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = ({ code, reason }) => this.#end(new RtcError(
      codes.WEBSOCKET_FAILED, reason || 'the connection was lost', { nativeCode: code }));
  }

  /** Opens the first of `urls` that can be opened. */
  static async open(urls, { timeout, requestTimeout, signal }) {
    const attempts = [];

    for (const url of urls) {
      try {
        return new Wire(await openSocket(url, timeout, signal), requestTimeout);
      } catch (error) {
        attempts.push(`${url}: ${error.message}`);
        if (signal.aborted)
          break;
      }
    }
    throw new RtcError(codes.NO_WEBSOCLET_URL, attempts.length
      ? `no address could be opened: ${attempts.join(', ')}`
      : 'the server named none');
  }

  get isOpen() {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Sends a request; the promise is its answer. */
  request(type, fields = {}) {
    if (!this.isOpen)
      return Promise.reject(new RtcError(codes.WEBSOCKET_NOT_CONNECTED));
    const id = ++this.#lastId;

    this.#socket.send(JSON.stringify({ type, id, ...fields }));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new RtcError(codes.SIGNALING_TIMEOUT,
          `${type} was not answered within ${this.#timeout} ms`));
      }, this.#timeout);

      this.#pending.set(id, { type, resolve, reject, timer });
    });
  }

  /** Sends a notice, or nothing when the connection is down. */
  notify(type, fields) {
    if (this.isOpen)
      this.#socket.send(JSON.stringify({ type, ...fields }));
  }

  /** A dead line is noticed by a `ping` that nobody answers. */
  keepAlive(seconds) {
    clearInterval(this.#pingTimer);
    this.#pingTimer = setInterval(() => {
      this.request('ping').catch((error) => {
        if (error.code === codes.SIGNALING_TIMEOUT)
          this.#end(new RtcError(codes.WEBSOCKET_FAILED, 'the server does not answer'));
      });
    }, Math.max(1, seconds) * 1000);
  }

  /** Ends it without a call of `onclose`; what is not answered never is. */
  close(code = 1000) {
    this.onclose = () => {};
    this.#socket.close(code);
    this.#end(new RtcError(codes.NOT_IN_ROOM, 'the room was left'));
  }

  #receive(text) {
    let message;

    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (message.type !== 'ok' && message.type !== 'error') {
      this.onmessage(message);
      return;
    }
    const request = this.#pending.get(message.id);

    if (!request)
      return;
    this.#pending.delete(message.id);
    clearTimeout(request.timer);
    if (message.type === 'ok')
      request.resolve(message);
    else
      request.reject(makeRefusal(request.type, message));
  }

  #end(error) {
    const socket = this.#socket;
    const { onclose } = this;

    this.onclose = () => {};
    clearInterval(this.#pingTimer);
    socket.onmessage = null;
    socket.onclose = null;
    if (socket.readyState < WebSocket.CLOSING)
      socket.close();
    for (const request of this.#pending.values()) {
      clearTimeout(request.timer);
      request.reject(error);
    }
    this.#pending.clear();
    onclose(error);
  }
}

function openSocket(url, timeout, signal) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, SUBPROTOCOL);
    const timer = setTimeout(() => give(new Error('no answer in time')), timeout);
    const give = (error) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onabort);
      socket.onopen = socket.onclose = null;
      if (error) {
        socket.close();
        reject(error);
      } else {
        resolve(socket);
      }
    };
    const onabort = () => give(new Error('cut off'));

    signal.addEventListener('abort', onabort);
    socket.onopen = () => give(null);
    socket.onclose = () => give(new Error('it was refused'));
    if (signal.aborted)
      onabort();
  });
}
