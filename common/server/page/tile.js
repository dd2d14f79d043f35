// SPDX-License-Identifier: LGPL-2.1-or-later
// One tile: a user, or the screen of one, with picture, sound and figures.
import { LevelMeter } from './sound.js';

const template = document.getElementById('tile');

/** Sets the icon of a button, which is one of those in index.html. */
export function setIcon(button, name) {
  button.querySelector('use').setAttribute('href', `#${name}`);
}

function icon(name, text) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');

  use.setAttribute('href', `#${name}`);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', text);
  svg.append(use);
  return svg;
}

/* The same name has the same colour everywhere. */
function hueOf(name) {
  let hash = 0;

  for (const letter of name)
    hash = (hash * 31 + letter.codePointAt(0)) % 360;
  return hash;
}

function initialsOf(name) {
  const words = name.split(/[-_.@]+/).filter(Boolean);

  return words.slice(0, 2).map((word) => word[0].toUpperCase()).join('') || '?';
}

const formatBitrate = (bits) => bits >= 999500
  ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bits / 1e3)} kbit/s`;

export class Tile {
  #parts;
  #meter = new LevelMeter();
  #media = null;
  #stream = null;
  #own;

  /** `actions` has hush (muted) for the sound of others and stop () for what
   * one shares. */
  constructor(user, { screen = false, own = false } = {}, actions = {}) {
    const element = template.content.firstElementChild.cloneNode(true);
    const find = (selector) => element.querySelector(selector);

    this.user = user;
    this.screen = screen;
    this.element = element;
    this.#own = own;
    this.#parts = {
      video: find('video'), face: find('.face'), cover: find('.cover'),
      name: find('.name'), mutes: find('.mutes'), level: find('.level'),
      bar: find('.level span'), figures: find('.figures'),
      nothing: find('.nothing'), hush: find('.hush'), full: find('.full'),
      stop: find('.stop'),
    };
    element.dataset.user = user;
    element.dataset.kind = screen ? 'screen' : 'camera';
    element.style.setProperty('--hue', hueOf(user));
    element.classList.toggle('own', own);
    this.#parts.face.textContent = initialsOf(user);
    this.#parts.name.textContent = this.title;
    this.#parts.name.title = this.title; /* a long one is cut off */
    this.#parts.video.muted = own;
    this.#parts.video.addEventListener('resize', () => this.#show());
    this.#label(this.#parts.full, `${this.title} on the whole screen`);
    this.#label(this.#parts.hush, `Silence ${this.title} for me`);
    this.#label(this.#parts.stop, screen ? 'Stop sharing the screen'
      : 'Stop sharing camera and microphone');
    this.#parts.full.addEventListener('click', () => this.#enlarge());
    this.#parts.hush.addEventListener('click', () => this.#hush(actions.hush));
    this.#parts.stop.addEventListener('click', () => actions.stop?.());
    this.#show();
  }

  get title() {
    return `${this.user}${this.screen ? ', screen' : ''}${this.#own ? ' (you)' : ''}`;
  }

  /** Shares nothing. */
  get quiet() {
    return !this.#stream;
  }

  /** What the room says of the stream; null when there is none. */
  setStream(stream) {
    if (!this.#stream || !stream)
      this.cover('');
    this.#stream = stream;
    if (!stream)
      this.setMedia(null);
    this.#show();
  }

  setMedia(media) {
    const { video } = this.#parts;

    this.#media = media;
    if (video.srcObject !== media)
      video.srcObject = media;
    if (media)
      video.play().catch(() => {});
    this.#meter.follow(media);
    this.#show();
  }

  /** Words over the picture; '' takes them off. */
  cover(text) {
    const { cover } = this.#parts;

    cover.textContent = text;
    cover.hidden = !text;
  }

  /** The words of a failure, and a button that calls `again`. */
  coverFailure({ text, code }, again) {
    const small = document.createElement('small');
    const button = document.createElement('button');

    this.cover(text);
    small.textContent = code;
    button.type = 'button';
    button.className = 'again';
    button.textContent = 'Try again';
    button.setAttribute('aria-label', `Try again to receive ${this.title}`);
    button.addEventListener('click', again);
    this.#parts.cover.append(small, button);
  }

  setFigures(figures) {
    const { figures: list } = this.#parts;
    const set = (name, text) => {
      const cell = list.querySelector(`[data-figure=${name}]`);

      cell.textContent = text;
      cell.parentElement.hidden = !text;
    };

    list.hidden = !figures || (this.#own && !figures.viewers);
    if (!figures)
      return;
    const hasVideo = this.#stream?.videoCodec && !this.#stream.videoMuted &&
      figures.width > 0;

    set('size', hasVideo ? `${figures.width}×${figures.height}` : '');
    set('rate', hasVideo ? `${Math.round(figures.framesPerSecond)} fps` : '');
    set('bitrate', formatBitrate(figures.bitrate));
    set('loss', `${(figures.lost * 100).toFixed(figures.lost ? 1 : 0)} %`);
    set('delay', `${Math.round(figures.delay)} ms`);
    this.#show();
    if (this.#own)
      this.#parts.nothing.textContent = this.#watchers(figures.viewers);
  }

  /** Called a few times a second. */
  drawLevel() {
    const { level, bar } = this.#parts;

    if (level.hidden)
      return;
    this.#meter.follow(this.#media);
    const value = this.#stream?.audioMuted ? 0 : this.#meter.read();
    const percent = Math.round(value * 100);

    bar.style.transform = `scaleX(${value.toFixed(2)})`;
    level.setAttribute('aria-valuenow', percent);
    this.element.classList.toggle('speaking', value > 0.5);
  }

  remove() {
    this.#meter.stop();
    this.#parts.video.srcObject = null;
    this.element.remove();
  }

  #label(button, text) {
    button.setAttribute('aria-label', text);
    button.title = text;
  }

  #watchers(count) {
    if (!this.#stream)
      return '';
    return count ? `${count} ${count === 1 ? 'person sees' : 'people see'} this`
      : 'nobody receives this yet';
  }

  #enlarge() {
    const { video } = this.#parts;

    if (document.fullscreenElement)
      document.exitFullscreen();
    else if (video.requestFullscreen)
      video.requestFullscreen().catch(() => {});
    else
      video.webkitEnterFullscreen?.();
  }

  async #hush(action) {
    const button = this.#parts.hush;
    const muted = button.getAttribute('aria-pressed') !== 'true';

    if (await action?.(muted) === false)
      return;
    button.setAttribute('aria-pressed', muted);
    setIcon(button, muted ? 'sound-off' : 'sound');
  }

  #show() {
    const { video, face, mutes, level, nothing, hush, full, stop, figures } =
      this.#parts;
    const stream = this.#stream;
    const hasSound = !!stream?.audioCodec;
    const hasPicture = !!stream?.videoCodec;
    const seen = hasPicture && !stream.videoMuted && video.videoWidth > 0;

    video.classList.toggle('seen', seen);
    video.classList.toggle('mirrored', this.#own && !this.screen);
    video.setAttribute('aria-label', `Picture of ${this.title}`);
    face.hidden = seen;
    mutes.replaceChildren();
    if (hasSound)
      mutes.append(stream.audioMuted ? icon('mic-off', 'microphone muted')
        : icon('mic', 'microphone on'));
    if (hasPicture && stream.videoMuted)
      mutes.append(icon('camera-off', 'picture muted'));
    level.hidden = !hasSound;
    full.hidden = !seen;
    hush.hidden = this.#own || !hasSound;
    stop.hidden = !this.#own || !stream;
    if (!stream) {
      figures.hidden = true;
      nothing.textContent = this.#own ? 'You share nothing'
        : 'shares nothing at the moment';
    } else if (!this.#own) {
      nothing.textContent = '';
    } else if (figures.hidden) {
      nothing.textContent = this.#watchers(0);
    }
    this.element.dataset.quiet = this.quiet;
    this.element.dataset.audioMuted = !!stream?.audioMuted;
    this.element.dataset.videoMuted = !!stream?.videoMuted;
    this.element.dataset.seen = seen;
  }
}
