// Whether a built page runs in the oldest webview that it promises to run in: Chromium 69 in Android DingTalk 6, which
// knows WebAssembly 1.0 and ES2017 but no module scripts worth relying on. A release build ends with it; by hand:
// node frontend/old-webviews.mjs dist

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

const tools = createRequire(new URL('../xtask/node/package.json', import.meta.url));

/** What wabt allows by itself and 1.0 has not. */
const NEWER = ['sat_float_to_int', 'sign_extension', 'simd', 'multi_value', 'bulk_memory', 'reference_types'];
const WASM1 = Object.fromEntries(NEWER.map((feature) => [feature, false]));

export async function wasmProblem(bytes) {
  const wabt = await tools('wabt')();
  try {
    // A copy, because wabt reads the whole memory that a small Buffer is a part of.
    const module = wabt.readWasm(new Uint8Array(bytes), WASM1);
    try {
      module.validate(WASM1);
    } finally {
      module.destroy();
    }
  } catch (error) {
    return `not WebAssembly 1.0: ${error.message}`;
  }
}

/** ES5 is for upgrade.js, which says that the webview is too old for everything else. */
export const edition = (file) => (basename(file).startsWith('upgrade-') ? 5 : 2017);

export function scriptProblem(code, ecmaVersion) {
  try {
    tools('acorn').parse(code, { ecmaVersion, sourceType: 'script' });
  } catch (error) {
    return `not ES${ecmaVersion}: ${error.message}`;
  }
}

/** Of each script of the one HTML file that we write ourselves. */
export function tagProblems(html) {
  return [...html.matchAll(/<script\b([^>]*)>([^]*?)(?:<\/script|$)/gi)].map(([, attributes, code]) => {
    const kind = /\stype\s*=\s*["']?([^\s"']*)/i.exec(attributes)?.[1].toLowerCase() ?? '';
    if (kind === 'module') return 'a module script, which old webviews ignore or load too late';
    return kind === '' || kind.includes('javascript') ? scriptProblem(code, 2017) : undefined;
  });
}

/** Throws an error with every problem of the page in `directory`; gives a line about what a phone downloads. */
export async function check(directory) {
  const files = readdirSync(directory, { recursive: true }).filter((file) => /\.(wasm|js|html)$/.test(file)).sort();
  const contents = new Map(files.map((file) => [file, readFileSync(join(directory, file))]));
  for (const needed of ['.wasm', '.js', 'index.html']) {
    if (!files.some((file) => file.endsWith(needed))) throw new Error(`${directory} holds no ${needed}: there is nothing to check`);
  }
  const found = [];
  for (const [file, content] of contents) {
    if (file.endsWith('.wasm')) found.push([file, await wasmProblem(content)]);
    else if (file.endsWith('.js')) found.push([file, scriptProblem(content.toString(), edition(file))]);
    else tagProblems(content.toString()).forEach((problem, at) => found.push([`${file}, script ${at + 1}`, problem]));
  }
  const problems = found.filter(([, problem]) => problem).map(([place, problem]) => `\n  ${place}: ${problem}`);
  if (problems.length > 0) throw new Error(`the page would not run in old webviews:${problems.join('')}`);
  const kilobytes = (wanted, size) => {
    const sizes = files.filter((file) => file.endsWith(wanted)).map((file) => size(contents.get(file)));
    return `${(sizes.reduce((sum, one) => sum + one, 0) / 1000).toFixed(1)} kB`;
  };
  const downloaded = kilobytes('', (content) => brotliCompressSync(content).length);
  return `the page has ${kilobytes('.wasm', (content) => content.length)} of wasm; a phone downloads ${downloaded} in all`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(await check(process.argv[2]));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
