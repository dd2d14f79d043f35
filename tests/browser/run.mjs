// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the cases of a file, cases.mjs unless CASES names another, in one
// browser and prints TAP. Arguments name the cases to run; without any, all.
import fs from 'node:fs';

const CASE_TIME = 60000;
const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';

function skip(what) {
  console.log(`1..0 # SKIP ${what} is missing`);
  process.exit(0);
}

if (!fs.existsSync(BROWSER) ||
    !fs.existsSync(new URL('node_modules/playwright-core', import.meta.url)))
  skip('chromium or tests/browser/node_modules');

const { launchBrowser, stopAll } = await import('./lib.mjs');
const { cases, missing } = await import(`./${process.env.CASES ?? 'cases.mjs'}`);

if (missing)
  skip(missing);

const chosen = Object.entries(cases).filter(([name]) =>
  process.argv.length < 3 || process.argv.slice(2).some((part) => name.includes(part)));

async function runCase(browser, run) {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error('it took too long')), CASE_TIME);
  });

  try {
    await Promise.race([run(browser), late]);
    return null;
  } catch (error) {
    return error;
  } finally {
    clearTimeout(timer);
    await Promise.all(browser.contexts().map((context) => context.close()));
    await stopAll();
  }
}

let failed = 0;
const browser = await launchBrowser();

console.log(`1..${chosen.length}`);
for (const [index, [name, run]] of chosen.entries()) {
  const begin = Date.now();
  const error = await runCase(browser, run);

  console.log(`${error ? 'not ok' : 'ok'} ${index + 1} ${name}`);
  console.log(`# ${((Date.now() - begin) / 1000).toFixed(1)} s`);
  if (error) {
    failed++;
    for (const line of (error.stack ?? String(error)).split('\n'))
      console.log(`# ${line}`);
  }
}
await browser.close();
process.exit(failed ? 1 : 0);
