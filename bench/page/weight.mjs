// What the page weighs, and what is in its modules.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

const FUNCTIONS = 15;
const SECTIONS = [
  'custom', 'type', 'import', 'function', 'table', 'memory', 'global', 'export', 'start', 'element', 'code', 'data', 'data count',
];

/** Every asset as it is served, the sections of the modules, and the largest functions that the compiler made of them. */
export async function weight(dist, compiled) {
  const names = (await readdir(dist)).filter((name) => !/\.(br|gz)$/.test(name)).sort();
  let text = 'asset, bytes, brotli\n';
  let total = 0;
  for (const name of names) {
    const body = await readFile(join(dist, name));
    const packed = await readFile(join(dist, `${name}.br`)).catch(() => brotliCompressSync(body));
    total += packed.length;
    text += `${name.padEnd(52)} ${kB(body.length)} ${kB(packed.length)}\n`;
    if (!name.endsWith('.wasm')) continue;
    for (const { id, bytes } of sections(body)) {
      text += `  ${SECTIONS[id].padEnd(50)} ${kB(bytes.length)} ${kB(brotliCompressSync(bytes).length)}\n`;
    }
  }
  text += `${'together'.padEnd(52)} ${''.padStart(9)} ${kB(total)}\n`;
  for (const name of (await readdir(compiled).catch(() => [])).filter((name) => name.endsWith('.wasm'))) {
    text += `\nlargest functions of ${name}, before wasm-opt\n`;
    const all = functions(await readFile(join(compiled, name))).sort((a, b) => b.size - a.size);
    for (const { name, size } of all.slice(0, FUNCTIONS)) text += `${kB(size)}  ${readable(name)}\n`;
  }
  return text;
}

function kB(bytes) {
  return String(bytes).padStart(9);
}

function sections(module) {
  const all = [];
  const at = new Reader(module, 8);
  while (at.more()) {
    const id = at.byte();
    all.push({ id, bytes: at.take(at.number()) });
  }
  return all;
}

/** Each function that has a body, with its name where the module tells it. */
function functions(module) {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(module));
  const imported = imports.filter(({ kind }) => kind === 'function').length;
  let sizes = [];
  const names = new Map();
  for (const { id, bytes } of sections(module)) {
    const at = new Reader(bytes);
    if (id === 10) sizes = Array.from({ length: at.number() }, () => at.take(at.number()).length);
    if (id !== 0 || at.text() !== 'name') continue;
    while (at.more()) {
      // The second kind of names is that of functions.
      const [kind, part] = [at.byte(), new Reader(at.take(at.number()))];
      if (kind === 1) for (let left = part.number(); left > 0; left--) names.set(part.number(), part.text());
    }
  }
  return sizes.map((size, i) => ({ size, name: names.get(imported + i) ?? `function ${imported + i}` }));
}

/** Near enough to see what it is: `_ZN4core3fmt5Write9write_str17h0123456789abcdefE` becomes `core::fmt::Write::write_str`. */
function readable(name) {
  const parts = [];
  for (let rest = name.replace(/^_ZN/, ''); ;) {
    const [digits] = /^\d+/.exec(rest) ?? [''];
    if (!digits) break;
    parts.push(rest.slice(digits.length, digits.length + Number(digits)));
    rest = rest.slice(digits.length + Number(digits));
  }
  const path = parts.filter((part) => !/^h[0-9a-f]{16}$/.test(part)).join('::');
  const signs = { LT: '<', GT: '>', RF: '&', LP: '(', RP: ')', C: ',', u20: ' ', u7b: '{', u7d: '}' };
  return path.replace(/\$(\w+?)\$/g, (whole, sign) => signs[sign] ?? whole) || name;
}

class Reader {
  constructor(bytes, at = 0) {
    Object.assign(this, { bytes, at });
  }

  more() {
    return this.at < this.bytes.length;
  }

  byte() {
    return this.bytes[this.at++];
  }

  take(count) {
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  /** LEB128. */
  number() {
    for (let [value, place] = [0, 1]; ; place *= 128) {
      const byte = this.byte();
      value += (byte & 127) * place;
      if (byte < 128) return value;
    }
  }

  text() {
    return this.take(this.number()).toString();
  }
}
