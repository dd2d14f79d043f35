// SPDX-License-Identifier: LGPL-2.1-or-later
// A client of the room protocol rtc-room.v1 for web pages, without any
// dependency. PROTOCOL.md, beside this folder, has the protocol.
//
//   import { RtcRoom } from '/page/rtc-room.js';
//
//   const room = new RtcRoom({ autoSubscribe: true });
//   room.addEventListener('media', ({ detail }) => {
//     video.srcObject = detail.media;          // a MediaStream
//   });
//   await room.join({ room: 'hall', user: 'ann' });
//   await room.publish(await navigator.mediaDevices.getUserMedia(
//     { audio: true, video: true }));
//   await room.muteLocal({ audio: true });
//   await room.leave();
//
// Every method that asks the server for something returns a promise; it is
// rejected with an RtcError: { code, symbol, category, reason }.
//
// Options of the constructor, with their defaults:
//   serverUrl          where the page came from; http(s)
//   appId              'default'
//   autoSubscribe      false: receive every stream of the others by itself
//   videoCodecs        ['VP8', 'VP9', 'H264', 'AV1'], the first that this
//                      browser can send is published; likewise
//   audioCodecs        ['OPUS']
//   maxBitrate         0: bit/s of a published picture, 0 leaves it to the
//                      browser
//   iceTransportPolicy 'all', or 'relay'
//   signalingTimeout   3000 ms for the answer to a request
//   connectTimeout     10000 ms for the configuration, a WebSocket, and for a
//                      media session
//   mediaTimeout       5000 ms of silence after which media is set up anew
//   reconnectAttempts  10; the first join is never retried, and a connection
//                      that breaks again within 10 s counts on
//   reconnectDelay     300 ms before the second attempt, doubled up to 7000;
//                      each wait is a random part of that
//   graceTime          10000 ms for which users whom a restarted server does
//                      not know yet are kept
//
// Events, each a CustomEvent whose `detail` has the members in brackets:
//   state (state, attempt, reason)   'out', 'connecting', 'joined',
//                                    'reconnecting'
//   peer-online (user)
//   peer-leave (user, reason)
//   stream-added (user, screen, audioCodec, videoCodec, audioMuted, videoMuted)
//   stream-removed (user, screen, reason)
//   stream-muted (user, screen, audioMuted, videoMuted)
//   media (user, screen, media)      the MediaStream of a subscription; the
//                                    same object for as long as it lasts
//   media-state (user, screen, state, error)  'connecting', 'connected',
//                                    'recovering', 'failed'
//   viewer-added, viewer-removed (user, screen)   of what is published here
//   own-stream (screen, published)   what is published here changed
//   banned (reason)                  out of the room, for good
//   token-will-expire (seconds)      renewToken () is the answer
//   error (error)                    an RtcError that belongs to no call
import { RtcError, codes, toRtcError } from './rtc-error.js';
import { IncomingSession, OutgoingSession, chooseCodec } from './rtc-media.js';
import { Wire, fetchConfig } from './rtc-wire.js';

export { RtcError, codes };

const ID = /^[a-zA-Z0-9@_.-]{1,128}$/;
const LONGEST_DELAY = 7000;
const CLOSE_EVICTED = 4001;
const MEDIA_ATTEMPTS = 5;
const STEADY_TIME = 10000;
const DOUBT_TIME = 1000;

const defaults = {
  serverUrl: globalThis.location?.origin,
  appId: 'default',
  autoSubscribe: false,
  videoCodecs: ['VP8', 'VP9', 'H264', 'AV1'],
  audioCodecs: ['OPUS'],
  maxBitrate: 0,
  iceTransportPolicy: 'all',
  signalingTimeout: 3000,
  connectTimeout: 10000,
  mediaTimeout: 5000,
  reconnectAttempts: 10,
  reconnectDelay: 300,
  graceTime: 10000,
};

/** TRUE for what can be the id of an application, a room or a user. */
export function isId(text) {
  return ID.test(text);
}

