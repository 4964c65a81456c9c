// Runs after Trunk has built the page and before it moves it to dist/ (Trunk.toml, [[hooks]]).
//
// 1. Puts each module's glue into what starts the module, and lowers the scripts to ES2017: wasm-bindgen's glue has a
//    `?.`, which Chromium 69 cannot read.
// 2. In release: takes out of the modules what no page needs, and the comments out of the HTML.
// 3. In release: names every asset by its content. Trunk names module and glue by what cargo built, so another wasm-opt
//    or another esbuild would change the content under a name that browsers keep for ever.
// 4. In release: writes .br and .gz beside whatever compresses, so that the server compresses nothing, and fails where that is
//    more than a phone should wait for.

import { check } from './old-webviews.mjs';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { lean } from './lean.mjs';

const staging = process.env.TRUNK_STAGING_DIR;
const release = process.env.TRUNK_PROFILE === 'release';
if (!staging) {
  console.error('post-build.mjs is a hook of Trunk: run `trunk build`');
  process.exit(1);
}

const html = join(staging, 'index.html');
const assets = () => readdirSync(staging).filter((name) => /\.(js|css|wasm)$/.test(name));

/** esbuild of xtask/node, or null where nobody has installed it. */
function esbuild() {
  const manifest = new URL('../xtask/node/package.json', import.meta.url);
  try {
    return createRequire(manifest)('esbuild');
  } catch {
    return null;
  }
}

const boot = new URL('boot.js', import.meta.url);
// The view's script is there because the login's has asked for it.
const VIEW = `(function () {
  const wasm = document.currentScript.getAttribute('data-wasm');
  /* glue */
  window.miandeng.shown = wasm_bindgen({ module_or_path: wasm });
  window.miandeng.shown.catch(window.miandeng.failed);
})();`;

/** Glues are global variables of one name; inside of a function both have room, and a minifier may shorten what is in them. */
function mergeGlue() {
  for (const name of assets().filter((name) => /^(login|view)\b.*\.js$/.test(name))) {
    const path = join(staging, name);
    const around = name.startsWith('login') ? readFileSync(boot, 'utf8') : VIEW;
    const glue = readFileSync(path, 'utf8');
    writeFileSync(path, around.replace('/* glue */', () => glue));
  }
}

function lowerScripts(tool) {
  for (const name of assets().filter((name) => name.endsWith('.js'))) {
    const path = join(staging, name);
    // It has to run where the others do not.
    const target = name.startsWith('upgrade-') ? 'es5' : 'es2017';
    const { code } = tool.transformSync(readFileSync(path, 'utf8'), { target, minify: release, charset: 'utf8' });
    writeFileSync(path, code);
  }
}

/** Comments and spaces only: what is written in the style sheet is what old webviews understand. */
function minifyStyles(tool) {
  for (const name of assets().filter((name) => name.endsWith('.css'))) {
    const path = join(staging, name);
    const { code } = tool.transformSync(readFileSync(path, 'utf8'), { loader: 'css', minifyWhitespace: true, charset: 'utf8' });
    writeFileSync(path, code);
  }
}

/** Lean modules, each after its last look by wasm-opt, which Trunk has run before and which is on the PATH for it. */
function leanModules() {
  for (const name of assets().filter((name) => name.endsWith('.wasm'))) {
    const path = join(staging, name);
    // Of the two the login keeps what it allocates (src/login_main.rs).
    writeFileSync(path, lean(readFileSync(path), name.startsWith('login')));
    // A load that would trap ends nothing that anybody waits for. Its second packing of data gives two segments one name.
    // By itself wasm-opt takes the engine to know sign extension, and brings back what Trunk's run has lowered.
    const options = ['--mvp-features', '--enable-mutable-globals', '--ignore-implicit-traps', '-Oz', '--converge', '--skip-pass=memory-packing'];
    execFileSync('wasm-opt', [...options, '--strip-producers', '--strip-target-features', path, '-o', path], { stdio: 'inherit' });
  }
}

/** What a phone may have to download, in bytes of brotli: before the login, and in all. */
const BUDGETS = { login: 18_000, all: 96_000 };

function checkBudgets() {
  const size = (names) => names.reduce((sum, name) => sum + statSync(join(staging, `${name}.br`)).size, 0);
  const sizes = { login: size(assets().filter((name) => name.startsWith('login'))), all: size([...assets(), 'index.html']) };
  for (const [what, budget] of Object.entries(BUDGETS)) {
    if (sizes[what] > budget) throw new Error(`${what} is ${sizes[what]} bytes of brotli, over its budget of ${budget}`);
  }
}

/** `name-<16 hex digits>.ext` */
function nameByContent() {
  let page = readFileSync(html, 'utf8').replace(/^ *<!--[^]*?-->\n/gm, '');
  for (const name of assets()) {
    const hash = createHash('sha256').update(readFileSync(join(staging, name))).digest('hex').slice(0, 16);
    const named = name.replace(/^([a-z]+)(-[0-9a-f]{8,16})?(_bg)?\./, (_, stem, old, bg) => `${stem}-${hash}${bg ?? ''}.`);
    if (named === name) continue;
    if (!page.includes(name)) throw new Error(`index.html does not refer to ${name}`);
    renameSync(join(staging, name), join(staging, named));
    page = page.replaceAll(name, named);
  }
  writeFileSync(html, page);
}

function compress() {
  const best = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  for (const name of [...assets(), 'index.html']) {
    const path = join(staging, name);
    const content = readFileSync(path);
    writeFileSync(`${path}.br`, brotliCompressSync(content, best));
    writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  }
}

if (!existsSync(html)) throw new Error(`${html} is missing`);
mergeGlue();
const tool = esbuild();
if (tool) {
  lowerScripts(tool);
} else if (release) {
  console.error('esbuild is missing: run `npm ci` in xtask/node, or build with `cargo xtask build`');
  process.exit(1);
}
if (release) {
  minifyStyles(tool);
  leanModules();
  nameByContent();
  compress();
  checkBudgets();
}
// A page that old webviews cannot run is no page.
if (release) console.log(await check(staging));
