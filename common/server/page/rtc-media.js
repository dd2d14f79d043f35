// SPDX-License-Identifier: LGPL-2.1-or-later
// Media sessions: one RTCPeerConnection each, in which the publisher offers
// and the viewer answers. Knows descriptions, candidates and figures, and
// nothing of rooms.
import { RtcError, codes } from './rtc-error.js';

const KINDS = ['audio', 'video'];

/** What an RTP encoding is called on the wire of the room. */
const wireName = (mimeType) => mimeType.split('/')[1].toUpperCase();

/** The first name of `wanted` that this browser can send, in wire spelling. */
export function chooseCodec(kind, wanted) {
  const able = new Set((RTCRtpSender.getCapabilities(kind)?.codecs ?? [])
    .map((codec) => wireName(codec.mimeType)));

  return wanted.map((name) => name.toUpperCase()).find((name) => able.has(name));
}

/* One codec is offered, with what belongs to it: the room has been told of
 * this one, and a viewer that lacks it must not get another. */
function preferCodec(transceiver, kind, name) {
  const all = RTCRtpSender.getCapabilities(kind)?.codecs ?? [];
  const chosen = all.filter((codec) => wireName(codec.mimeType) === name);

  if (!chosen.length || !transceiver.setCodecPreferences)
    return;
  /* Constrained baseline in packets of any size comes first in H.264. */
  chosen.sort((a, b) => rank(a) - rank(b));
  transceiver.setCodecPreferences(
    [...chosen, ...all.filter((codec) => wireName(codec.mimeType) === 'RTX')]);
}

function rank({ sdpFmtpLine = '' }) {
  return (/profile-level-id=42e0/i.test(sdpFmtpLine) ? 0 : 2) +
    (/packetization-mode=1/.test(sdpFmtpLine) ? 0 : 1);
}

/* Browsers mix Opus down to one channel unless the answer asks for two. */
export function keepStereo(offer, answer) {
  const wanted = /a=fmtp:\d+ [^\r\n]*\bstereo=1/.test(offer);
  const opus = /a=rtpmap:(\d+) opus\/48000\/2/i.exec(answer);

  if (!wanted || !opus)
    return answer;
  return answer.replace(new RegExp(`(a=fmtp:${opus[1]} )([^\r\n]*)`),
    (line, start, rest) => /\bstereo=/.test(rest) ? line
      : `${start}${rest};stereo=1`);
}

/** What both ends have in common. Its owner sets the callbacks:
 * `notify (type, fields)` sends, `onconnected ()`, `onfailed (error)`. */
class MediaSession {
  notify = () => {};
  onconnected = () => {};
  onfailed = () => {};
  connected = false;
  closed = false;
  #code;
  #mediaTimeout;
  #timer = 0;
  #last = null;

  constructor(id, config, code) {
    this.id = id;
    this.#code = code;
    this.#mediaTimeout = config.mediaTimeout;
    this.pc = new RTCPeerConnection({
      iceServers: config.iceServers,
      iceTransportPolicy: config.iceTransportPolicy,
      bundlePolicy: 'max-bundle',
    });
    this.pc.onicecandidate = ({ candidate }) => this.#tell(candidate);
    this.pc.onconnectionstatechange = () => this.#follow();
    this.#expect(config.connectTimeout, 'no connection came about in time');
  }

  addCandidate({ candidate, mline, mid }) {
    if (!candidate)
      return;
    this.pc.addIceCandidate(
      { candidate, sdpMLineIndex: mline, ...(mid ? { sdpMid: mid } : {}) })
      .catch((error) => console.debug('a candidate was not taken:', error.message));
  }

