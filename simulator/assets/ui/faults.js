// Faults: the form that adds one, and the list of those that have not happened yet.

import { addFault, clearFaults, removeFault } from './api.js';
import { choice } from './choice.js';
import { $, element } from './dom.js';
import { KINDS, kindOf } from './fault-kinds.js';
import { ENDPOINTS, KEPT, kindOf as callKind } from './protocol.js';
import { inWords, pick, t } from './words.js';

const ALL = { '*': 'allOapi', 'native/*': 'allNative', '/cgi-bin/*': 'allQyapi' };
/** The fault that teaches most at first: the login's own step fails once. */
const FIRST = { dingtalk: '/channel/user/get_by_code', wecom: '/cgi-bin/auth/getuserinfo' };
/** Each platform's calls, of the server and of the phone. */
const KINDS_OF = { dingtalk: { oapi: '*', native: 'native/*' }, wecom: { qyapi: '/cgi-bin/*', link: null } };
const LEGEND = { oapi: 'legendOapi', native: 'legendNative', qyapi: 'legendQyapi', link: 'legendLink' };

let pending = [];

function endpointName(endpoint) {
  return endpoint in ALL ? t(ALL[endpoint]) : endpoint;
}

function endpointOptions() {
  const { platform } = choice();
  const kept = $('fault-endpoint').value;
  const group = (label, endpoints) =>
    element('optgroup', { label }, ...endpoints.map((one) => element('option', { value: one }, endpointName(one))));
  const groups = Object.entries(KINDS_OF[platform]).map(([kind, all]) => {
    const names = Object.keys(ENDPOINTS).filter((name) => callKind(name) === kind);
    return group(t(LEGEND[kind]), all ? [...names, all] : names);
  });
  $('fault-endpoint').replaceChildren(...groups);
  $('fault-endpoint').value = kept;
  // What is not of this platform was not found.
  if ($('fault-endpoint').value !== kept || !kept) $('fault-endpoint').value = FIRST[platform];
}

function kindOptions() {
  const endpoint = $('fault-endpoint').value;
  const kept = $('fault-kind').value;
  const suited = KINDS.filter((kind) => kind.suits(endpoint));
  $('fault-kind').replaceChildren(...suited.map((kind) => element('option', { value: kind.id }, pick(kind.words))));
  if (suited.some((kind) => kind.id === kept)) $('fault-kind').value = kept;
  hint();
}

function hint() {
  const { hint: ofKind } = KINDS.find((kind) => kind.id === $('fault-kind').value);
  const hints = [ofKind && pick(ofKind), KEPT.includes($('fault-endpoint').value) && t('cachedHint')];
  $('fault-hint').textContent = hints.filter(Boolean).join(' ');
}

async function add(event) {
  event.preventDefault();
  const endpoint = $('fault-endpoint').value;
  const kind = KINDS.find((one) => one.id === $('fault-kind').value);
  $('fault-problem').textContent = '';
  try {
    await addFault({ endpoint, times: Number($('fault-times').value), ...kind.make(endpoint) });
  } catch (problem) {
    $('fault-problem').textContent = problem.message;
  }
}

function row(fault) {
  const kind = kindOf(fault);
  const what = kind ? pick(kind.words) : t('other');
  const name = endpointName(fault.endpoint);
  return element(
    'li',
    { 'data-fault': fault.id },
    element('span', { class: 'what' }, what),
    element('code', {}, name),
    element('span', { class: 'count' }, t('times', fault.times)),
    // Another call may have used it up in the meantime; the stream says so.
    element(
      'button',
      { type: 'button', 'aria-label': t('removeThis', `${what} ${name}`), onclick: () => removeFault(fault.id).catch(() => {}) },
      t('remove')
    )
  );
}

export function showFaults(faults) {
  pending = faults;
  $('faults').replaceChildren(...(faults.length ? faults.map(row) : [element('li', { class: 'empty' }, t('noFaults'))]));
  $('fault-actions').hidden = faults.length === 0;
  $('fault-count').hidden = faults.length === 0;
  $('fault-count').textContent = faults.reduce((sum, fault) => sum + fault.times, 0);
}

export function startFaults(again) {
  $('fault-form').onsubmit = add;
  $('fault-endpoint').onchange = kindOptions;
  $('fault-kind').onchange = hint;
  $('faults-clear').onclick = clearFaults;
  $('fault-again').onclick = again;
  inWords(() => {
    endpointOptions();
    kindOptions();
    showFaults(pending);
  });
}
