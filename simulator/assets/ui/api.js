// The simulator's control API, and its live stream.

const S = '/_sim';

async function call(method, path, body) {
  const answer = await fetch(S + path, { method, body: body && JSON.stringify(body) });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.error.message);
  return json;
}

export const people = () => call('GET', '/people');
export const corps = () => call('GET', '/corps');
export const wecom = () => call('GET', '/wecom');
export const changeWecom = (change) => call('PUT', '/wecom/settings', change);
export const changeWecomApp = (agentId, change) => call('PUT', `/wecom/apps/${agentId}`, change);
export const revokeWecom = (errcode) => call('POST', '/wecom/revoke', { errcode });
export const changeSettings = (change) => call('PUT', '/settings', change);
export const advanceClock = (advanceSeconds) => call('POST', '/clock', { advanceSeconds });
export const addFault = (fault) => call('POST', '/faults', fault);
export const removeFault = (id) => call('DELETE', `/faults/${id}`);
export const clearFaults = () => call('DELETE', '/faults');
export const revoke = (what) => call('POST', '/revoke', { what });
export const clearJournal = () => call('DELETE', '/journal');
export const reset = () => call('POST', '/reset');
export const suites = () => call('GET', '/suites');
export const setCallback = (name, callbackUrl) => call('PUT', `/suites/${name}`, { callbackUrl });
export const push = (name, what, about) => call('POST', `/suites/${name}/${what}`, about);
export const handOver = () => call('POST', '/handover');
export const look = (url) => call('POST', '/look', { url });

/**
 * Follows the simulator: `on.clear()`, `on.call(entry)`, `on.state(state)`. Only while the page is visible, because a
 * browser opens six connections to a host at most, and a forgotten tab must not keep one from the others.
 */
export function follow(on) {
  let source = null;
  const told = (name) => (event) => on[name](JSON.parse(event.data));
  function look() {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source) {
      source = new EventSource(`${S}/journal/stream`);
      for (const name of ['clear', 'call', 'state']) source.addEventListener(name, told(name));
    }
  }
  document.addEventListener('visibilitychange', look);
  look();
}
