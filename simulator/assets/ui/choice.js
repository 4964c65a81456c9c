// What is chosen: person, client, enterprise, window. It stands in the address, so that a situation can be linked to.

const DEFAULTS = { person: null, client: 'android', corp: null, agent: null, tab: 'journal' };
export const CLIENTS = ['ios', 'android', 'pc', 'browser'];

const given = new URLSearchParams(location.search);
const chosen = {};
const listeners = [];

/** Starts with the address; `fallback` has what the simulator says, such as its default person. */
export function startChoice(fallback) {
  Object.assign(DEFAULTS, fallback);
  for (const key of Object.keys(DEFAULTS)) chosen[key] = given.get(key) ?? DEFAULTS[key];
  if (!CLIENTS.includes(chosen.client)) chosen.client = DEFAULTS.client;
}

/** The page to open instead of the simulator's own, for somebody who develops another. */
export function otherPage() {
  const url = given.get('pageUrl');
  return url && /^https?:\/\//.test(url) ? url : null;
}

export function choice() {
  return { ...chosen };
}

export function choose(change) {
  const before = choice();
  Object.assign(chosen, change);
  const query = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(chosen)) {
    if (value === DEFAULTS[key]) query.delete(key);
    else query.set(key, value);
  }
  const text = query.toString();
  history.replaceState(null, '', text ? `?${text}` : location.pathname);
  for (const listener of listeners) listener(chosen, before);
}

export function onChoice(listener) {
  listeners.push(listener);
}
