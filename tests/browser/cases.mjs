// SPDX-License-Identifier: LGPL-2.1-or-later
// What the page does in a real browser, beside pipelines of ours.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Page, publish, receive, startServer, until } from './lib.mjs';

const { RTC_ROOM_SERVER, SOURCE_DIR } = process.env;

/* Places in the first five bars of the test picture, and their colours. */
const BARS = [0, 1, 2, 3, 4].map((i) => [(i + 0.5) / 7, 0.3]);
const BAR_COLOURS = [[255, 255, 255], [255, 255, 0], [0, 255, 255], [0, 255, 0],
  [255, 0, 255]];

function assertClose(actual, expected, slack, what) {
  actual.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) <= slack,
    `${what}: ${actual} instead of ${expected}`));
}

async function assertBars(page, user) {
  await until(`the colours of ${user}`, async () => {
    const colours = await page.colours(user, BARS);

    colours.forEach((colour, i) =>
      assertClose(colour, BAR_COLOURS[i], 60, `bar ${i}`));
    return true;
  });
}

async function assertTone(page, user, hertz) {
  await until(`a tone of ${hertz} Hz`, async () => {
    const tone = await page.tone(user);

    assert.ok(Math.abs(tone - hertz) < 20, `${tone} Hz`);
    return true;
  });
}

async function makeKey(directory) {
  const file = path.join(directory, 'key');

  fs.writeFileSync(file, 'a key for the browser tests\n');
  return file;
}

function makeToken(app, keyFile, room, user) {
  return execFileSync(RTC_ROOM_SERVER, ['token', '--app-id', app,
    '--app-key-file', keyFile, '--room', room, '--user', user],
  { encoding: 'utf8' }).trim();
}

const isMoving = (stream) => stream.distinct > 5;
const beeps = (stream) => stream.loud > 0 && stream.silent > 0;

/* Publishes with the module itself, so that the codec can be chosen. What
 * `browserQuirks` does to the page comes before that. */
async function publishByModule(page, room, user, options) {
  await page.evaluate(async ([room, user, options]) => {
    const { RtcRoom } = await import('/page/rtc-room.js');
    const client = globalThis.client = new RtcRoom(options);

    await client.join({ room, user });
    await client.publish(await navigator.mediaDevices.getUserMedia(
      { audio: true, video: { width: 320, height: 240 } }));
  }, [room, user, options]);
}

