// SPDX-License-Identifier: LGPL-2.1-or-later
// A browser with the client library of Janus on the other side of a real
// Janus.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import readline from 'node:readline';
import { assertBars, assertTone, Page, publish, receive, start, stop }
  from './lib.mjs';

const { JANUS_RUN } = process.env;

/* What is not installed, empty where all is. */
export const missing =
  spawnSync(JANUS_RUN, ['--available']).status === 77 ? 'janus' : '';

/* This Janus has no other address. */
const LOCAL = 'local-addresses="<127.0.0.1>"';

/* What the page is made of, and where it lies. */
const FILES = {
  '/': ['janus/index.html', 'text/html'],
  '/page.js': ['janus/page.js', 'text/javascript'],
  '/janus.es.js': ['node_modules/janus-gateway/npm/dist/janus.es.js',
    'text/javascript'],
  '/adapter.js': ['node_modules/webrtc-adapter/out/adapter.js',
    'text/javascript'],
};

/** A Janus, and a server of the page. */
class Stage {
  static async open() {
    const self = new Stage();

    self.child = start(JANUS_RUN, []);
    const lines = readline.createInterface({ input: self.child.stdout });
    const [line] = await Promise.race([once(lines, 'line'),
      once(self.child, 'exit').then(() => {
        throw new Error('Janus did not start');
      })]);

    [self.url, self.room] = line.split(' ');
    self.http = http.createServer((request, response) => {
      const [name, type] = FILES[request.url.split('?')[0]] ?? [];

      response.writeHead(name ? 200 : 404, { 'Content-Type': type ?? 'text/plain' });
      response.end(name && fs.readFileSync(new URL(name, import.meta.url)));
    }).listen(0, '127.0.0.1');
    await once(self.http, 'listening');
    return self;
  }

  /** The page, as a member of the room. */
  enter(browser, user) {
    const query = new URLSearchParams({ server: this.url, room: this.room, user });

    return Page.open(browser,
      `http://127.0.0.1:${this.http.address().port}/?${query}`);
  }

  async close() {
    this.http.close();
    this.http.closeAllConnections();
    await stop(this.child);
  }
}

export const cases = {
  async 'a page sees and hears through Janus what rtcsink publishes'(browser) {
    const stage = await Stage.open();
    const page = await stage.enter(browser, 'ann');
    const sink = publish(`janus+${stage.url}`, stage.room, 'studio',
      { tone: 1000, more: LOCAL });

    await page.sees('studio');
    await assertBars(page, 'studio');
    await assertTone(page, 'studio', 1000);
    await page.shot('janus-watching');
    await sink.stop();
    await page.tile('studio').waitFor({ state: 'detached' });
    assert.deepEqual(page.faults, []);
    await stage.close();
  },

  async 'rtcsrc receives through Janus what a page publishes'(browser) {
    const stage = await Stage.open();
    const source = receive(`janus+${stage.url}`, stage.room, 'recorder', LOCAL);
    const page = await stage.enter(browser, 'ann');

    await page.evaluate(() => globalThis.publish());
    await page.page.locator('#state', { hasText: /^published$/ }).waitFor();
    await source.stream('ann', 'video', (stream) => stream.distinct > 5 &&
      stream.width >= 320);
    await source.stream('ann', 'audio', (stream) => stream.loud > 0);
    await page.shot('janus-publishing');
    assert.deepEqual(page.faults, []);
    await page.close();
    await source.message('rtc-peer-leave');
    await source.stop();
    await stage.close();
  },
};