/** A user id that nobody else is likely to have. */
export function makeUserId() {
  const bytes = crypto.getRandomValues(new Uint8Array(4));

  return 'guest-' + Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

const keyOf = (user, screen) => `${screen ? 'screen' : 'camera'} ${user}`;

/** How long to wait before attempt `n`, counted from 1: not at all, then a
 * random part of a time that doubles. */
export function delayBefore(n, first, random = Math.random) {
  if (n <= 1)
    return 0;
  return random() * Math.min(first * 2 ** (n - 2), LONGEST_DELAY);
}

export class RtcRoom extends EventTarget {
  #options;
  #state = 'out';
  #who = null; /* what join was called with */
  #secret = '';
  #attempts = 0; /* of the last way back */
  #joinedAt = 0;
  #wire = null;
  #cut = null; /* AbortController of the attempt under way */
  #iceServers = [];
  #users = new Map(); /* user -> Map of key -> stream, as told */
  #missing = new Map(); /* user -> timer, not known to a new server yet */
  #own = new Map(); /* screen -> what is published here */
  #wanted = new Map(); /* key -> subscription */
  #sessions = new Map(); /* id -> media session with its owner */
  #fading = new Set(); /* sessions of a server that is no more */
  #dropped = new Set(); /* screen: unpublished while the server was away */
  #cutOff = new Set(); /* keys: automatic subscriptions that a break cut off */

  constructor(options = {}) {
    super();
    this.#options = { ...defaults, ...options };
  }

  /** 'out', 'connecting', 'joined' or 'reconnecting'. */
  get state() {
    return this.#state;
  }

  /** Room and user, null outside of a room. */
  get room() {
    return this.#who?.room ?? null;
  }

  get user() {
    return this.#who?.user ?? null;
  }

  /** The other users: [{ user, streams: [{ user, screen, ... }] }]. */
  get users() {
    return Array.from(this.#users, ([user, streams]) =>
      ({ user, streams: Array.from(streams.values(), (s) => ({ ...s })) }));
  }

  /** What is published here: [{ screen, media, audioCodec, videoCodec,
   * audioMuted, videoMuted }]. */
  get ownStreams() {
    return Array.from(this.#own.values(), describeOwn);
  }

  /** Enters a room. `user` is made up when absent. */
  async join({ room, user = makeUserId(), token, visible = true } = {}) {
    for (const [name, id] of
      Object.entries({ app: this.#options.appId, room, user })) {
      if (!isId(id ?? ''))
        throw new RtcError(codes.INVALID_PARAMS,
          `the ${name} must have 1 to 128 of the characters a-z A-Z 0-9 @ _ - .`);
    }
    if (this.#state === 'connecting')
      throw new RtcError(codes.CONNECTING);
    if (this.#state !== 'out')
      throw new RtcError(codes.ALREADY_IN_ROOM);
    const who = this.#who = { room, user, token: token || undefined, visible };

    this.#setState('connecting');
    try {
      const answer = await this.#connect();

      this.#enter(answer);
      return { user: answer.user, users: this.users };
    } catch (error) {
      if (this.#who !== who)
        throw new RtcError(codes.JOIN_ROOM_ERROR, 'the join was cut off by leave');
      this.#goOut();
      throw toRtcError(error, codes.JOIN_ROOM_ERROR);
    }
  }

  /** Leaves the room; everything ends here even when it is rejected. */
  async leave() {
    if (this.#state === 'out')
      throw new RtcError(codes.NOT_IN_ROOM);
    const wire = this.#wire;
    const joined = this.#state === 'joined';

    this.#wire = null;
    if (wire)
      wire.onclose = () => {};
    /* The question goes out before anything waits: a page that is being
     * closed gets no further. */
    const answer = joined ? wire.request('leave') : Promise.resolve();

    this.#goOut('left');
    try {
      await answer;
    } finally {
      wire?.close(1000);
    }
  }

  /** A new token for the same room and user. */
  async renewToken(token) {
    if (!token)
      throw new RtcError(codes.INVALID_PARAMS, 'the token is missing');
    await this.#request('renew-token', { token });
    this.#who.token = token;
  }

  /** Becoming invisible ends what is published. */
  async setVisibility(visible) {
    await this.#request('set-visibility', { visible });
    this.#who.visible = visible;
    if (!visible)
      [...this.#own.keys()].forEach((screen) => this.#dropOwn(screen));
  }

  /** Publishes the first audio and the first video track of `media`; the
   * tracks stay the caller's and are not stopped by unpublish. */
  async publish(media, { screen = false, audioMuted = false,
    videoMuted = false } = {}) {
    if (!media?.getTracks().length)
      throw new RtcError(codes.INVALID_PARAMS, 'there is no track to publish');
    this.#needRoom();
    if (this.#own.has(screen))
      throw new RtcError(codes.ALREADY_PUBLISHED);
    const tracks = {
      audio: media.getAudioTracks()[0] ?? null,
      video: media.getVideoTracks()[0] ?? null,
    };
    const names = {
      audio: tracks.audio && chooseCodec('audio', this.#options.audioCodecs),
      video: tracks.video && chooseCodec('video', this.#options.videoCodecs),
    };

    for (const kind of ['audio', 'video']) {
      if (tracks[kind] && !names[kind])
        throw new RtcError(codes.PUBLISH_ERROR,
          `this browser can send none of the ${kind} codecs asked for`);
    }
    const own = { screen, media, tracks, codecs: names,
      muted: { audio: audioMuted, video: videoMuted } };

    if (tracks.video && screen && 'contentHint' in tracks.video)
      tracks.video.contentHint ||= 'detail';
    /* Before the answer: viewers may be told of in the same breath. */
    this.#own.set(screen, own);
    try {
      await this.#announce(own);
    } catch (error) {
      if (this.#own.get(screen) === own)
        this.#own.delete(screen);
      /* Too late an acceptance would leave it published. */
      if (error.code === codes.SIGNALING_TIMEOUT)
        this.#request('unpublish', { screen }).catch(() => {});
      throw error;
    }
    this.#emit('own-stream', { screen, published: true });
  }

  /** Nothing is sent any more, whatever the server says to it. */
  async unpublish({ screen = false } = {}) {
    this.#needRoom();
    if (!this.#own.has(screen))
      throw new RtcError(codes.NOT_PUBLISHED);
    this.#dropOwn(screen);
    /* While reconnecting it is told to a server that still knows of it. */
    if (this.#state === 'joined')
      await this.#request('unpublish', { screen });
    else
      this.#dropped.add(screen);
  }

  /* The server has ended what is published here. */
  #loseOwn(screen, reason) {
    if (!this.#own.has(screen))
      return;
    this.#dropOwn(screen);
    this.#report(new RtcError(codes.PUBLISH_ERROR, reason));
  }

  /** Receives a stream, or changes what of it is received. The returned
   * MediaStream fills when media comes. */
  async subscribe(user, { screen = false, audio = true, video = true } = {}) {
    const key = keyOf(user, screen);

    if (!audio && !video)
      throw new RtcError(codes.INVALID_PARAMS, 'audio and video are both off');
    this.#needRoom();
    if (!this.#users.has(user))
      throw new RtcError(codes.UID_NOT_FOUND);
    if (!this.#users.get(user).has(key))
      throw new RtcError(codes.STREAM_ID_NOT_FOUND);
    let entry = this.#wanted.get(key);

    if (!entry) {
      entry = { user, screen, media: new MediaStream(), session: null,
        before: null, attempt: 0, timer: 0, muted: {} };
      this.#wanted.set(key, entry);
    }
    Object.assign(entry, { audio, video, attempt: 0 });
    try {
      await this.#ask(entry);
    } catch (error) {
      if (this.#wanted.get(key) === entry && !entry.session)
        this.#dropWanted(key);
      throw error;
    }
    return entry.media;
  }

  async unsubscribe(user, { screen = false } = {}) {
    this.#findWanted(user, screen);
    await this.#request('unsubscribe', { user, screen });
    this.#dropWanted(keyOf(user, screen));
  }

  /** `true` stops sending a medium, `false` goes on; absent stays. Where the
   * server refuses, it is as it was before. */
  async muteLocal({ screen = false, audio, video } = {}) {
    const flags = pickFlags({ audio, video });

    this.#needRoom();
    const own = this.#own.get(screen);

    if (!own)
      throw new RtcError(codes.NOT_PUBLISHED);
    const before = { ...own.muted };

    this.#setMuted(own, flags);
    /* While reconnecting it is told with the publication. */
    if (this.#state !== 'joined')
      return;
    try {
      await this.#request('mute-local', { screen, ...flags });
    } catch (error) {
      if (error.code === codes.WEBSOCKET_FAILED && this.#state === 'reconnecting')
        return;
      /* Nobody is heard again because an answer got lost. */
      if (error.code === codes.MUTE_LOCAL_ERRO && this.#own.get(screen) === own)
        this.#setMuted(own, before);
      throw error;
    }
  }

  /** `true` pauses what one receives, `false` resumes it; absent stays. */
  async muteRemote(user, { screen = false, audio, video } = {}) {
    const flags = pickFlags({ audio, video });
    const entry = this.#findWanted(user, screen);

    await this.#request('mute-remote', { user, screen, ...flags });
    Object.assign(entry.muted, flags);
  }

  /** The MediaStream of a subscription, null when there is none. */
  getMedia(user, { screen = false } = {}) {
    return this.#wanted.get(keyOf(user, screen))?.media ?? null;
  }

  /**
   * Figures of a received stream, or of an own one with one's own user id:
   * { width, height, framesPerSecond, bitrate (bit/s), lost (0 to 1), delay
   * (ms), viewers (own only) }. Rates are since the call before; null when
   * nothing runs.
   */
  async getFigures(user, { screen = false } = {}) {
    if (user === this.user)
      return this.#measureOwn(screen);
    const measured = await this.#wanted.get(keyOf(user, screen))?.session?.measure();

    if (!measured)
      return null;
    const { now, before, rate } = measured;
    const lost = Math.max(0, now.lost - before.lost);
    const packets = now.packets - before.packets;
    const emitted = now.emitted - before.emitted;
    const buffered = emitted > 0 ? (now.buffered - before.buffered) / emitted : 0;

    return {
      width: now.width,
      height: now.height,
      framesPerSecond: rate('frames'),
      bitrate: rate('bytes') * 8,
      lost: lost + packets > 0 ? lost / (lost + packets) : 0,
      delay: buffered + now.roundTrip / 2,
    };
  }

  /* --- the way in, and back in --- */

  #setState(state, detail = {}) {
    this.#state = state;
    this.#emit('state', { state, attempt: 0, reason: '', ...detail });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /* One attempt: configuration, WebSocket, join. The answer to the latter. */
  async #connect() {
    const { serverUrl, appId, connectTimeout, signalingTimeout } = this.#options;
    const { room, user, token, visible } = this.#who;
    const cut = this.#cut = new AbortController();
    const config = await fetchConfig(serverUrl, { app: appId, room, user },
      { timeout: connectTimeout, signal: cut.signal });
    const wire = await Wire.open(config.websocketUrls, {
      timeout: connectTimeout,
      requestTimeout: signalingTimeout,
      signal: cut.signal,
    });

    if (cut.signal.aborted) {
      wire.close();
      throw new RtcError(codes.JOIN_ROOM_ERROR, 'leave was called');
    }
    this.#wire = wire;
    wire.onmessage = (message) => this.#receive(message);
    this.#iceServers = config.iceServers;
    try {
      const answer = await wire.request('join', {
        app: appId, room, user, visible,
        ...(token ? { token } : {}),
        ...(this.#secret ? { secret: this.#secret } : {}),
      });

      wire.onclose = (error) => this.#lose(error);
      wire.keepAlive(answer.seconds || 5);
      return answer;
    } catch (error) {
      if (this.#wire === wire)
        this.#wire = null;
      wire.close();
      throw error;
    }
  }

  #enter({ users, secret, resumed, sessions }) {
    this.#secret = secret ?? '';
    this.#joinedAt = performance.now();
    this.#setState('joined');
    if (resumed && sessions)
      this.#dropEnded(new Set(sessions));
    this.#compareRoster(users ?? [], resumed);
    if (!resumed)
      this.#forgetSessions();
    for (const screen of resumed ? this.#dropped : []) {
      if (!this.#own.has(screen))
        this.#request('unpublish', { screen }).catch(() => {});
    }
    this.#dropped.clear();
    for (const own of this.#own.values()) {
      const told = resumed ? this.#tellMutes(own) : this.#announce(own);

      told.catch((error) => this.#report(error));
    }
    for (const entry of this.#wanted.values()) {
      if (!resumed || !entry.session || entry.session.closed)
        this.#askAgain(entry);
    }
  }

  #lose(error) {
    this.#wire = null;
    if (this.#state !== 'joined')
      return;
    if (error.nativeCode === CLOSE_EVICTED) {
      this.#ban(error.reason);
      return;
    }
    if (performance.now() - this.#joinedAt > STEADY_TIME)
      this.#attempts = 0;
    this.#reconnect(this.#attempts + 1, error);
  }

  #reconnect(attempt, error) {
    const { reconnectAttempts, reconnectDelay } = this.#options;

    if (attempt > reconnectAttempts) {
      this.#report(new RtcError(codes.WEBSOCKET_FAILED,
        `given up after ${reconnectAttempts} attempts: ${error.reason}`));
      this.#goOut('given up');
      return;
    }
    this.#attempts = attempt;
    this.#setState('reconnecting', { attempt, reason: error.reason });
    const cut = this.#cut = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const answer = await this.#connect();

        this.#enter(answer);
      } catch (cause) {
        if (this.#state !== 'reconnecting')
          return;
        if (cause instanceof RtcError && cause.code === codes.JOIN_ROOM_ERROR) {
          cause.retryable = false;
          this.#report(cause);
          this.#goOut(cause.reason);
        } else {
          this.#reconnect(attempt + 1, toRtcError(cause, codes.WEBSOCKET_FAILED));
        }
      }
    }, delayBefore(attempt, reconnectDelay));

    cut.signal.addEventListener('abort', () => clearTimeout(timer));
  }

  /* Out of the room: everything that belonged to it ends. */
  #goOut(reason = '') {
    this.#cut?.abort();
    this.#wire?.close(1000);
    this.#wire = null;
    this.#secret = '';
    this.#attempts = 0;
    for (const key of [...this.#wanted.keys()])
      this.#dropWanted(key);
    for (const session of [...this.#sessions.values(), ...this.#fading])
      session.close();
    this.#sessions.clear();
    this.#fading.clear();
    this.#cutOff.clear();
    this.#dropped.clear();
    this.#missing.forEach((timer) => clearTimeout(timer));
    this.#missing.clear();
    this.#users.clear();
    this.#own.clear();
    this.#who = null;
    this.#setState('out', { reason });
  }

  #ban(reason) {
    this.#emit('banned', { reason });
    this.#goOut(reason);
  }

  #report(error) {
    this.#emit('error', { error: toRtcError(error, codes.WEBSOCKET_FAILED) });
  }

  #needRoom() {
    if (this.#state === 'out' || this.#state === 'connecting')
      throw new RtcError(codes.NOT_IN_ROOM);
  }

  /* The subscription that a call names. */
  #findWanted(user, screen) {
    this.#needRoom();
    const entry = this.#wanted.get(keyOf(user, screen));

    if (!this.#users.has(user))
      throw new RtcError(codes.UID_NOT_FOUND);
    if (!entry)
      throw new RtcError(codes.STREAM_ID_NOT_FOUND);
    return entry;
  }

  #request(type, fields) {
    if (this.#state === 'out' || this.#state === 'connecting')
      return Promise.reject(new RtcError(codes.NOT_IN_ROOM));
    if (!this.#wire || this.#state !== 'joined')
      return Promise.reject(new RtcError(codes.WEBSOCKET_NOT_CONNECTED));
    return this.#wire.request(type, fields);
  }

  /* --- who is there --- */

  #receive(message) {
    switch (message.type) {
      case 'peer-online':
        this.#addUser(message.user);
        break;
      case 'peer-leave':
        this.#removeUser(message.user, message.reason);
        break;
      case 'stream-added':
        this.#addStream(message.user, message);
        break;
      case 'stream-removed':
        if (message.user === this.user)
          this.#loseOwn(!!message.screen, message.reason);
        else
          this.#removeStream(message.user, !!message.screen, message.reason);
        break;
      case 'stream-muted':
        this.#setMutes(message.user, message);
        break;
      case 'session-opened':
        this.#serve(message);
        break;
      case 'session-closed':
        this.#endSession(message);
        break;
      case 'offer':
      case 'answer':
      case 'candidate':
        this.#feedSession(message);
        break;
      case 'client-banned':
        this.#ban(message.reason);
        break;
      case 'token-will-expire':
        this.#emit('token-will-expire', { seconds: message.seconds });
        break;
      default: /* what a newer server says */
    }
  }

  /* What changed while nobody was listening is told as if it happened now. */
  #compareRoster(users, resumed) {
    const now = new Map(users.map((entry) => [entry.user, entry.streams ?? []]));

    for (const user of [...this.#users.keys()]) {
      if (!now.has(user) && !resumed && this.#hasMedia(user))
        this.#keepMissing(user);
      else if (!now.has(user))
        this.#removeUser(user, 'left');
    }
    for (const [user, streams] of now) {
      this.#addUser(user);
      for (const { screen } of [...this.#users.get(user).values()]) {
        if (!streams.some((stream) => !!stream.screen === screen))
          this.#removeStream(user, screen, 'unpublished');
      }
      for (const stream of streams)
        this.#addStream(user, stream);
    }
  }

  #hasMedia(user) {
    return [...this.#wanted.values()].some(
      (entry) => entry.user === user && entry.session?.connected);
  }

  /* A server that started again learns of its users one by one. */
  #keepMissing(user) {
    clearTimeout(this.#missing.get(user));
    this.#missing.set(user, setTimeout(
      () => this.#removeUser(user, 'connection lost'), this.#options.graceTime));
  }

  #addUser(user) {
    clearTimeout(this.#missing.get(user));
    this.#missing.delete(user);
    if (this.#users.has(user))
      return;
    this.#users.set(user, new Map());
    this.#emit('peer-online', { user });
  }

  #removeUser(user, reason) {
    const streams = this.#users.get(user);

    clearTimeout(this.#missing.get(user));
    this.#missing.delete(user);
    if (!streams)
      return;
    for (const { screen } of [...streams.values()])
      this.#removeStream(user, screen, reason);
    this.#users.delete(user);
    this.#emit('peer-leave', { user, reason });
  }

  #addStream(user, told) {
    if (user === this.user || !user)
      return;
    this.#addUser(user);
    const key = keyOf(user, !!told.screen);
    const known = this.#users.get(user).get(key);
    const stream = {
      user,
      screen: !!told.screen,
      audioCodec: told.audioCodec ?? null,
      videoCodec: told.videoCodec ?? null,
      audioMuted: !!told.audioMuted,
      videoMuted: !!told.videoMuted,
    };

    if (known && known.audioCodec === stream.audioCodec &&
        known.videoCodec === stream.videoCodec) {
      this.#setMutes(user, stream);
      /* Published anew by a publisher that came back after a restart. */
      const entry = this.#wanted.get(key);

      if (this.#cutOff.delete(key))
        this.#subscribeAfterAll(user, stream.screen);
      else if (entry && !this.#sessions.has(entry.session?.id))
        this.#askAgain(entry);
      return;
    }
    if (known)
      this.#removeStream(user, stream.screen, 'published anew');
    this.#users.get(user).set(key, stream);
    this.#emit('stream-added', { ...stream });
    if (this.#options.autoSubscribe)
      this.#subscribeByItself(user, stream.screen);
  }

  #subscribeByItself(user, screen) {
    const key = keyOf(user, screen);

    this.subscribe(user, { screen }).catch((error) => {
      if (!this.#users.get(user)?.has(key))
        return;
      if (this.#state === 'joined')
        this.#emit('media-state', { user, screen, state: 'failed', error });
      else
        this.#cutOff.add(key);
    });
  }

  /* The server may have heard it the first time. */
  #subscribeAfterAll(user, screen) {
    this.#request('unsubscribe', { user, screen }).catch(() => {});
    this.#subscribeByItself(user, screen);
  }

  #removeStream(user, screen, reason) {
    const key = keyOf(user, screen);

    if (!this.#users.get(user)?.delete(key))
      return;
    this.#cutOff.delete(key);
    this.#dropWanted(key);
    this.#emit('stream-removed', { user, screen, reason });
  }

  #setMutes(user, { screen, audioMuted, videoMuted }) {
    const stream = this.#users.get(user)?.get(keyOf(user, !!screen));

    if (!stream || (stream.audioMuted === !!audioMuted &&
        stream.videoMuted === !!videoMuted))
      return;
    stream.audioMuted = !!audioMuted;
    stream.videoMuted = !!videoMuted;
    this.#emit('stream-muted', { user, screen: stream.screen,
      audioMuted: stream.audioMuted, videoMuted: stream.videoMuted });
  }

  /* --- media that comes in --- */

  /* Asks for the stream; its publisher then makes an offer. */
  async #ask(entry) {
    const { user, screen, audio, video } = entry;

    clearTimeout(entry.timer);
    entry.timer = 0;
    const { session } = await this.#request('subscribe',
      { user, screen, audio, video });

    if (this.#wanted.get(keyOf(user, screen)) !== entry)
      return;
    if (entry.session?.id === session && !entry.session.closed)
      return;
    this.#openIncoming(entry, session);
    if (entry.muted.audio || entry.muted.video)
      await this.#request('mute-remote', { user, screen, ...entry.muted });
  }

  #openIncoming(entry, id) {
    const { user, screen } = entry;
    const session = new IncomingSession(id, this.#mediaConfig());
    const tell = (state, error = null) =>
      this.#emit('media-state', { user, screen, state, error });

    entry.before?.close();
    /* The old picture stays until there is a new one. */
    entry.before = entry.session;
    entry.session = session;
    session.owner = entry;
    session.notify = (type, fields) => this.#wire?.notify(type, fields);
    session.ontrack = (track) => {
      for (const old of entry.media.getTracks()) {
        if (old.kind === track.kind)
          entry.media.removeTrack(old);
      }
      entry.media.addTrack(track);
      this.#emit('media', { user, screen, media: entry.media });
    };
    session.onconnected = () => {
      entry.attempt = 0;
      entry.before?.close();
      entry.before = null;
      tell('connected');
    };
    session.onfailed = (error) => {
      this.#sessions.delete(id);
      this.#recover(entry, error);
    };
    this.#sessions.set(id, session);
    tell(entry.attempt ? 'recovering' : 'connecting');
  }

  /* Media broke: asks again, with the same patience as for the room. */
  #recover(entry, error) {
    const { user, screen } = entry;
    const stream = this.#users.get(user)?.get(keyOf(user, screen));

    if (!stream || this.#state !== 'joined' || entry.timer)
      return;
    if (++entry.attempt > MEDIA_ATTEMPTS) {
      this.#emit('media-state', { user, screen, state: 'failed', error });
      return;
    }
    this.#emit('media-state', { user, screen, state: 'recovering', error });
    entry.timer = setTimeout(() => {
      entry.timer = 0;
      this.#askAgain(entry);
    }, delayBefore(entry.attempt, this.#options.reconnectDelay));
  }

  #askAgain(entry) {
    const gone = [codes.UID_NOT_FOUND, codes.STREAM_ID_NOT_FOUND,
      codes.WEBSOCKET_NOT_CONNECTED, codes.NOT_IN_ROOM];

    /* A user who is awaited is asked for when it is back. */
    if (this.#missing.has(entry.user))
      return;
    this.#ask(entry).catch((error) => {
      if (!gone.includes(error.code))
        this.#recover(entry, error);
    });
  }

  #dropWanted(key) {
    const entry = this.#wanted.get(key);

    if (!entry)
      return;
    this.#wanted.delete(key);
    clearTimeout(entry.timer);
    for (const session of [entry.session, entry.before]) {
      session?.close();
      this.#sessions.delete(session?.id);
    }
  }

  /* --- media that goes out --- */

  async #announce(own) {
    await this.#request('publish', {
      screen: own.screen,
      ...(own.codecs.audio ? { audioCodec: own.codecs.audio } : {}),
      ...(own.codecs.video ? { videoCodec: own.codecs.video } : {}),
    });
    if (own.muted.audio || own.muted.video)
      await this.#tellMutes(own);
  }

  #tellMutes({ screen, muted }) {
    return this.#request('mute-local', { screen, ...muted });
  }

  /* A viewer has come, or wants other media than before. */
  #serve({ session: id, user, screen = false, audio = true, video = true }) {
    const own = this.#own.get(screen);
    let session = this.#sessions.get(id);

    if (!own) {
      this.#wire?.notify('session-closed', { session: id,
        reason: 'the stream is not published', code: codes.PUBLISH_ERROR });
      return;
    }
    if (session?.viewer) {
      session.viewer.wants = { audio, video };
      this.#feedViewers(own);
      return;
    }
    session = new OutgoingSession(id, this.#mediaConfig(),
      { ...own, maxBitrate: screen ? 0 : this.#options.maxBitrate });
    session.viewer = { user, screen, wants: { audio, video } };
    session.notify = (type, fields) => this.#wire?.notify(type, fields);
    session.onconnected = () => this.#emit('viewer-added', { user, screen });
    session.onfailed = () => this.#closeOutgoing(session);
    this.#sessions.set(id, session);
    this.#feedViewers(own);
    session.offer();
  }

  #setMuted(own, flags) {
    Object.assign(own.muted, flags);
    this.#feedViewers(own);
    this.#emit('own-stream', { screen: own.screen, published: true });
  }

  #feedViewers(own) {
    for (const session of [...this.#sessions.values(), ...this.#fading]) {
      if (session.viewer?.screen !== own.screen)
        continue;
      const { wants } = session.viewer;

      session.send({
        audio: wants.audio && !own.muted.audio ? own.tracks.audio : null,
        video: wants.video && !own.muted.video ? own.tracks.video : null,
      });
    }
  }

  #closeOutgoing(session) {
    const { user, screen } = session.viewer;

    session.close();
    this.#sessions.delete(session.id);
    if (session.connected)
      this.#emit('viewer-removed', { user, screen });
  }

  #dropOwn(screen) {
    this.#own.delete(screen);
    for (const session of [...this.#sessions.values(), ...this.#fading]) {
      if (session.viewer?.screen === screen)
        this.#closeOutgoing(session);
    }
    this.#emit('own-stream', { screen, published: false });
  }

  async #measureOwn(screen) {
    const figures = { width: 0, height: 0, framesPerSecond: 0, bitrate: 0,
      lost: 0, delay: 0, viewers: 0 };

    for (const session of [...this.#sessions.values()]) {
      if (session.viewer?.screen !== screen || !session.connected)
        continue;
      const measured = await session.measure();

      if (!measured)
        continue;
      const { now, rate } = measured;

      figures.viewers++;
      figures.width = Math.max(figures.width, now.width);
      figures.height = Math.max(figures.height, now.height);
      figures.framesPerSecond = Math.max(figures.framesPerSecond, rate('frames'));
      figures.bitrate += rate('bytes') * 8;
      figures.lost = Math.max(figures.lost, now.lost);
      figures.delay = Math.max(figures.delay, now.roundTrip / 2);
    }
    return this.#own.has(screen) ? figures : null;
  }

  /* --- media sessions of both kinds --- */

  #mediaConfig() {
    const { iceTransportPolicy, connectTimeout, mediaTimeout } = this.#options;

    return { iceServers: this.#iceServers, iceTransportPolicy, connectTimeout,
      mediaTimeout };
  }

  #feedSession(message) {
    const session = this.#sessions.get(message.session);

    if (!session) {
      this.#wire?.notify('session-closed',
        { session: message.session, reason: 'unknown session' });
      return;
    }
    if (message.type === 'candidate')
      session.addCandidate(message);
    else if (message.type === 'offer' && session.owner)
      session.takeOffer(message.sdp);
    else if (message.type === 'answer' && session.viewer)
      session.takeAnswer(message.sdp);
  }

  #endSession({ session: id, reason, code }) {
    const session = this.#sessions.get(id);

    if (!session)
      return;
    if (session.viewer) {
      this.#closeOutgoing(session);
      return;
    }
    this.#sessions.delete(id);
    session.close();
    if (session.owner.session === session)
      this.#recover(session.owner,
        new RtcError(codes.SUBSCRIBE_FAILED, reason, { nativeCode: code }));
  }

  /* The server started again and knows none of them. Pictures still run
   * from one user to the other until new sessions take their place. */
  #forgetSessions() {
    for (const session of this.#sessions.values()) {
      session.notify = () => {};
      session.onfailed = () => this.#fading.delete(session);
      this.#fading.add(session);
      setTimeout(() => this.#fade(session), this.#options.graceTime);
    }
    this.#sessions.clear();
  }

  /* Sessions whose end nobody could be told while the connection was lost; on
   * either side. What was not up may wait for what was lost with it: it is
   * ended before it is asked for again. A viewer takes the end of an outgoing
   * one for a failure, so that those have a moment to come up. */
  #dropEnded(standing) {
    for (const [id, session] of [...this.#sessions]) {
      const stands = standing.has(id);

      if (session.viewer && !stands) {
        this.#closeOutgoing(session);
      } else if (session.viewer) {
        setTimeout(() => session.connected || session.fail(
          'the connection to the server was lost before this one was up'), DOUBT_TIME);
      } else if (!stands) {
        this.#sessions.delete(id);
        session.close();
      }
    }
    for (const { session } of this.#wanted.values()) {
      if (!session || !standing.has(session.id) || (session.connected && !session.closed))
        continue;
      this.#wire.notify('session-closed', { session: session.id });
      this.#sessions.delete(session.id);
      session.close();
    }
  }

  #fade(session) {
    if (!this.#fading.delete(session))
      return;
    if (session.viewer)
      this.#closeOutgoing(session);
    else if (session.owner.session !== session)
      session.close();
  }
}

/* What a mute call is about, which has to be something. */
function pickFlags(flags) {
  const picked = Object.entries(flags).filter(([, value]) => value !== undefined);

  if (!picked.length)
    throw new RtcError(codes.INVALID_PARAMS, 'neither audio nor video is named');
  for (const [name, value] of picked) {
    if (typeof value !== 'boolean')
      throw new RtcError(codes.INVALID_PARAMS, `${name} must be true or false`);
  }
  return Object.fromEntries(picked);
}

function describeOwn({ screen, media, codecs: names, muted }) {
  return {
    screen,
    media,
    audioCodec: names.audio,
    videoCodec: names.video,
    audioMuted: muted.audio,
    videoMuted: muted.video,
  };
}