export const cases = {
  async 'the page asks nobody else for anything'(browser) {
    const { url } = await startServer();
    const page = await Page.open(browser, `${url}/hall`);

    await page.shot('door');
    await page.page.fill('#name', 'ann');
    await page.page.keyboard.press('Enter');
    await page.page.waitForSelector('#hall', { state: 'visible' });
    await page.shot('alone');
    assert.deepEqual(page.requests.filter((address) =>
      new URL(address).host !== new URL(url).host), []);
    assert.ok(page.requests.some((address) => address.startsWith('ws:')));
    assert.deepEqual(page.faults, []);

    /* The policy holds: what a page of somebody else would do fails. */
    const blocked = await page.evaluate(async () => {
      const violation = new Promise((resolve) => addEventListener(
        'securitypolicyviolation', (event) => resolve(event.effectiveDirective)));
      const script = document.createElement('script');

      document.body.append(Object.assign(document.createElement('img'),
        { src: 'http://127.0.0.1:9/x.png' }));
      return [await violation, script.nonce];
    });

    assert.equal(blocked[0], 'img-src');
  },

  async 'a page sees and hears what rtcsink publishes'(browser) {
    const { url } = await startServer();
    const sink = publish(url, 'hall', 'studio', { tone: 1000 });
    const page = await Page.enter(browser, url, 'hall', 'ann');

    await page.sees('studio');
    await assertBars(page, 'studio');
    await assertTone(page, 'studio', 1000);
    await page.tile('studio').locator('[data-figure=size]')
      .filter({ hasText: '320×180' }).waitFor();
    await page.tile('studio').locator('[data-figure=rate]')
      .filter({ hasText: /^[1-9]\d* fps$/ }).waitFor();
    await page.tile('studio').locator('[data-figure=bitrate]')
      .filter({ hasText: /^[1-9]/ }).waitFor();
    await until('a level', async () => Number(await page.tile('studio')
      .locator('[role=meter]').getAttribute('aria-valuenow')) > 30);
    await page.shot('watching');
    assert.deepEqual(page.faults, []);
    await sink.stop();
    await page.tile('studio').waitFor({ state: 'detached' });
  },

  async 'rtcsrc receives what a page publishes'(browser) {
    const { url } = await startServer();
    const source = receive(url, 'hall', 'recorder');
    const page = await Page.enter(browser, url, 'hall', 'ann');

    await page.page.click('#webcam');
    await source.stream('ann', 'video', isMoving);
    /* A second device is published anew. */
    await page.page.click('#microphone');
    await source.stream('ann', 'audio', beeps);
    await source.stream('ann', 'video', (stream) => isMoving(stream) &&
      stream.width >= 320 && stream.height >= 180);
    await page.tile('ann').getByText('1 person sees this').waitFor();
    await page.shot('publishing');
    const from = source.events.length;

    await page.page.click('#desktop');
    await source.message('rtc-stream-added', from, 'screen=(boolean)true');
    await page.tile('ann', 'screen').waitFor();
    await page.shot('screen');
    await page.page.click('#exit');
    await source.message('rtc-peer-leave', from);
    await page.page.waitForSelector('#join', { state: 'visible' });
    assert.deepEqual(page.faults, []);
  },

  async 'mute on either side shows on the other'(browser) {
    const { url } = await startServer();
    const sink = publish(url, 'hall', 'studio');
    const source = receive(url, 'hall', 'recorder');
    const page = await Page.enter(browser, url, 'hall', 'ann');

    await page.sees('studio');
    sink.act({ action: 'mute-local', element: 's', options: { audio: true } });
    await page.tile('studio').getByLabel('microphone muted').waitFor();
    sink.act({ action: 'mute-local', element: 's', options: { video: true } });
    await page.tile('studio').getByLabel('picture muted').waitFor();
    await page.shot('muted');
    sink.act({ action: 'mute-local', element: 's',
      options: { audio: false, video: false } });
    await page.tile('studio').getByLabel('microphone on').waitFor();
    await page.sees('studio');

    await page.page.click('#webcam');
    await source.stream('ann', 'video', isMoving);
    await page.page.click('#microphone');
    await source.stream('ann', 'audio', beeps);
    let from = source.events.length;

    await page.page.click('#webcam');
    await source.message('rtc-mute-video', from, 'ann');
    from = source.events.length;
    const { frames } = [...source.streams.values()]
      .find((stream) => stream.user === 'ann');

    await page.page.click('#webcam');
    await source.message('rtc-unmute-video', from, 'ann');
    await source.stream('ann', 'video', (stream) => stream.frames > frames + 5);

    /* The silence that one asks for oneself. */
    await page.tile('studio').getByRole('button', { name: /^Silence/ }).click();
    await page.tile('studio').getByRole('button', { name: /^Silence/, pressed: true })
      .waitFor();
    assert.deepEqual(page.faults, []);
  },

  async 'two pages and two pipelines share a room'(browser) {
    const { url } = await startServer();
    const sink = publish(url, 'hall', 'studio', { tone: 440 });
    const source = receive(url, 'hall', 'recorder');
    const ann = await Page.enter(browser, url, 'hall', 'ann');
    const bob = await Page.enter(browser, url, 'hall', 'bob', { phone: true, dark: true });

    await ann.page.click('#webcam');
    await bob.page.click('#webcam');
    await Promise.all([ann.sees('studio'), bob.sees('studio'), ann.sees('bob'),
      bob.sees('ann'), source.stream('ann', 'video', isMoving),
      source.stream('bob', 'video', isMoving),
      source.stream('studio', 'video', isMoving)]);
    await assertTone(bob, 'studio', 440);
    await ann.tile('ann').getByText('2 people see this').waitFor();
    await ann.shot('everybody');
    await bob.shot('everybody-phone-dark');
    await ann.page.emulateMedia({ colorScheme: 'dark' });
    await ann.shot('everybody-dark');
    assert.deepEqual([...ann.faults, ...bob.faults], []);
    await sink.stop();
  },

  async 'watching goes on when the server starts again'(browser) {
    const first = await startServer();
    const sink = publish(first.url, 'hall', 'studio');
    const source = receive(first.url, 'hall', 'recorder');
    const ann = await Page.enter(browser, first.url, 'hall', 'ann');
    const bob = await Page.enter(browser, first.url, 'hall', 'bob');

    await ann.page.click('#webcam');
    await Promise.all([bob.sees('ann'), bob.sees('studio'),
      source.stream('ann', 'video', isMoving)]);
    await first.stop();
    await bob.page.locator('#connection', { hasText: 'reconnecting' }).waitFor();
    /* Media does not pass by the server. */
    await bob.sees('ann');
    await bob.shot('reconnecting');
    /* Nobody has to wait for a server to be unseen. */
    await ann.page.click('#webcam');
    await ann.tile('ann').getByLabel('picture muted').waitFor();
    await ann.page.click('#webcam');
    const second = await startServer([], first.url);

    for (const page of [ann, bob])
      await page.page.locator('#connection-text', { hasText: /^connected$/ }).waitFor();
    for (const user of ['ann', 'studio']) {
      await until('a media session of the new server', () =>
        bob.tile(user).and(bob.page.locator('[data-media=connected]')).isVisible());
    }
    await Promise.all([bob.sees('ann'), bob.sees('studio'), ann.sees('studio')]);
    const { frames } = [...source.streams.values()]
      .find((stream) => stream.user === 'ann');

    await source.stream('ann', 'video', (stream) => stream.frames > frames + 10);
    await sink.stop();
    await ann.tile('ann').getByText('2 people see this').waitFor();
    await ann.page.click('#exit');
    await bob.tile('ann').waitFor({ state: 'detached' });
    await second.stop();
  },

  async 'a cut connection is resumed'(browser) {
    const { url } = await startServer();
    const sink = publish(url, 'hall', 'studio');
    const page = await Page.enter(browser, url, 'hall', 'ann');

    await page.sees('studio');
    await page.evaluate(() => {
      globalThis.answers = [];
      const prototype = WebSocket.prototype;
      const send = prototype.send;

      prototype.send = function (text) {
        if (JSON.parse(text).type === 'join')
          this.addEventListener('message', ({ data }) => {
            const message = JSON.parse(data);

            if (message.secret)
              globalThis.answers.push(message.resumed);
          });
        send.call(this, text);
      };
      globalThis.sockets.at(-1).close(4000, 'cut by the test');
    });
    await until('the room resumed', async () =>
      (await page.evaluate(() => globalThis.answers))[0] === true);
    await page.sees('studio');
    await page.page.click('#webcam');
    await page.tile('ann').and(page.page.locator('[data-seen=true]')).waitFor();
    await sink.stop();
  },

  async 'what goes wrong is said in words'(browser) {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'rtc-page-'));
    const app = 'abcdefghijklmnopqrstuvwx';
    const key = await makeKey(directory);
    const { url } = await startServer(['--app-id', app, '--app-key-file', key]);
    const page = await Page.open(browser, `${url}/hall`, { phone: true });
    const alert = page.page.locator('#door-alert');

    await page.page.fill('#name', 'two words');
    await page.page.click('#enter');
    await page.page.getByText('without spaces').waitFor();
    await page.shot('wrong-name-phone');
    await page.page.fill('#name', 'ann');
    await page.page.click('#enter');
    await alert.getByText('The room could not be entered').waitFor();
    await alert.getByText('300008 JOIN_ROOM_ERROR').waitFor();
    assert.match(await alert.innerText(), /token/);
    await page.page.fill('#token', makeToken(app, key, 'hall', 'bob'));
    await page.page.click('#enter');
    await alert.getByText('300008 JOIN_ROOM_ERROR').waitFor();
    await page.shot('wrong-token-phone');
    await page.page.fill('#token', makeToken(app, key, 'hall', 'ann'));
    await page.page.click('#enter');
    await page.page.waitForSelector('#hall', { state: 'visible' });

    /* By the fragment, which is gone from the address at once. */
    const other = await Page.open(browser,
      `${url}/hall#token=${makeToken(app, key, 'hall', 'ann')}`);

    assert.equal(other.page.url(), `${url}/hall`);
    await other.page.fill('#name', 'ann');
    await other.page.click('#enter');
    await other.page.waitForSelector('#hall', { state: 'visible' });
    await page.page.getByText('somebody entered with your name').waitFor();
    await page.shot('banned-phone');
    assert.ok([...page.requests, ...other.requests].every(
      (address) => !new URL(address).search.includes('oken')));
    fs.rmSync(directory, { recursive: true });
  },

  async 'a server that is not there is said in words'(browser) {
    const server = await startServer();
    const page = await Page.open(browser, `${server.url}/hall`);

    await server.stop();
    await page.page.fill('#name', 'ann');
    await page.page.click('#enter');
    await page.page.locator('#door-alert').getByText('200002 GET_CONFIG_ERROR').waitFor();
    await page.shot('no-server');
  },

  async 'page and WebSocket work over TLS'(browser) {
    const tls = path.join(SOURCE_DIR, '..', 'vectors', 'tls');
    const { url } = await startServer(['--tls-cert', path.join(tls, 'cert.pem'),
      '--tls-key', path.join(tls, 'key.pem')], 'https://127.0.0.1:0');
    const page = await Page.enter(browser, url, 'hall', 'ann', { ignoreHTTPSErrors: true });

    assert.ok(url.startsWith('https:'));
    assert.ok(page.requests.some((address) => address.startsWith('wss:')));
    await page.page.click('#webcam');
    await page.tile('ann').and(page.page.locator('[data-seen=true]')).waitFor();
    assert.deepEqual(page.faults, []);
  },

  async 'each codec of the browser is received'(browser) {
    const { url } = await startServer();
    const source = receive(url, 'hall', 'recorder');
    const page = await Page.open(browser, url);
    const able = await page.evaluate(() => RTCRtpSender.getCapabilities('video').codecs
      .map((codec) => codec.mimeType.split('/')[1].toUpperCase()));
    const names = ['VP8', 'VP9', 'H264'].filter((name) => able.includes(name));

    assert.ok(names.length >= 2, `this browser sends only ${able}`);
    for (const name of names) {
      await publishByModule(page, 'hall', `user-${name}`, { videoCodecs: [name] });
      await source.message('rtc-stream-added', 0, `user-${name}`);
      await source.stream(`user-${name}`, 'video', isMoving);
      await source.stream(`user-${name}`, 'audio', beeps);
      await page.evaluate(() => globalThis.client.leave());
    }
  },

  async 'the plain offer of a browser is received'(browser) {
    const { url } = await startServer();
    const source = receive(url, 'hall', 'recorder');
    const page = await Page.open(browser, url);

    /* All codecs with RTX, RED and FEC, all header extensions, and three
     * layers, of which the answer takes one. */
    await page.evaluate(() => {
      const prototype = RTCPeerConnection.prototype;
      const add = prototype.addTransceiver;
      const setLocal = prototype.setLocalDescription;

      RTCRtpTransceiver.prototype.setCodecPreferences = () => {};
      prototype.addTransceiver = function (kind, init) {
        return add.call(this, kind, kind === 'video' ? { ...init, sendEncodings: [
          { rid: 'q', scaleResolutionDownBy: 4 }, { rid: 'h', scaleResolutionDownBy: 2 },
          { rid: 'f' }] } : init);
      };
      prototype.setLocalDescription = function (description) {
        globalThis.offer = description.sdp;
        return setLocal.call(this, description);
      };
    });
    await publishByModule(page, 'hall', 'ann', {});
    await source.stream('ann', 'video', isMoving);
    await source.stream('ann', 'audio', beeps);
    const offer = await page.evaluate(() => globalThis.offer);

    for (const part of [/a=simulcast:send/, / rtx\//, / red\//, /transport-cc/, /a=extmap/,
      / VP9\//])
      assert.match(offer, part);
    if (process.env.KEEP_SDP)
      fs.writeFileSync(process.env.KEEP_SDP, offer);
  },

  async 'each codec of rtcsink is played'(browser) {
    const { url } = await startServer();

    for (const codec of ['VP9', 'H264']) {
      const sink = publish(url, codec, 'studio', { more: `video-codecs="<${codec}>"` });
      const page = await Page.enter(browser, url, codec, 'ann');

      await page.sees('studio');
      await assertBars(page, 'studio');
      await page.close();
      await sink.stop();
    }
  },

  async 'the page is used by keyboard and read aloud'(browser) {
    const { url } = await startServer();
    const page = await Page.open(browser, `${url}/hall`);
    const { keyboard } = page.page;
    const focused = () => page.evaluate(() => document.activeElement.id);

    for (const id of ['room', 'name', 'enter']) {
      await keyboard.press('Tab');
      assert.equal(await focused(), id);
    }
    await page.page.fill('#name', 'ann');
    await keyboard.press('Enter');
    await page.page.waitForSelector('#hall', { state: 'visible' });
    assert.equal(await focused(), 'microphone');
    await keyboard.press('Tab');
    assert.equal(await focused(), 'webcam');
    await keyboard.press('Space');
    await page.tile('ann').and(page.page.locator('[data-seen=true]')).waitFor();

    const bob = await Page.enter(browser, url, 'hall', 'bob');

    await page.page.getByRole('log').getByText('bob is in the room').waitFor({ state: 'attached' });
    await bob.page.getByRole('button', { name: 'ann on the whole screen' }).waitFor();
    await bob.page.getByRole('button', { name: 'Leave' }).click();
    await page.page.getByRole('log').getByText('bob left the room').waitFor({ state: 'attached' });
    /* Everything that can be pressed has a name. */
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('button')]
      .filter((button) => !(button.getAttribute('aria-label') || button.innerText.trim() ||
        button.offsetParent === null)).map((button) => button.outerHTML)), []);
    /* Nothing is cut off on a small window. */
    await page.page.setViewportSize({ width: 320, height: 600 });
    assert.equal(await page.evaluate(() =>
      document.documentElement.scrollWidth <= innerWidth), true);
  },

  async 'the client tells its errors as objects'(browser) {
    const { url } = await startServer();
    const page = await Page.open(browser, url);
    const facts = await page.evaluate(async () => {
      const { RtcRoom, codes, delayBefore, isId } = await import('/page/rtc-room.js');
      const errorOf = (promise) => promise.then(() => null, (error) => error.toJSON());
      const room = new RtcRoom();
      const other = new RtcRoom();
      const events = [];
      const media = new MediaStream();
      const errors = {};

      for (const type of ['state', 'peer-online', 'peer-leave'])
        room.addEventListener(type, ({ detail }) =>
          events.push(`${type} ${detail.state ?? detail.user}`));
      errors.leaveOutside = await errorOf(room.leave());
      errors.publishOutside = await errorOf(room.publish(media));
      errors.badName = await errorOf(room.join({ room: 'a b' }));
      const joining = room.join({ room: 'hall', user: 'ann' });

      errors.joinTwice = await errorOf(room.join({ room: 'hall' }));
      await joining;
      errors.joinAgain = await errorOf(room.join({ room: 'hall' }));
      errors.nothing = await errorOf(room.publish(media));
      errors.notPublished = await errorOf(room.muteLocal({ audio: true }));
      errors.nobody = await errorOf(room.subscribe('nobody'));
      await other.join({ room: 'hall', user: 'bob' });
      errors.noStream = await errorOf(other.subscribe('ann'));
      await other.leave();
      await other.join({ room: 'hall', user: 'bob' });
      const gone = new Promise((resolve) =>
        room.addEventListener('peer-leave', resolve, { once: true }));

      await other.leave();
      await gone;
      await room.leave();
      return { errors, events, user: room.user, ids: [isId('a.b-C_9@'), isId(''), isId('a b')],
        delays: [1, 2, 3, 9, 10].map((n) => delayBefore(n, 300, () => 1)), codes };
    });

    assert.equal(facts.errors.leaveOutside.code, 100002);
    assert.deepEqual(facts.errors.leaveOutside, { code: 100002, symbol: 'NOT_IN_ROOM',
      category: 'sequence', reason: '', retryable: false });
    assert.equal(facts.errors.publishOutside.code, 100002);
    assert.equal(facts.errors.badName.code, 100001);
    assert.equal(facts.errors.joinTwice.code, 100004);
    assert.equal(facts.errors.joinAgain.code, 100003);
    assert.equal(facts.errors.nothing.code, 100001);
    assert.equal(facts.errors.notPublished.code, 100006);
    assert.equal(facts.errors.nobody.code, 100007);
    assert.equal(facts.errors.noStream.code, 200001);
    assert.deepEqual(facts.events, ['state connecting', 'state joined', 'peer-online bob',
      'peer-leave bob', 'peer-online bob', 'peer-leave bob', 'state out']);
    assert.deepEqual(facts.delays, [0, 300, 600, 7000, 7000]);
    assert.deepEqual(facts.ids, [true, false, false]);

    /* The numbers are those of the installed header. */
    const header = fs.readFileSync(
      path.join(SOURCE_DIR, '..', '..', 'common', 'rtcerror.h'), 'utf8');

    for (const [symbol, code] of Object.entries(facts.codes))
      assert.match(header, new RegExp(`GST_RTC_ERROR_${symbol} = ${code}\\b`));
    assert.equal(Object.keys(facts.codes).length,
      [...header.matchAll(/GST_RTC_ERROR_\w+ = \d+/g)].length);
  },
};
