// SPDX-License-Identifier: LGPL-2.1-or-later
// What the browser tests have in common: server, pipelines, pages, and
// measuring what a page shows. Nothing here waits for a fixed time only.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { chromium } from 'playwright-core';

const { RTC_ROOM_SERVER, ARTIFACTS, SOURCE_DIR } = process.env;
/* The one of the distribution has the bindings of GStreamer. */
const PYTHON = process.env.PYTHON ?? '/usr/bin/python3';
const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';

/* Generous: the machine may be busy with other things. */
export const PATIENCE = Number(process.env.PATIENCE ?? 30000);

const children = new Set();

export function start(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options });

  children.add(child);
  child.once('exit', () => children.delete(child));
  child.stdin.on('error', () => {});
  return child;
}

/** Asks it to end by `signal`, or by the end of its input without one. */
export async function stop(child, signal = null) {
  if (child.exitCode !== null || child.signalCode !== null)
    return;
  const gone = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);

  child.stdin.end();
  if (signal)
    child.kill(signal);
  await gone;
  clearTimeout(timer);
}

export async function stopAll() {
  await Promise.all([...children].map((child) => stop(child,
    child.spawnfile === RTC_ROOM_SERVER ? 'SIGTERM' : null)));
}

/* What no waiting will mend. */
class Fatal extends Error {}

/** Runs until `check ()` gives something true, and returns it. */
export async function until(what, check, patience = PATIENCE) {
  const end = Date.now() + patience;
  let last;

  for (;;) {
    try {
      last = await check();
      if (last)
        return last;
    } catch (error) {
      if (error instanceof Fatal)
        throw error;
      last = error.message;
    }
    if (Date.now() > end)
      throw new Error(`${what} did not come about; last: ${JSON.stringify(last)}`);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}

/** A room server; `args` as of rtc-room-server. */
export async function startServer(args = [], listen = 'http://127.0.0.1:0') {
  const child = start(RTC_ROOM_SERVER, ['--listen', listen, ...args]);
  const lines = readline.createInterface({ input: child.stdout });
  const [url] = await Promise.race([once(lines, 'line'),
    once(child, 'exit').then(() => {
      throw new Error('the server did not start');
    })]);

  return { url, stop: () => stop(child, 'SIGTERM') };
}

/** A pipeline in a program of its own; see pipeline.py. */
export class Pipeline {
  events = [];
  streams = new Map(); /* pad -> latest figures */

  constructor(launch) {
    this.child = start(PYTHON, [path.join(SOURCE_DIR, 'pipeline.py'), launch]);
    this.child.once('exit', (code) =>
      code && this.events.push({ event: 'error', code, text: 'it exited' }));
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => {
      const event = JSON.parse(line);

      if (event.event === 'media')
        this.streams.set(event.pad, event);
      else
        this.events.push(event);
    });
  }

  act(command) {
    this.child.stdin.write(JSON.stringify(command) + '\n');
  }

  /** A message of that name posted after `from` events. */
  message(name, from = 0, text = '') {
    return until(`message ${name} ${text}`, () => {
      const fault = this.events.find((event) => event.event === 'error');

      if (fault)
        throw new Fatal(`the pipeline failed: ${fault.code} ${fault.text}`);
      return this.events.slice(from).find(
        (event) => event.name === name && event.text.includes(text));
    });
  }

  /** The figures of a stream of `user` once `check` is true of them. */
  stream(user, medium, check) {
    return until(`${medium} of ${user}`, () => {
      const fault = this.events.find((event) => event.event === 'error');
      const streams = [...this.streams.values()];
      const found = streams.find((stream) => stream.user === user &&
        stream.pad.startsWith(medium) && check(stream));

      if (found)
        return found;
      if (fault)
        throw new Fatal(`the pipeline failed: ${fault.code} ${fault.text}`);
      throw new Error(JSON.stringify({ streams, fault }));
    });
  }

  stop() {
    return stop(this.child);
  }
}

/** A publisher of a known picture and tone. */
export function publish(url, room, user, { tone = 1000, size = [320, 180],
  more = '', pattern = 'smpte' } = {}) {
  return new Pipeline(
    `rtcsink name=s server-url=${url} room-id=${room} user-id=${user} ${more} ` +
    `videotestsrc is-live=true pattern=${pattern} ! video/x-raw,width=${size[0]},` +
    `height=${size[1]},framerate=15/1 ! s. ` +
    `audiotestsrc is-live=true freq=${tone} volume=0.5 ! audio/x-raw,rate=48000 ! s.`);
}

export function receive(url, room, user, more = '') {
  return new Pipeline(
    `rtcsrc name=r server-url=${url} room-id=${room} user-id=${user} ${more}`);
}