  close() {
    this.closed = true;
    clearTimeout(this.#timer);
    this.pc.onicecandidate = null;
    this.pc.onconnectionstatechange = null;
    this.pc.ontrack = null;
    this.pc.close();
  }

  fail(reason) {
    if (this.closed)
      return;
    const error = new RtcError(this.#code, reason);

    this.notify('session-closed',
      { session: this.id, reason: reason.slice(0, 500), code: this.#code });
    this.close();
    this.onfailed(error);
  }

  /** The latest figures; rates are since the call before. */
  async measure() {
    if (this.closed)
      return null;
    const report = await this.pc.getStats();
    const now = this.sum(report);
    const before = this.#last ?? now;
    const seconds = (now.time - before.time) / 1000;
    const rate = (name) =>
      seconds > 0 ? Math.max(0, now[name] - before[name]) / seconds : 0;

    this.#last = now;
    return { now, before, rate };
  }

  get roundTrip() {
    return this.#last?.roundTrip ?? 0;
  }

  #tell(candidate) {
    this.notify('candidate', {
      session: this.id,
      mline: candidate?.sdpMLineIndex ?? 0,
      candidate: candidate?.candidate ?? '',
      ...(candidate?.sdpMid ? { mid: candidate.sdpMid } : {}),
    });
  }

  #expect(ms, reason) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.fail(reason), ms);
  }

  #follow() {
    switch (this.pc.connectionState) {
      case 'connected':
        clearTimeout(this.#timer);
        if (!this.connected) {
          this.connected = true;
          this.onconnected();
        }
        break;
      case 'disconnected':
        this.#expect(this.#mediaTimeout, 'the connection was interrupted');
        break;
      case 'failed':
        this.fail(this.connected ? 'the connection was lost'
          : 'no path between the two was found');
        break;
      default:
    }
  }
}

function roundTripOf(report) {
  for (const entry of report.values()) {
    if (entry.type === 'candidate-pair' && entry.nominated &&
        entry.currentRoundTripTime !== undefined)
      return entry.currentRoundTripTime * 1000;
  }
  return 0;
}

/** The publisher's end: offers what is published to one viewer. */
export class OutgoingSession extends MediaSession {
  #senders = {};
  #sending = {};

  /** `tracks` and `codecs` have the members audio and video, where there is
   * one; `media` groups them for the viewer. */
  constructor(id, config, { tracks, codecs: names, media, maxBitrate }) {
    super(id, config, codes.PUBLISH_ERROR);
    for (const kind of KINDS) {
      if (!tracks[kind])
        continue;
      const transceiver = this.pc.addTransceiver(kind, {
        direction: 'sendonly',
        streams: [media],
        ...(kind === 'video' && maxBitrate
          ? { sendEncodings: [{ maxBitrate }] } : {}),
      });

      preferCodec(transceiver, kind, names[kind]);
      this.#senders[kind] = transceiver.sender;
    }
  }

  async offer() {
    try {
      const offer = await this.pc.createOffer();

      await this.pc.setLocalDescription(offer);
      this.notify('offer', { session: this.id, sdp: offer.sdp });
    } catch (error) {
      this.fail(`no offer could be made: ${error.message}`);
    }
  }

  async takeAnswer(sdp) {
    try {
      await this.pc.setRemoteDescription({ type: 'answer', sdp });
    } catch (error) {
      this.fail(`the answer cannot be used: ${error.message}`);
    }
  }

  /** Sends exactly these tracks from now on; null is nothing. */
  send(tracks) {
    for (const [kind, sender] of Object.entries(this.#senders)) {
      const track = tracks[kind] ?? null;

      if (this.#sending[kind] === track)
        continue;
      this.#sending[kind] = track;
      sender.replaceTrack(track).catch((error) => {
        if (!this.closed)
          this.fail(`a track cannot be sent: ${error.message}`);
      });
    }
  }

  sum(report) {
    const sum = { time: 0, bytes: 0, frames: 0, width: 0, height: 0, lost: 0,
      roundTrip: roundTripOf(report) };

    for (const entry of report.values()) {
      if (entry.type === 'outbound-rtp') {
        sum.time = entry.timestamp;
        sum.bytes += entry.bytesSent ?? 0;
        sum.frames += entry.framesSent ?? 0;
        sum.width = Math.max(sum.width, entry.frameWidth ?? 0);
        sum.height = Math.max(sum.height, entry.frameHeight ?? 0);
      } else if (entry.type === 'remote-inbound-rtp') {
        sum.lost = Math.max(sum.lost, entry.fractionLost ?? 0);
      }
    }
    return sum;
  }
}

/** The viewer's end: answers what a publisher offers. `ontrack (track)` is
 * one more callback. */
export class IncomingSession extends MediaSession {
  ontrack = () => {};

  constructor(id, config) {
    super(id, config, codes.SUBSCRIBE_FAILED);
    this.pc.ontrack = ({ track }) => this.ontrack(track);
  }

  async takeOffer(sdp) {
    try {
      await this.pc.setRemoteDescription({ type: 'offer', sdp });
      const answer = await this.pc.createAnswer();

      answer.sdp = keepStereo(sdp, answer.sdp);
      await this.pc.setLocalDescription(answer);
      this.notify('answer', { session: this.id, sdp: answer.sdp });
    } catch (error) {
      this.fail(`the offer cannot be used: ${error.message}`);
    }
  }

  sum(report) {
    const sum = { time: 0, bytes: 0, frames: 0, width: 0, height: 0, lost: 0,
      packets: 0, buffered: 0, emitted: 0, roundTrip: roundTripOf(report) };

    for (const entry of report.values()) {
      if (entry.type !== 'inbound-rtp')
        continue;
      sum.time = entry.timestamp;
      sum.bytes += entry.bytesReceived ?? 0;
      sum.packets += entry.packetsReceived ?? 0;
      sum.lost += entry.packetsLost ?? 0;
      if (entry.kind === 'video') {
        sum.frames = entry.framesDecoded ?? 0;
        sum.width = entry.frameWidth ?? 0;
        sum.height = entry.frameHeight ?? 0;
      }
      if (entry.kind === 'video' || !sum.emitted) {
        sum.buffered = (entry.jitterBufferDelay ?? 0) * 1000;
        sum.emitted = entry.jitterBufferEmittedCount ?? 0;
      }
    }
    return sum;
  }
}
