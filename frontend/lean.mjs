// Takes out of a module what a page never needs, before wasm-opt has its last word. Functions are known by the names that
// the compiler gave them; where a name is another one day, nothing breaks but the budget.
//
// - What reports a panic: the report has no reader, and a panic ends the module either way. (`-Zbuild-std` with
//   `panic_immediate_abort` would do it, on nightly.)
// - What gives memory back, in a module whose allocator keeps everything: the compiler does not know that it has nothing to
//   do.

const PANICS = /^(core|std|alloc)\S*(::panicking::(panic|assert_failed)|panic_already|panic_with_hook|raw_vec::handle_error|expect_failed|unwrap_failed|slice_error_fail)/;
const FREES = /RawVec<T,A> as core::ops::drop::Drop>::drop|RawVecInner<A>::deallocate|drop_in_place<(?!.*(closure|cell|Listener))/;
/** Bodies without locals: `unreachable`, and nothing. */
const TRAP = [0x00, 0x00, 0x0b];
const NOTHING = [0x00, 0x0b];

/** `bytes` of a module with names; `keeps` is true where its allocator frees nothing. */
export function lean(bytes, keeps) {
  const found = sections(bytes);
  const names = functionNames(bytes, found);
  const first = found.filter(({ id }) => id === 2).reduce((count, section) => count + imported(bytes, section), 0);
  const out = [bytes.subarray(0, 8)];
  for (const section of found) {
    if (section.id !== 10) {
      out.push(bytes.subarray(section.start, section.end));
      continue;
    }
    let [count, at] = number(bytes, section.content);
    const bodies = [];
    for (let index = first; index < first + count; index++) {
      const [length, begin] = number(bytes, at);
      const name = names.get(index) ?? '';
      const body = PANICS.test(name) ? TRAP : keeps && FREES.test(name) ? NOTHING : bytes.subarray(begin, begin + length);
      bodies.push(Uint8Array.from(encoded(body.length)), Uint8Array.from(body));
      at = begin + length;
    }
    const content = Buffer.concat([Uint8Array.from(encoded(count)), ...bodies]);
    out.push(Uint8Array.from([10, ...encoded(content.length)]), content);
  }
  return withoutPaths(Buffer.concat(out));
}

/** Where a panic would have been, and on whose machine that was compiled. */
function withoutPaths(bytes) {
  const text = bytes.toString('latin1');
  for (const { index, 0: path } of text.matchAll(/(?:\/[\w.+-]+)+?\.rs/g)) bytes.fill(0, index, index + path.length);
  return bytes;
}

function sections(bytes) {
  const found = [];
  for (let start = 8; start < bytes.length;) {
    const [size, content] = number(bytes, start + 1);
    found.push({ id: bytes[start], start, content, end: content + size });
    start = content + size;
  }
  return found;
}

/** How many functions an import section has. wasm-bindgen imports nothing else. */
function imported(bytes, { content }) {
  return number(bytes, content)[0];
}

function functionNames(bytes, found) {
  const names = new Map();
  for (const { content, end } of found.filter(({ id }) => id === 0)) {
    let [title, at] = string(bytes, content);
    while (title === 'name' && at < end) {
      const [size, begin] = number(bytes, at + 1);
      if (bytes[at] === 1) {
        let [count, entry] = number(bytes, begin);
        for (; count > 0; count--) {
          const [index, text] = number(bytes, entry);
          const [name, next] = string(bytes, text);
          names.set(index, name);
          entry = next;
        }
      }
      at = begin + size;
    }
  }
  return names;
}

/** The unsigned LEB128 at `at`, and what comes behind it. */
function number(bytes, at) {
  let value = 0;
  for (let shift = 1; ; shift *= 128) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * shift;
    if (byte < 0x80) return [value, at];
  }
}

function string(bytes, at) {
  const [length, begin] = number(bytes, at);
  return [Buffer.from(bytes.buffer, bytes.byteOffset + begin, length).toString(), begin + length];
}

function encoded(value) {
  const bytes = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}
