// One person's visits: the first with an empty cache, the second with the assets in it and without cookies.

/** No login takes longer on the slowest network. */
const PATIENCE = 60_000;
/** After which a page that asks for nothing has everything. */
const QUIET = 400;

/** Gives the two visits; each has `time`, the milliseconds from the navigation to the answered login, and its `requests`. */
export async function visits(browser, url, network, cpu, client) {
  const { browserContextId } = await browser.send('Target.createBrowserContext');
  try {
    const cold = await visit(browser, browserContextId, url, network, cpu, client);
    await browser.send('Storage.clearCookies', { browserContextId });
    const cached = await visit(browser, browserContextId, url, network, cpu, client);
    return { cold, cached };
  } finally {
    await browser.send('Target.disposeBrowserContext', { browserContextId });
  }
}

async function visit(browser, browserContextId, url, network, cpu, client) {
  const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank', browserContextId });
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
  const page = (method, params) => browser.send(method, params, sessionId);
  const log = new Log();
  const listen = (method, params) => log.note(method, params);
  browser.on(sessionId, listen);
  try {
    const metrics = { width: 390, height: 844, deviceScaleFactor: 2, mobile: true };
    await page('Emulation.setDeviceMetricsOverride', metrics);
    await page('Page.enable');
    await page('Network.enable');
    await page('Page.addScriptToEvaluateOnNewDocument', { source: client });
    await page('Network.emulateNetworkConditions', { offline: false, ...network });
    await page('Emulation.setCPUThrottlingRate', { rate: cpu });
    await page('Page.navigate', { url });
    return await log.answered();
  } catch (error) {
    const { result } = await page('Runtime.evaluate', { expression: 'document.body.innerText' });
    throw new Error(`${url}: ${error.message}; the page shows: ${result.value}`);
  } finally {
    browser.off(sessionId, listen);
    await browser.send('Target.closeTarget', { targetId });
  }
}

class Log {
  #requests = new Map();
  #login;
  #looks = () => {};

  note(method, { requestId, ...params }) {
    if (method === 'Network.requestWillBeSent') {
      const { url, method: verb } = params.request;
      if (!/^https?:/.test(url)) return;
      this.#requests.set(requestId, { url, verb, begun: params.timestamp, bytes: 0, cached: false });
    }
    const request = this.#requests.get(requestId);
    if (!request) return;
    if (method === 'Network.requestServedFromCache') request.cached = true;
    if (method === 'Network.responseReceived') {
      const { response } = params;
      Object.assign(request, { answered: params.timestamp, status: response.status, ended: params.timestamp });
      request.cached ||= response.fromDiskCache;
      if (request.verb === 'POST' && new URL(request.url).pathname === '/api/login') this.#login ??= request;
    }
    if (method === 'Network.loadingFinished' || method === 'Network.loadingFailed') {
      Object.assign(request, { ended: params.timestamp, bytes: params.encodedDataLength ?? 0, over: true });
    }
    this.#looks();
  }

  /** Waits for the login's answer, and until the page has loaded what it wants, so that all of it is in the cache. */
  async answered() {
    let quiet;
    let late;
    await new Promise((resolve, reject) => {
      late = setTimeout(() => reject(new Error('the login is not answered')), PATIENCE);
      this.#looks = () => {
        clearTimeout(quiet);
        const all = [...this.#requests.values()];
        if (this.#login && all.every(({ over }) => over)) quiet = setTimeout(resolve, QUIET);
      };
      this.#looks();
    }).finally(() => clearTimeout(late));
    const login = this.#login;
    if (login.status !== 200) throw new Error(`the login is answered with ${login.status}`);
    const requests = [...this.#requests.values()];
    const { begun } = requests[0];
    const ms = (stamp) => (stamp - begun) * 1000;
    const shown = requests.filter((request) => request.begun <= login.answered).map((request) => ({
      ...request, begun: ms(request.begun), answered: ms(request.answered), ended: ms(request.ended),
    }));
    return { time: ms(login.answered), requests: shown };
  }
}
