// Unpacks the two engines into the directory that is given, unless they are there. The packages' own scripts are for AWS.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const PACKED = {
  'chromium-69': 'chrome-aws-lambda/bin/chromium-69.0.3494.0.br',
  'chromium-103': '@sparticuz/chromium/bin/chromium.br',
};

const to = process.argv[2];
mkdirSync(to, { recursive: true });
for (const [name, packed] of Object.entries(PACKED)) {
  const program = join(to, name);
  if (existsSync(program)) continue;
  const bytes = brotliDecompressSync(readFileSync(new URL(`node_modules/${packed}`, import.meta.url)));
  // Under its own name it is whole.
  writeFileSync(`${program}.part`, bytes, { mode: 0o755 });
  renameSync(`${program}.part`, program);
}
