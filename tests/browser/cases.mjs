// SPDX-License-Identifier: LGPL-2.1-or-later
// What the page does in a real browser, beside pipelines of ours.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { assertBars, assertTone, Page, publish, receive, startServer, until }
  from './lib.mjs';

const { RTC_ROOM_SERVER, SOURCE_DIR } = process.env;

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

  async 'media that cannot be had is said in words'(browser) {
    const { url } = await startServer();
    const sink = publish(url, 'hall', 'studio');
    const page = await Page.open(browser, `${url}/hall`);
    const failed = page.tile('studio').getByText('300001 SUBSCRIBE_FAILED');

    await page.evaluate(() => {
      const { prototype } = RTCPeerConnection;

      globalThis.setRemote = prototype.setRemoteDescription;
      prototype.setRemoteDescription = () => Promise.reject(new Error('not in this test'));
    });
    await page.page.fill('#name', 'ann');
    await page.page.click('#enter');
    await failed.waitFor();
    await page.tile('studio').getByText('The stream could not be received').waitFor();
    await page.shot('failed');
    await page.evaluate(() => {
      RTCPeerConnection.prototype.setRemoteDescription = globalThis.setRemote;
    });
    await page.page.getByRole('button', { name: 'Try again to receive studio' }).click();
    await page.sees('studio');
    await failed.waitFor({ state: 'detached' });
    assert.deepEqual(page.faults, []);
    await sink.stop();
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

  async 'what was half open when a connection was cut is opened anew'(browser) {
    const { url } = await startServer();
    const page = await Page.open(browser, url);

    const connections = await page.evaluate(async () => {
      const { RtcRoom } = await import('/page/rtc-room.js');
      const event = (target, type, check = () => true) => new Promise((resolve) => {
        target.addEventListener(type, ({ detail }) => check(detail) && resolve());
      });
      const flows = (room) =>
        event(room, 'media-state', ({ state }) => state === 'connected');
      /* The first call of a method that fits does nothing for ever. */
      const lose = (prototype, name, fits) => new Promise((resolve) => {
        const method = prototype[name];

        prototype[name] = function (argument) {
          if (!fits(argument))
            return method.call(this, argument);
          prototype[name] = method;
          resolve();
          return new Promise(() => {});
        };
      });
      const loseDescription = (type) =>
        lose(RTCPeerConnection.prototype, 'setRemoteDescription',
          (description) => description.type === type);
      let made = 0;

      globalThis.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(...args) {
          super(...args);
          made++;
        }
      };
      /* Nothing comes back because it took too long. */
      const enter = async (user, options) => {
        const room = new RtcRoom({ connectTimeout: 1e9, reconnectDelay: 0, ...options });

        await room.join({ room: 'hall', user });
        return { room, socket: globalThis.sockets.at(-1) };
      };
      const ann = await enter('ann');
      const bob = await enter('bob');
      const added = event(ann.room, 'stream-added');
      const canvas = document.createElement('canvas');
      const counts = [];

      canvas.getContext('2d');
      await bob.room.publish(canvas.captureStream());
      await added;
      for (const [type, cut] of [['offer', ann], ['answer', bob]]) {
        const lost = loseDescription(type);
        const before = made;

        await ann.room.unsubscribe('bob').catch(() => {});
        await ann.room.subscribe('bob');
        await lost;
        const again = flows(ann.room);

        cut.socket.close(4000, 'cut by the test');
        await again;
        counts.push(made - before);
      }

      /* What is asked for by itself, and was not heard. */
      const asked = lose(WebSocket.prototype, 'send',
        (text) => JSON.parse(text).type === 'subscribe');
      const carol = await enter('carol', { autoSubscribe: true });

      await asked;
      const late = flows(carol.room);

      carol.socket.close(4000, 'cut by the test');
      await late;
      await Promise.all([ann, bob, carol].map(({ room }) => room.leave()));
      return counts;
    });
    /* Each time two that do not come up, and two that do. */
    assert.deepEqual(connections, [4, 4]);
    assert.deepEqual(page.faults, []);
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

  async 'a room that is full is said in words'(browser) {
    const { url } = await startServer(['--max-visible-users', '1']);
    const ann = await Page.enter(browser, url, 'hall', 'ann');
    const bob = await Page.open(browser, `${url}/hall`);

    await bob.page.fill('#name', 'bob');
    await bob.page.click('#enter');
    await bob.page.locator('#door-alert').getByText('the room is full').waitFor();
    await ann.page.click('#exit');
    await ann.page.waitForSelector('#join', { state: 'visible' });
    await bob.page.click('#enter');
    await bob.page.waitForSelector('#hall', { state: 'visible' });
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

  async 'many people and long names have place'(browser) {
    const { url } = await startServer();
    const helper = await Page.open(browser, url);
    const room = `a-room-of.many_people@${'x'.repeat(100)}`;
    const long = `somebody-with.a_long@name-${'y'.repeat(102)}`;

    await helper.evaluate(async ([room, users]) => {
      const { RtcRoom } = await import('/page/rtc-room.js');

      globalThis.clients = [];
      for (const user of users) {
        const client = new RtcRoom();

        await client.join({ room, user });
        globalThis.clients.push(client);
      }
    }, [room, ['bob', 'carol', 'dave', 'erin', long]]);
    const page = await Page.enter(browser, url, room, 'ann');
    const names = () => page.evaluate(() => [...document.querySelectorAll('.tile')]
      .map((tile) => tile.dataset.user));

    await until('everybody', async () => (await names()).length === 6);
    assert.deepEqual(await names(), ['bob', 'carol', 'dave', 'erin', long, 'ann']);
    /* Who begins to share comes before those who do not. */
    await helper.evaluate(async () => globalThis.clients[4].publish(
      await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240 } })));
    await page.sees(long);
    assert.deepEqual(await names(), [long, 'bob', 'carol', 'dave', 'erin', 'ann']);
    await page.shot('many');
    for (const [name, width, height] of [['many-phone', 390, 844], ['many-small', 320, 568]]) {
      await page.page.setViewportSize({ width, height });
      assert.equal(await page.evaluate(() =>
        document.documentElement.scrollWidth <= innerWidth), true, name);
      for (const id of ['.title', '#connection', '#count', '#copy', '#microphone', '#exit'])
        assert.ok(await page.page.locator(id).evaluate((element) => {
          const { left, right, width } = element.getBoundingClientRect();

          return left >= 0 && right <= innerWidth && width > 0;
        }), `${id} of ${name}`);
      await page.shot(name);
    }
    assert.deepEqual(page.faults, []);
  },

  async 'room and name are remembered, a token is not'(browser) {
    const { url } = await startServer();
    const page = await Page.open(browser, `${url}/#token=a-token`);

    await page.page.fill('#room', 'kitchen');
    await page.page.fill('#name', 'ann');
    await page.page.keyboard.press('Enter');
    await page.page.waitForSelector('#hall', { state: 'visible' });
    assert.equal(page.page.url(), `${url}/kitchen`);
    await page.page.click('#exit');
    await page.page.waitForSelector('#join', { state: 'visible' });
    await page.page.goto(url);
    await page.page.waitForSelector('body[data-ready]');
    assert.equal(await page.page.inputValue('#room'), 'kitchen');
    assert.equal(await page.page.inputValue('#name'), 'ann');
    assert.equal(await page.page.inputValue('#token'), '');
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage).sort()),
      ['rtc-room name', 'rtc-room room']);
  },

  async 'refusals and lost connections have the codes of the elements'(browser) {
    const { url } = await startServer();
    const page = await Page.open(browser, url);

    /* A request of this type is not sent, but refused, or left without an
     * answer where there is no code. */
    await page.evaluate(() => {
      const { prototype } = WebSocket;
      const send = prototype.send;

      globalThis.refuse = {};
      prototype.send = function (text) {
        const { type, id } = JSON.parse(text);
        const code = globalThis.refuse[type];

        delete globalThis.refuse[type];
        if (code === undefined)
          send.call(this, text);
        else if (code)
          setTimeout(() => this.dispatchEvent(new MessageEvent('message', { data:
            JSON.stringify({ type: 'error', id, code, reason: 'by the test' }) })));
      };
    });
    const facts = await page.evaluate(async () => {
      const { RtcRoom } = await import('/page/rtc-room.js');
      const codeOf = (promise) => promise.then(() => 0,
        ({ code, nativeCode, retryable }) => [code, nativeCode, retryable]);
      const refused = (type, code, call) => {
        globalThis.refuse[type] = code;
        return codeOf(call());
      };
      const event = (target, type, check = () => true) => new Promise((resolve) => {
        target.addEventListener(type, function told({ detail }) {
          if (!check(detail))
            return;
          target.removeEventListener(type, told);
          resolve(detail);
        });
      });
      const ann = new RtcRoom({ signalingTimeout: 1500, reconnectDelay: 2000 });
      const bob = new RtcRoom();
      const canvas = document.createElement('canvas');

      canvas.getContext('2d');
      const media = canvas.captureStream();
      const facts = {};

      /* A join that leave cuts off, and one right behind it. */
      const cut = codeOf(ann.join({ room: 'hall', user: 'ann' }));

      await ann.leave();
      const second = codeOf(ann.join({ room: 'hall', user: 'ann' }));

      facts.joins = [await cut, await second, ann.state];
      await bob.join({ room: 'hall', user: 'bob' });
      facts.publish = await refused('publish', 300006, () => ann.publish(media));
      facts.otherwise = await refused('publish', 100005, () => ann.publish(media));
      facts.timeout = await refused('publish', 0, () => ann.publish(media));
      const added = event(bob, 'stream-added');

      facts.published = await codeOf(ann.publish(media));
      facts.mute = await refused('mute-local', 300003, () => ann.muteLocal({ video: true }));
      facts.muted = ann.ownStreams[0].videoMuted;
      await added;
      facts.gone = await refused('subscribe', 200001, () => bob.subscribe('ann'));
      await bob.subscribe('ann');
      facts.unsubscribe = await refused('unsubscribe', 300002, () => bob.unsubscribe('ann'));
      facts.kept = !!bob.getMedia('ann');
      facts.pause = await refused('mute-remote', 300004,
        () => bob.muteRemote('ann', { video: true }));
      facts.nothing = [await codeOf(ann.muteLocal()), await codeOf(ann.renewToken('')),
        await codeOf(bob.muteRemote('ann', { video: 1 })),
        await codeOf(bob.subscribe('ann', { audio: false, video: false }))];

      /* What is pending when the connection breaks, and what comes later. */
      const away = event(ann, 'state', ({ state }) => state === 'reconnecting');
      const pending = refused('renew-token', 0, () => ann.renewToken('t'));
      const muting = refused('mute-local', 0, () => ann.muteLocal({ video: true }));

      globalThis.sockets.find((socket) => socket.readyState === 1)
        .close(4000, 'cut by the test');
      await away;
      facts.broken = await pending;
      facts.down = await codeOf(ann.renewToken('t'));
      facts.muting = [await muting, ann.ownStreams[0].videoMuted];
      const removed = event(bob, 'stream-removed');

      /* The server still holds it, and is told when it is back. */
      facts.unpublish = await codeOf(ann.unpublish());
      await event(ann, 'state', ({ state }) => state === 'joined');
      facts.removed = (await removed).reason;
      facts.leave = await refused('leave', 300005, () => ann.leave());
      await ann.join({ room: 'hall', user: 'ann' });
      facts.leaveTimeout = await refused('leave', 0, () => ann.leave());
      facts.out = [ann.state, await codeOf(ann.unpublish()), await codeOf(ann.muteLocal(
        { audio: true })), await codeOf(ann.muteRemote('bob', { audio: true })),
      await codeOf(ann.unsubscribe('bob')), await codeOf(ann.subscribe('bob'))];
      await bob.leave();
      return facts;
    });

    assert.deepEqual(facts.joins, [[300008, 0, true], 0, 'joined']);
    assert.deepEqual(facts.publish, [300006, 0, true]);
    assert.deepEqual(facts.otherwise, [300006, 100005, true]);
    assert.deepEqual(facts.timeout, [300009, 0, true]);
    assert.equal(facts.published, 0);
    assert.deepEqual(facts.mute, [300003, 0, true]);
    assert.equal(facts.muted, false);
    assert.deepEqual(facts.gone, [200001, 0, true]);
    assert.deepEqual(facts.unsubscribe, [300002, 0, true]);
    assert.equal(facts.kept, true);
    assert.deepEqual(facts.pause, [300004, 0, true]);
    assert.deepEqual(facts.nothing, Array(4).fill([100001, 0, false]));
    assert.equal(facts.broken[0], 500001);
    assert.deepEqual(facts.down, [300010, 0, true]);
    assert.deepEqual(facts.muting, [0, true]);
    assert.equal(facts.unpublish, 0);
    assert.equal(facts.removed, 'unpublished');
    assert.deepEqual(facts.leave, [300005, 0, true]);
    assert.deepEqual(facts.leaveTimeout, [300009, 0, true]);
    assert.deepEqual(facts.out, ['out', ...Array(5).fill([100002, 0, false])]);
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
      const canvas = document.createElement('canvas');
      const errors = {};

      canvas.getContext('2d');
      const media = canvas.captureStream();

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
      errors.nothing = await errorOf(room.publish(new MediaStream()));
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
