// What a visit meets: the server with its DingTalk, one origin in front of it that has the other pages too, and a CDN.

import { spawn } from 'node:child_process';
import { readFile, readdir, mkdir, rm, writeFile, open } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const AGENT = '123456';
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8' };

export class Stage {
  #servers = [];
  #programs = [];
  #front;
  #cdn;

  /** `programs` are the server and the one that plays DingTalk; `sdks` are the sources of each kind of SDK. */
  static async open({ directory, programs, pages, sdks }) {
    const stage = new Stage();
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true });
    const [server, ops, upstream] = await Promise.all([free(), free(), free()]);
    stage.#cdn = await stage.#serve(cdn(sdks));
    stage.#front = await stage.#serve(front(await files(pages, stage.#cdn, Object.keys(sdks)), server));
    const config = join(directory, 'miandeng.toml');
    await writeFile(config, stage.#config(directory, { server, ops, upstream }, Object.keys(sdks)), { mode: 0o600 });
    await stage.#start(directory, programs.upstream, ['upstream', `127.0.0.1:${upstream}`], upstream, '/calls');
    await stage.#start(directory, programs.server, ['serve', '--config', config], ops, '/readyz');
    return stage;
  }

  /** The address that logs in: of the server's own page, or of the contender of that name. */
  address(contender, sdk) {
    const folder = { miandeng: '', plain: `plain-${sdk}/`, react: 'react/' }[contender];
    return `http://127.0.0.1:${this.#front}/${folder}?corpid=ding${sdk}&agentid=${AGENT}`;
  }

  async close() {
    for (const program of this.#programs) program.kill();
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  async #serve(answer) {
    const server = http.createServer(answer);
    this.#servers.push(server);
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server.address().port;
  }

  async #start(directory, program, args, port, path) {
    const file = join(directory, `${args[0]}.log`);
    const log = await open(file, 'w');
    const child = spawn(program, args, { stdio: ['ignore', log.fd, log.fd] });
    this.#programs.push(child);
    process.once('exit', () => child.kill());
    const ended = new Promise((_, reject) => {
      child.on('error', reject).on('exit', () => reject(new Error(`${program} has ended; see ${file}`)));
    });
    await Promise.race([ended, answers(port, path)]);
    // Later on its end shows in the visits.
    ended.catch(() => {});
    await log.close();
  }

  #config(directory, { server, ops, upstream }, sdks) {
    const apps = sdks.map((sdk) => `
[[apps]]
corp_id = "ding${sdk}"
agent_id = "${AGENT}"
kind = "channel"
channel_secret = "channel-secret"
corp_secret = "corp-secret"
jsapi_url = "http://127.0.0.1:${this.#cdn}/${sdk}/dingtalk.js"
`);
    return `listen = "127.0.0.1:${server}"
ops_listen = "127.0.0.1:${ops}"
public_url = "http://127.0.0.1:${this.#front}"
state_dir = ${JSON.stringify(join(directory, 'state'))}

[dingtalk]
oapi_url = "http://127.0.0.1:${upstream}"
api_url = "http://127.0.0.1:${upstream}"
${apps.join('')}`;
  }
}

function cdn(sdks) {
  const pack = ([name, source]) => [`/${name}/dingtalk.js`, gzipSync(source, { level: 9 })];
  const packed = new Map(Object.entries(sdks).map(pack));
  return (request, response) => {
    const body = packed.get(request.url);
    response.writeHead(body ? 200 : 404, {
      'Content-Type': TYPES.js, 'Content-Encoding': 'gzip', 'Cache-Control': 'public, max-age=31536000',
      'Access-Control-Allow-Origin': '*',
    });
    response.end(body);
  };
}

/** The other pages at their paths, compressed: those in plain JavaScript for each kind of SDK, and the bundle. */
async function files({ plain, react }, port, sdks) {
  const all = new Map();
  const add = async (path, file, change = (text) => text) => {
    const body = change(await readFile(file, 'utf8'));
    all.set(path, { type: file.split('.').pop(), body: brotliCompressSync(body) });
  };
  for (const sdk of sdks) {
    const url = `http://127.0.0.1:${port}/${sdk}/dingtalk.js`;
    await add(`/plain-${sdk}/`, join(plain, 'index.html'), (html) => html.replaceAll('%SDK%', url));
    await add(`/plain-${sdk}/login.js`, join(plain, 'login.js'));
  }
  await add('/react/', join(react, 'index.html'));
  const assets = join(react, 'assets');
  for (const name of await readdir(assets)) await add(`/react/assets/${name}`, join(assets, name));
  return all;
}

/** Everything but the files is the server's. */
function front(files, port) {
  const agent = new http.Agent({ keepAlive: true });
  return (request, response) => {
    const file = files.get(request.url.split('?')[0]);
    if (file) {
      const caching = file.type === 'html' ? 'no-store' : 'public, max-age=31536000, immutable';
      response.writeHead(200, { 'Content-Type': TYPES[file.type], 'Content-Encoding': 'br', 'Cache-Control': caching });
      return response.end(file.body);
    }
    const { url: path, method, headers } = request;
    const asked = http.request({ host: '127.0.0.1', port, path, method, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    asked.on('error', () => response.writeHead(502).end());
    request.pipe(asked);
  };
}

/** A port that is free now. */
function free() {
  return new Promise((resolve) => {
    const server = http.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Waits for a 200. */
async function answers(port, path) {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => {});
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