export function launchBrowser() {
  return chromium.launch({
    executablePath: BROWSER,
    headless: true,
    args: [
      '--no-sandbox',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--auto-accept-this-tab-capture',
      '--allow-loopback-in-peer-connection',
      '--disable-features=WebRtcHideLocalIpsWithMdns',
      '--autoplay-policy=no-user-gesture-required',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

const DESKTOP = { width: 1280, height: 800 };

/** A page in a profile of its own; what goes wrong in it is kept. */
export class Page {
  faults = [];
  requests = [];

  static async open(browser, url, { phone = false, dark = false, ...more } = {}) {
    const self = new Page();

    self.context = await browser.newContext({
      viewport: phone ? { width: 390, height: 844 } : DESKTOP,
      deviceScaleFactor: phone ? 2 : 1,
      colorScheme: dark ? 'dark' : 'light',
      permissions: ['camera', 'microphone'],
      ...more,
    });
    self.page = await self.context.newPage();
    self.page.setDefaultTimeout(PATIENCE);
    self.page.on('pageerror', (error) => self.faults.push(error.message));
    self.page.on('console', (message) => {
      if (message.type() === 'error')
        self.faults.push(message.text());
    });
    self.page.on('request', (request) => self.requests.push(request.url()));
    self.page.on('websocket', (socket) => self.requests.push(socket.url()));
    /* To be cut off in a test. */
    await self.page.addInitScript(() => {
      const Real = WebSocket;

      globalThis.sockets = [];
      globalThis.WebSocket = class extends Real {
        constructor(...args) {
          super(...args);
          globalThis.sockets.push(this);
        }
      };
    });
    await self.page.goto(url);
    await self.page.waitForSelector('body[data-ready]');
    return self;
  }

  static async enter(browser, url, room, name, options) {
    const self = await Page.open(browser, `${url}/${room}`, options);

    await self.page.fill('#name', name);
    await self.page.click('#enter');
    await self.page.waitForSelector('#hall', { state: 'visible' });
    return self;
  }

  evaluate(...args) {
    return this.page.evaluate(...args);
  }

  tile(user, kind = 'camera') {
    return this.page.locator(`.tile[data-user="${user}"][data-kind=${kind}]`);
  }

  /** The picture of `user` is there and moves. */
  async sees(user, kind = 'camera') {
    const video = this.tile(user, kind).locator('video');

    await this.tile(user, kind).and(this.page.locator('[data-seen=true]')).waitFor();
    const first = await video.evaluate((v) => v.getVideoPlaybackQuality().totalVideoFrames);

    await until(`a moving picture of ${user}`, async () =>
      await video.evaluate((v) => v.getVideoPlaybackQuality().totalVideoFrames) > first + 3);
  }

  /** Colours at the given places (0 to 1 of width and height). */
  colours(user, places) {
    return this.tile(user).locator('video').evaluate((video, points) => {
      const canvas = document.createElement('canvas');
      const context = canvas.getContext('2d', { willReadFrequently: true });

      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      context.drawImage(video, 0, 0);
      return points.map(([x, y]) => [...context.getImageData(
        Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data]
        .slice(0, 3));
    }, places);
  }

  /** The loudest frequency of the sound of `user`, in hertz. */
  tone(user) {
    return this.tile(user).locator('video').evaluate(async (video) => {
      const context = new AudioContext();
      const analyser = context.createAnalyser();
      const bins = new Float32Array(analyser.fftSize = 8192);
      let best = -1, loudest = -Infinity;

      await context.resume();
      context.createMediaStreamSource(video.srcObject).connect(analyser);
      while (context.currentTime < 0.5)
        await new Promise((resolve) => setTimeout(resolve, 30));
      analyser.getFloatFrequencyData(bins);
      for (let i = 0; i < analyser.frequencyBinCount; i++) {
        if (bins[i] > loudest)
          [best, loudest] = [i, bins[i]];
      }
      const hertz = best * context.sampleRate / analyser.fftSize;

      await context.close();
      return loudest > -60 ? hertz : 0;
    });
  }

  async shot(name) {
    fs.mkdirSync(ARTIFACTS, { recursive: true });
    await this.page.screenshot({ path: path.join(ARTIFACTS, `page-${name}.png`) });
  }

  close() {
    return this.context.close();
  }
}

/* Places in the first five bars of the test picture, and their colours. */
const BARS = [0, 1, 2, 3, 4].map((i) => [(i + 0.5) / 7, 0.3]);
const BAR_COLOURS = [[255, 255, 255], [255, 255, 0], [0, 255, 255], [0, 255, 0],
  [255, 0, 255]];

function assertClose(actual, expected, slack, what) {
  actual.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) <= slack,
    `${what}: ${actual} instead of ${expected}`));
}

export async function assertBars(page, user) {
  await until(`the colours of ${user}`, async () => {
    const colours = await page.colours(user, BARS);

    colours.forEach((colour, i) =>
      assertClose(colour, BAR_COLOURS[i], 60, `bar ${i}`));
    return true;
  });
}

export async function assertTone(page, user, hertz) {
  await until(`a tone of ${hertz} Hz`, async () => {
    const tone = await page.tone(user);

    assert.ok(Math.abs(tone - hertz) < 20, `${tone} Hz`);
    return true;
  });
}
