// The phone: a chat with the service window, and the page that its menu opens.

import { handOver, look } from './api.js';
import { choice, onChoice, otherPage } from './choice.js';
import { $, element } from './dom.js';
import { inWords, t } from './words.js';

/** Who held the phone when a window was last open in this tab; a reload of the simulator is the same phone. */
const HELD = 'dingtalk-sim-held';

let pageUrl = '';
let deepLink = null;
/** What was tapped to open the window, while it is open. */
let opened = null;
let announce = () => {};

/** What DingTalk does to the home URL that an administrator typed in: $CORPID$ becomes the visitor's enterprise. */
function address() {
  const { corp, agent } = choice();
  const page = otherPage() ?? pageUrl;
  if (page.includes('$CORPID$')) return page.replace('$CORPID$', corp);
  const [before, ...fragment] = page.split('#');
  const query = `${before.includes('?') ? '&' : '?'}corpid=${corp}&agentid=${agent}`;
  return [before + query, ...fragment].join('#');
}

/** One word for a path, as it stands in a query. */
function word(path) {
  return btoa(path).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

/** Where 我的订单 leads after the login. */
function target() {
  return deepLink ?? new URL('api/session', address()).pathname;
}

/** A server that sends WeCom on at once never sees a fragment, so there the query says it. */
function addressFor(menu) {
  if (menu !== 'orders') return address();
  const [page] = address().split('#');
  const wecom = choice().platform === 'wecom';
  return wecom ? `${page}&next=${word(target())}` : `${page}#next=${encodeURIComponent(target())}`;
}

/** The frame's name is how the scripts in it learn who holds the phone, and which. */
function windowName() {
  const { platform, person, client } = choice();
  return `${platform}-sim:${person}:${client}`;
}

/**
 * How servers learn it, since a page cannot change the User-Agent: cookies know hosts and no ports, so the server that is
 * tested gets this one too.
 */
function mark() {
  const { platform, person, client } = choice();
  const value = platform === 'wecom' ? `${person}:${client}; Max-Age=86400` : '; Max-Age=0';
  document.cookie = `wecom-sim=${value}; Path=/; SameSite=Lax`;
}

/** Another person's phone, or another device, does not know who was logged in on this one. */
async function takePhone() {
  const name = windowName();
  if (sessionStorage.getItem(HELD) === name) return;
  await handOver();
  sessionStorage.setItem(HELD, name);
}

/**
 * Says so where nothing listens at the page's address: the browser's own words for it are no help here. What the browser
 * may not read fails as well, so the simulator has a look too; either may be the one that the page is near to.
 */
async function lookForPage(url) {
  const { host } = new URL(url);
  const found = await fetch(url, { method: 'HEAD', mode: 'no-cors', credentials: 'omit', cache: 'no-store' }).then(
    () => true,
    () => look(url).then(({ listens }) => listens, () => false)
  );
  $('missing').hidden = found;
  $('missing').textContent = found ? '' : t('missing', host);
}

function describe() {
  if (!opened) return;
  const { host } = new URL(address());
  $('window-title').textContent = t(opened.dataset.menu);
  $('window-address').textContent = opened.dataset.menu === 'orders' ? host + t('thenTo') + target() : host;
}

async function load() {
  // The old page ends first: while it lives it may set the cookies that the next phone must not have.
  $('frame').replaceChildren();
  $('progress').className = 'loading';
  describe();
  await takePhone();
  mark();
  if (!opened) return;
  const url = addressFor(opened.dataset.menu);
  announce();
  const frame = element('iframe', { id: 'window', name: windowName(), title: t('frame'), src: url });
  frame.onload = () => ($('progress').className = 'loaded');
  $('frame').replaceChildren(frame);
  lookForPage(url);
}

function open(button) {
  opened = button;
  $('webview').hidden = false;
  $('chat').inert = true;
  $('back').focus({ preventScroll: true });
  load();
}

function close() {
  const from = opened;
  opened = null;
  $('webview').hidden = true;
  $('missing').hidden = true;
  $('chat').inert = false;
  $('frame').replaceChildren();
  from?.focus({ preventScroll: true });
}

/** The same window once more, on a phone without sessions. */
export function openAgain() {
  sessionStorage.removeItem(HELD);
  if (opened) load();
  else open(document.querySelector('[data-menu=member]'));
}

/** The simulated time, on the phone's own clock. */
export function showTime(date) {
  const time = date.toTimeString().slice(0, 5);
  $('phone-time').textContent = time;
  $('talk-date').textContent = `${t('today')} ${time}`;
}

function linkUp() {
  $('link').href = address();
  $('link').target = windowName();
  mark();
}

export function startPhone(corps, onOpen) {
  ({ pageUrl, deepLink } = corps);
  announce = onOpen;
  for (const button of document.querySelectorAll('[data-menu]')) button.onclick = () => open(button);
  $('back').onclick = $('close').onclick = close;
  $('reload').onclick = load;
  $('webview').onkeydown = (event) => {
    if (event.key === 'Escape') close();
  };
  onChoice((now, before) => {
    linkUp();
    const same = ['platform', 'person', 'client', 'corp', 'agent'].every((key) => now[key] === before[key]);
    if (opened && !same) load();
  });
  linkUp();
  inWords(describe);
}
