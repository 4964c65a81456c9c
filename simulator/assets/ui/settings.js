// Clock, latency, revocation, the ticket rule, the choice of enterprise, and the way back to the beginning.

import { advanceClock, changeSettings, reset, revoke } from './api.js';
import { choice, choose, onChoice } from './choice.js';
import { $, element, press } from './dom.js';
import { showTime } from './phone.js';
import { inWords, locale, t } from './words.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How far the simulator's clock is ahead of this browser's, in milliseconds. */
let ahead = 0;
let advanced = 0;

/** The moment it is in the simulator. */
export function now() {
  return Date.now() + ahead;
}

/** +1 d 2 h 5 min */
function span(seconds) {
  const parts = [
    [Math.floor(seconds / DAY), 'd'],
    [Math.floor((seconds % DAY) / HOUR), 'h'],
    [Math.floor((seconds % HOUR) / MINUTE), 'min'],
  ];
  return `+${parts.filter(([count]) => count).map(([count, unit]) => `${count} ${unit}`).join(' ') || `${seconds} s`}`;
}

function tick() {
  const date = new Date(now());
  $('clock').dateTime = date.toISOString();
  $('clock').textContent = date.toLocaleString(locale(), { dateStyle: 'medium', timeStyle: 'medium' });
  showTime(date);
}

export function showKnobs({ settings, nowMs, advancedSeconds }) {
  ahead = nowMs - Date.now();
  advanced = advancedSeconds;
  tick();
  for (const id of ['clock-advanced', 'clock-count']) {
    $(id).hidden = advanced === 0;
    $(id).textContent = span(advanced);
  }
  press($('latency').children, (button) => Number(button.dataset.latency) === settings.latencyMs);
  $('ticket-rule').value = settings.ticketRule;
}

/** Turns a knob and says, also to a screen reader, that it was turned. */
function onClick(selector, turn) {
  for (const button of document.querySelectorAll(selector)) {
    button.onclick = async () => {
      try {
        await turn(button.dataset);
        $('knob-done').textContent = t('done', button.textContent);
      } catch (problem) {
        $('knob-done').textContent = problem.message;
      }
    };
  }
}

/**
 * Classic windows with their two agents, today's, each an H5 app in an organisation of its own, and suites' customers; or
 * WeCom's applications.
 */
function choosers({ corps, apps, customers }, wecom) {
  const dingtalk = [...corps, ...apps.map(({ corpId, agentId }) => ({ corpId, agentIds: [agentId] })), ...customers];
  const there = { dingtalk, wecom: [{ corpId: wecom.corpId, agentIds: wecom.apps.map(({ agentId }) => agentId) }] };
  const options = (values) => values.map((value) => element('option', {}, value));
  const all = () => there[choice().platform];
  const agentsOf = (corpId) => all().find((corp) => corp.corpId === corpId)?.agentIds ?? [];
  const show = ({ corp, agent }) => {
    $('corp').replaceChildren(...options(all().map(({ corpId }) => corpId)));
    $('agent').replaceChildren(...options(agentsOf(corp)));
    $('corp').value = corp;
    $('agent').value = agent;
  };
  show(choice());
  onChoice(show);
  $('corp').onchange = () => choose({ corp: $('corp').value, agent: agentsOf($('corp').value)[0] });
  $('agent').onchange = () => choose({ agent: $('agent').value });
}

export function startKnobs(corps, wecom) {
  choosers(corps, wecom);
  onClick('[data-advance]', ({ advance }) => advanceClock(Number(advance)));
  onClick('[data-latency]', ({ latency }) => changeSettings({ latencyMs: Number(latency) }));
  onClick('[data-revoke]', ({ revoke: what }) => revoke(what));
  onClick('#reset', reset);
  $('ticket-rule').onchange = () => changeSettings({ ticketRule: $('ticket-rule').value });
  inWords(tick);
  setInterval(tick, 1000);
}
