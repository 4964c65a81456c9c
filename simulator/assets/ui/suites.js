// Suites: what DingTalk pushes to the server of a maker of apps, at the press of a button, and what that server answered.

import { push, setCallback, suites } from './api.js';
import { choose } from './choice.js';
import { $, element } from './dom.js';
import { inWords, t } from './words.js';

/** A server that is asked for codes makes several calls in a row; one look after them is enough. */
const LOOK_AFTER_MS = 300;

let known = [];
let looking = null;
/** The last push's report, or what the controls refused. */
let last = null;

const suite = () => known.find(({ name }) => name === $('suite').value);
const customer = () => suite()?.customers.find(({ corpId }) => corpId === $('customer').value);

function options(select, values) {
  const kept = select.value;
  select.replaceChildren(...values.map((value) => element('option', {}, value)));
  if (values.includes(kept)) select.value = kept;
}

function show() {
  options($('suite'), known.map(({ name }) => name));
  options($('customer'), suite()?.customers.map(({ corpId }) => corpId) ?? []);
  const { authorised, activated, window, microApp } = customer() ?? {};
  const state = activated ? 'suiteActive' : authorised ? 'suiteInactive' : 'suiteNone';
  $('customer-state').textContent = t(state);
  $('customer-open').disabled = !activated;
  $('customer-open').onclick = () => choose({ corp: customer().corpId, agent: (window ?? microApp).agentId });
  // A text that is being typed stays.
  if (document.activeElement !== $('callback')) $('callback').value = suite()?.callbackUrl ?? '';
  answer();
}

function answer() {
  $('push-answer').classList.toggle('problem', last !== null && !last.ok);
  if (!last) $('push-answer').textContent = t('pushNone');
  else if (last.ok) $('push-answer').textContent = t('pushRight', last.event.EventType);
  else $('push-answer').textContent = last.problem;
}

async function look() {
  ({ suites: known } = await suites());
  show();
}

/** A control call, whose refusal is shown where its answer would be. */
async function attempt(call) {
  try {
    last = await call();
  } catch (problem) {
    last = { ok: false, problem: problem.message };
  }
  await look();
}

/** Looks again when a call may have changed what a customer granted. */
export function noteSuiteCall({ kind, endpoint }) {
  if (kind !== 'push' && !endpoint.startsWith('/service/')) return;
  clearTimeout(looking);
  looking = setTimeout(look, LOOK_AFTER_MS);
}

export function startSuites() {
  $('suite').onchange = $('customer').onchange = show;
  $('callback-form').onsubmit = (event) => {
    event.preventDefault();
    $('callback').blur();
    attempt(async () => {
      await setCallback(suite().name, $('callback').value.trim() || null);
      return last;
    });
  };
  for (const button of document.querySelectorAll('[data-push]')) {
    const about = () => (button.dataset.about === 'customer' ? { corpId: customer().corpId } : {});
    button.onclick = () => attempt(() => push(suite().name, button.dataset.push, about()));
  }
  inWords(show);
  return look();
}
