// What is chosen: platform, person, client, enterprise, window. It stands in the address, so that a situation can be
// linked to.

/** The clients of each platform, the first of them first. */
const CLIENTS = { dingtalk: ['android', 'ios', 'pc', 'browser'], wecom: ['wecom', 'wecom-pc', 'wechat', 'browser'] };

const given = new URLSearchParams(location.search);
const chosen = {};
const listeners = [];
/** What each platform begins with. */
let seeds = {};

function defaults(platform) {
  return { platform: 'dingtalk', client: CLIENTS[platform][0], tab: 'journal', ...seeds[platform] };
}

/** Starts with the address; `seed` has what the simulator says for each platform, such as its default person. */
export function startChoice(seed) {
  seeds = seed;
  const platform = given.get('platform') in seeds ? given.get('platform') : 'dingtalk';
  const at = defaults(platform);
  for (const key of Object.keys(at)) chosen[key] = given.get(key) ?? at[key];
  chosen.platform = platform;
  if (!CLIENTS[platform].includes(chosen.client)) chosen.client = at.client;
}

/** The page to open instead of the simulator's own, for the developer of another. */
export function otherPage() {
  const url = given.get('pageUrl');
  return url && /^https?:\/\//.test(url) ? url : null;
}

export function choice() {
  return { ...chosen };
}

export function choose(change) {
  const before = choice();
  // Another platform has other people, clients and enterprises.
  const moved = 'platform' in change && change.platform !== chosen.platform;
  Object.assign(chosen, moved ? { ...defaults(change.platform), tab: chosen.tab } : {}, change);
  const query = new URLSearchParams(location.search);
  const usual = defaults(chosen.platform);
  for (const [key, value] of Object.entries(chosen)) {
    if (value === usual[key]) query.delete(key);
    else query.set(key, value);
  }
  const text = query.toString();
  history.replaceState(null, '', text ? `?${text}` : location.pathname);
  for (const listener of listeners) listener(chosen, before);
}

export function onChoice(listener) {
  listeners.push(listener);
}
