// `cargo xtask bench page`: from the navigation to the answered login, in Chromium, beside other pages. See docs/performance.md.

import { execFileSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { Browser } from './cdp.mjs';
import { CONTENDERS, caption, picture, spread, table, waterfalls } from './report.mjs';
import { ofTheSizeOf151 } from './sdk.mjs';
import { Stage } from './stage.mjs';
import { visits } from './visit.mjs';
import { weight } from './weight.mjs';

/** Odd, so that the median is a figure that was measured. */
const RUNS = 9;
/** How much slower a phone's processor is. */
const CPU = 4;
const kilobits = (count) => (count * 1000) / 8;
const NETWORKS = {
  '4G': { latency: 170, downloadThroughput: kilobits(9000), uploadThroughput: kilobits(9000) },
  '3G': { latency: 400, downloadThroughput: kilobits(400), uploadThroughput: kilobits(400) },
  loopback: { latency: 0, downloadThroughput: -1, uploadThroughput: -1 },
};
/** Of DingTalk 7.5 on Android. */
const USER_AGENT =
  'Mozilla/5.0 (Linux; U; Android 13; zh-CN; Mi 10 Build/TKQ1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 ' +
  'Chrome/100.0.4896.58 UWS/5.12.4.0 Mobile Safari/537.36 AliApp(DingTalk/7.5.36) com.alibaba.android.rimet/37747409 ' +
  'Channel/700159 language/zh-CN abi/64 UT4Aplus/0.2.25';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: String(RUNS) },
    // Only this one of NETWORKS.
    network: { type: 'string' },
    // A copy of 1.5.1 in place of the script of its size.
    sdk: { type: 'string' },
    // Writes the tables and the picture into docs/.
    write: { type: 'boolean', default: false },
  },
});

if (!(Number(options.runs) >= 1)) throw new Error(`--runs takes a number of rounds, not ${options.runs}`);
if (options.network && !NETWORKS[options.network]) {
  throw new Error(`--network takes ${Object.keys(NETWORKS).join(', ')}, not ${options.network}`);
}

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const { CHROMIUM, MIANDENG, MIANDENG_BENCH, MIANDENG_SCRATCH, MIANDENG_MODULES } = process.env;

async function measure(stage, browser) {
  const client = await readFile(join(here, 'client.js'), 'utf8');
  const once = (contender, sdk, network) => visits(browser, stage.address(contender, sdk), network, CPU, client);
  for (const sdk of ['old', 'npm']) {
    // Tokens and tickets are in memory from here on.
    for (const contender of CONTENDERS) await once(contender, sdk, NETWORKS.loopback);
  }
  const cells = [];
  for (const [name, network] of Object.entries(NETWORKS)) {
    if (options.network && options.network !== name) continue;
    for (const sdk of ['old', 'npm']) {
      const rounds = [];
      for (let round = 0; round < Number(options.runs); round++) {
        const both = {};
        for (const contender of CONTENDERS) both[contender] = await once(contender, sdk, network);
        rounds.push(both);
      }
      for (const assets of ['cold', 'cached']) {
        const of = (both) => Object.fromEntries(CONTENDERS.map((contender) => [contender, both[contender][assets]]));
        cells.push({ network: name, assets, sdk, rounds: rounds.map(of) });
        const medians = CONTENDERS.map((contender) => median(cells.at(-1), contender));
        console.error(`${name}, SDK ${sdk}, ${assets}: ${medians.join(', ')} ms`);
      }
    }
  }
  return cells;
}

function median({ rounds }, contender) {
  return `${contender} ${Math.round(spread(rounds.map((round) => round[contender].time)).median)}`;
}

/** Puts what was measured between the two marks of `file`. */
async function insert(file, text) {
  const [begin, end] = ['<!-- page -->\n', '<!-- end of page -->\n'];
  const document = await readFile(file, 'utf8');
  const [head, rest] = document.split(begin);
  await writeFile(file, `${head}${begin}\n${text.trimEnd()}\n\n${end}${rest.split(end)[1]}`);
}

/** DingTalk's package as one script, as a page without a bundler would load it. */
async function npmSdk() {
  const esbuild = createRequire(join(root, 'xtask/node/package.json'))('esbuild');
  const stdin = { contents: "window.dd = require('dingtalk-jsapi')", resolveDir: join(root, 'xtask/node') };
  const { outputFiles } = await esbuild.build({ stdin, bundle: true, minify: true, target: 'es5', write: false });
  return outputFiles[0].text;
}

async function main() {
  const react = join(MIANDENG_SCRATCH, 'react');
  const build = ['run', '--silent', 'build', '--', '--emptyOutDir', '--outDir', react];
  execFileSync('npm', build, { cwd: join(here, 'react'), stdio: ['ignore', 'ignore', 'inherit'] });
  const sdks = {
    old: options.sdk ? await readFile(options.sdk, 'utf8') : ofTheSizeOf151(),
    npm: await npmSdk(),
  };
  const stage = await Stage.open({
    directory: join(MIANDENG_SCRATCH, 'stage'),
    programs: { server: MIANDENG, upstream: MIANDENG_BENCH },
    pages: { plain: join(here, 'plain'), react },
    sdks,
  });
  const profile = join(MIANDENG_SCRATCH, 'browser');
  await rm(profile, { recursive: true, force: true });
  const browser = new Browser(CHROMIUM, profile, USER_AGENT);
  try {
    const { product } = await browser.send('Browser.getVersion');
    const cells = await measure(stage, browser);
    const what = `${new Date().toISOString().slice(0, 10)}, ${product}, ${options.runs} rounds`;
    const report = (language) => [
      what, table(cells, language).trimEnd(), `![${caption(language)}](pictures/page.svg)`, waterfalls(cells, language),
    ].join('\n\n');
    console.log(`${report('en')}\n${await weight(join(root, 'dist'), MIANDENG_MODULES)}`);
    if (options.write) {
      await insert(join(root, 'docs/performance.md'), report('zh'));
      await insert(join(root, 'docs/performance.en.md'), report('en'));
      await writeFile(join(root, 'docs/pictures/page.svg'), picture(cells));
    }
  } finally {
    await browser.close();
    await stage.close();
  }
}

await main();
