// The journal: the last login as a waterfall, earlier ones folded up, and a sentence that sums it up.

import { clearJournal } from './api.js';
import { choice } from './choice.js';
import { $, duration, element } from './dom.js';
import { now } from './settings.js';
import { logins, total } from './logins.js';
import { FIRST_LOGINS } from './protocol.js';
import { makeRow, makeStep } from './row.js';
import { inWords, locale, t } from './words.js';

/** As many as the stream sends to begin with. */
const MOST_CALLS = 200;
/** An opened window calls DingTalk at once, or it has no reason to. */
const QUIET_MS = 1500;
/** A waiting call's bar grows in steps of this. */
const STEP_MS = 100;
/** A screen reader hears what it came to, not every step. */
const SPOKEN_AFTER_MS = 400;

const calls = new Map();
let openings = [];
/** The last call when the window was last opened, until another comes. */
let opened = null;
/** What is drawn: one entry for each login. */
let drawn = new Map();
let drawing = false;
let saying = null;
let speaking = null;

function names(sum) {
  const of = sum.wecom ? 'wecom' : 'dingtalk';
  const who = `[data-person="${sum.person}"][data-of="${of}"] .name`;
  const person = sum.person && document.querySelector(who)?.textContent;
  const client = sum.client && document.querySelector(`#clients [data-client="${sum.client}"]`)?.textContent;
  return [person, client].filter(Boolean).join(' · ');
}

function makeLogin(id) {
  const when = element('time');
  const who = element('span', { class: 'who' });
  const short = element('span', { class: 'short' });
  const axis = element('p', { class: 'axis', 'aria-hidden': 'true' }, ...[0, 1, 2].map(() => element('span')));
  const rows = element('ol', { class: 'calls' });
  const box = element('details', { class: 'login', 'data-login': id }, element('summary', {}, when, who, short), axis, rows);
  const known = new Map();

  function update(group, at) {
    const sum = total(group, at);
    const date = new Date(group.start);
    when.dateTime = date.toISOString();
    when.textContent = date.toLocaleTimeString(locale());
    who.textContent = names(sum);
    const bad = sum.bad.length ? ` · ${sum.bad.map((call) => call.errcode ?? `HTTP ${call.status}`).join(', ')}` : '';
    short.textContent = `${t('calls', sum.calls)} · ${duration(sum.ms)}${bad}`;
    box.classList.toggle('bad', sum.failed);
    [...axis.children].forEach((tick, index) => (tick.textContent = index ? duration((sum.ms * index) / 2) : '0'));
    for (const call of group.calls) {
      if (!known.has(call.seq)) {
        known.set(call.seq, makeRow(call.seq));
        rows.append(known.get(call.seq).item);
      }
      known.get(call.seq).update(call, { start: group.start, ms: sum.ms }, at);
    }
  }

  return { box, update };
}

function sentence(sum) {
  if (sum.waiting) return t('running', sum.calls);
  const codes = [...new Set(sum.bad.map((call) => call.errcode ?? `HTTP ${call.status}`))].join(', ');
  const smooth = sum.bad.length + sum.silent === 0;
  const pushed = sum.pushes > 0 && sum.native === 0;
  return (
    t(pushed ? 'pushSummary' : 'summary', sum.calls, duration(sum.ms)) +
    (smooth && !pushed ? t('parts', sum.oapi, sum.native) : '') +
    (sum.bad.length ? t('refused', sum.bad.length, codes) : '') +
    (sum.silent ? t('unanswered', sum.silent) : '')
  );
}

function say(words, bad) {
  if (saying === words) return;
  saying = words;
  clearTimeout(speaking);
  speaking = setTimeout(() => {
    $('summary').textContent = words;
    $('summary').classList.toggle('bad', bad);
  }, SPOKEN_AFTER_MS);
}

function sumUp(groups, at) {
  const last = groups.at(-1);
  if (opened && (!last || last.calls.at(-1).seq <= opened.seq)) {
    const quiet = choice().client === 'browser' ? 'noCallsOutside' : 'noCalls';
    return say(t(at - opened.at < QUIET_MS ? 'opening' : quiet), false);
  }
  if (!last) return say(t('nothing'), false);
  const sum = total(last, at);
  say(sentence(sum), sum.failed);
}

function draw() {
  drawing = false;
  const at = now();
  const groups = logins([...calls.values()], openings);
  const before = drawn;
  drawn = new Map(groups.map((group) => [group.id, before.get(group.id) ?? makeLogin(group.id)]));
  for (const group of groups) drawn.get(group.id).update(group, at);

  const boxes = groups.map((group) => drawn.get(group.id).box).reverse();
  const [newest] = boxes;
  if (newest && $('journal').firstElementChild !== newest) {
    for (const box of boxes) box.open = box === newest;
  }
  // Only what is new or gone is touched, so that focus and open details stay where they are.
  for (const child of [...$('journal').children]) if (!boxes.includes(child)) child.remove();
  boxes.forEach((box, index) => {
    if ($('journal').children[index] !== box) $('journal').insertBefore(box, $('journal').children[index] ?? null);
  });

  $('steps').hidden = groups.length > 0;
  $('again').textContent = t(groups.length ? 'again' : 'login');
  sumUp(groups, at);
  const last = groups.at(-1);
  const unfinished = (last && total(last, at).waiting) || (opened && at - opened.at < QUIET_MS);
  if (unfinished) setTimeout(redraw, STEP_MS);
}

/** Draws once, however many calls arrive before the next frame. */
function redraw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(draw);
}

export function noteCall(call) {
  calls.set(call.seq, call);
  for (const seq of calls.keys()) {
    if (calls.size <= MOST_CALLS) break;
    calls.delete(seq);
  }
  redraw();
}

export function forgetCalls() {
  calls.clear();
  openings = [];
  opened = null;
  redraw();
}

/** The phone opened the window: what is called from now on is another login. */
export function windowOpened() {
  const seq = [...calls.keys()].at(-1) ?? 0;
  openings.push(seq);
  opened = { seq, at: now() };
  redraw();
  setTimeout(redraw, QUIET_MS);
}

export function startJournal(again) {
  $('again').onclick = again;
  $('clear').onclick = clearJournal;
  inWords(() => {
    // Before the first login the journal's place shows what is to come.
    $('steps').replaceChildren(element('h3', {}, t('steps')), element('ol', { class: 'calls' }, ...FIRST_LOGINS[choice().platform].map(makeStep)));
    redraw();
  });
}
