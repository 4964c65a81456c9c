// A Chromium, and the DevTools protocol over a pipe: neither a driver nor a library is needed for it.

import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';

const ARGUMENTS = [
  '--remote-debugging-pipe', '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];

export class Browser extends EventEmitter {
  #process;
  #last = 0;
  #waiting = new Map();

  constructor(program, profile, userAgent) {
    super();
    const args = [...ARGUMENTS, `--user-data-dir=${profile}`, `--user-agent=${userAgent}`];
    this.#process = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    let rest = '';
    this.#process.stdio[4].setEncoding('utf8').on('data', (text) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop();
      messages.forEach((message) => this.#receive(JSON.parse(message)));
    });
    const ended = (error) => {
      for (const { reject } of this.#waiting.values()) reject(error);
    };
    this.#process.on('error', ended).on('exit', () => ended(new Error('Chromium has ended')));
  }

  /** A command to the browser, or to the page behind `sessionId`; its result. */
  send(method, params = {}, sessionId) {
    const id = ++this.#last;
    this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, method }));
  }

  #receive({ id, result, error, method, params, sessionId }) {
    if (!id) return this.emit(sessionId ?? 'browser', method, params);
    const { resolve, reject, method: asked } = this.#waiting.get(id);
    this.#waiting.delete(id);
    error ? reject(new Error(`${asked}: ${error.message}`)) : resolve(result);
  }

  async close() {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    await this.send('Browser.close');
    await ended;
  }
}
