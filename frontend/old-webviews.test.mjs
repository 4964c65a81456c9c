// What old-webviews.mjs lets pass and what it refuses.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { check, edition, scriptProblem, tagProblems, wasmProblem } from './old-webviews.mjs';

const HEADER = [...Buffer.from('\0asm'), 1, 0, 0, 0];
/** Type sections: a function from i32 to i32; one without parameters and results. */
const I32_TO_I32 = [0x01, 0x06, 0x01, 0x60, 0x01, 0x7f, 0x01, 0x7f];
const NOTHING = [0x01, 0x04, 0x01, 0x60, 0x00, 0x00];
/** Function section: one function of the first type. */
const ONE_FUNCTION = [0x03, 0x02, 0x01, 0x00];
/** Memory section: one memory of one page. */
const MEMORY = [0x05, 0x03, 0x01, 0x00, 0x01];
/** A code section with one body. */
const code = (body) => [0x0a, body.length + 2, 0x01, body.length, ...body];
/** Global and export section: an exported mutable global. */
const GLOBAL = [0x06, 0x06, 0x01, 0x7f, 0x01, 0x41, 0x00, 0x0b, 0x07, 0x05, 0x01, 0x01, 0x67, 0x03, 0x00];

const OLD = {
  'the first version': [...I32_TO_I32, ...ONE_FUNCTION, ...code([0, 0x20, 0, 0x0b])],
  'an exported mutable global': GLOBAL,
};
const NEW = {
  'sign extension': [...I32_TO_I32, ...ONE_FUNCTION, ...code([0, 0x20, 0, 0xc0, 0x0b])],
  'bulk memory': [...NOTHING, ...ONE_FUNCTION, ...MEMORY, ...code([0, 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0b, 0, 0x0b])],
  'a count of data segments': [...MEMORY, 0x0c, 0x01, 0x00],
  'saturating conversion': [...NOTHING, ...ONE_FUNCTION, ...code([0, 0x43, 0, 0, 0, 0, 0xfc, 0x00, 0x1a, 0x0b])],
  'reference types': [0x01, 0x05, 0x01, 0x60, 0x01, 0x6f, 0x00],
  'two results': [0x01, 0x06, 0x01, 0x60, 0x00, 0x02, 0x7f, 0x7f, ...ONE_FUNCTION, ...code([0, 0x41, 0, 0x41, 0, 0x0b])],
  'a vector': [0x01, 0x05, 0x01, 0x60, 0x01, 0x7b, 0x00],
  'two memories': [0x05, 0x05, 0x02, 0x00, 0x01, 0x00, 0x01],
};

const module = (sections) => Uint8Array.from([...HEADER, ...sections]);

for (const [name, sections] of Object.entries(OLD)) {
  test(`${name} passes`, async () => assert.equal(await wasmProblem(module(sections)), undefined));
}

for (const [name, sections] of Object.entries(NEW)) {
  test(`${name} is refused`, async () => assert.match(await wasmProblem(module(sections)), /^not WebAssembly 1\.0: /));
}

test('what is no module is refused', async () => {
  assert.match(await wasmProblem(Buffer.from('<!doctype html>')), /bad magic/);
});

test('ES2017 passes', () => {
  const code = '(function () { async function f(a) { return (await a) ** 2; } window.f = f; })();';
  assert.equal(scriptProblem(code, 2017), undefined);
});

for (const code of [
  'let a = {};\na?.b;',
  'let a = {};\nlet b = {...a};',
  'let a = null;\na = a ?? 1;',
  "\nimport init from './x.js';",
  'let a = 1;\nawait fetch(a);',
]) {
  test(`newer syntax is refused and placed: ${JSON.stringify(code)}`, () => assert.match(scriptProblem(code, 2017), /^not ES2017: .*\(2:/));
}

test('what speaks of old webviews is older than they are', () => {
  assert.equal(edition('upgrade-0a1b.js'), 5);
  assert.equal(edition('login-0a1b.js'), 2017);
  assert.equal(scriptProblem('var f = function () { return 1; };', 5), undefined);
  assert.match(scriptProblem('const f = () => 1;', 5), /^not ES5: /);
});

test('module scripts are refused wherever they stand, data is not parsed', () => {
  const html = `<SCRIPT src=a.js></SCRIPT><script nonce="x" type="module">1</script><script type=module src='b.js'></script>
    <script data-type="module">免登()</script><script type="application/json">{"no": script}</script><script TYPE='Module'>`;
  assert.deepEqual(tagProblems(html).map((problem) => problem?.split(',')[0]), [undefined, 'a module script', 'a module script', undefined, undefined, 'a module script']);
});

test('inline code is parsed', () => {
  assert.deepEqual(tagProblems("<script>wasm_bindgen({ module_or_path: 'x' });</script>"), [undefined]);
  assert.match(tagProblems('<script type="text/javascript">window?.dd</script>')[0], /^not ES2017/);
  assert.match(tagProblems('<script>window?.dd')[0], /^not ES2017/);
  assert.deepEqual(tagProblems('<p>no script</p><script'), []);
});

/** What `check` says about a page of these files. */
async function problems(files) {
  const directory = mkdtempSync(join(tmpdir(), 'page-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
    return await check(directory).catch((error) => error.message);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const PAGE = { 'index.html': '<script src=a.js></script>', 'a.js': 'var a;', 'a.wasm': module(OLD['the first version']) };

test('a page that runs is weighed', async () => {
  assert.match(await problems(PAGE), /^the page has 0\.0 kB of wasm; a phone downloads 0\.1 kB in all$/);
});

test('every problem of a page is placed', async () => {
  const page = { 'index.html': '<script type=module></script>', 'b.js': 'a?.b', 'upgrade-1.js': 'let a;', 'b.wasm': module(NEW['bulk memory']) };
  const places = (await problems({ ...PAGE, ...page })).split('\n  ').slice(1).map((line) => line.slice(0, line.indexOf(':')));
  assert.deepEqual(places, ['b.js', 'b.wasm', 'index.html, script 1', 'upgrade-1.js']);
});

for (const missing of Object.keys(PAGE)) {
  test(`a page without ${missing} is not checked`, async () => {
    assert.match(await problems({ ...PAGE, [missing]: '' }), missing === 'a.wasm' ? /not WebAssembly/ : /^the page has/);
    const { [missing]: _, ...rest } = PAGE;
    assert.match(await problems(rest), /there is nothing to check/);
  });
}
