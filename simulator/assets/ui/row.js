// One call in the waterfall: a line with a bar, and behind it the details.

import { duration, element } from './dom.js';
import { isWaiting, outcome } from './logins.js';
import { ENDPOINTS, explained, kindOf, meaning } from './protocol.js';
import { pick, t } from './words.js';

function codeOf(call, kind) {
  if (kind === 'waiting') return t('waiting');
  if (kind === 'silent') return t('silence');
  if (call.subCode === 'wrongAnswer') return call.status === 200 ? t('wrong') : `HTTP ${call.status}`;
  if (call.errcode === null) return call.subCode ? `${call.status} ${call.subCode}` : `HTTP ${call.status}`;
  return call.subCode ? `${call.errcode} · ${call.subCode}` : String(call.errcode);
}

function plain(value) {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function term(name, ...value) {
  return [element('dt', {}, name), element('dd', {}, ...value)];
}

function details(call, kind, start) {
  const code = call.subCode ?? call.errcode;
  const said = call.errcode === null || call.errcode === 0 ? null : meaning(code, call.kind) ?? meaning(call.errcode, call.kind);
  const took = call.tookMs === null ? '…' : duration(call.tookMs);
  const shown = [codeOf(call, kind), said && pick(said)].filter(Boolean).join(' · ');
  return [
    ...term(t('purpose'), pick(explained(call).long)),
    ...term(t('request'), element('code', {}, `${call.method} ${call.endpoint}`)),
    ...term(t('code'), shown + (call.fault ? ` · ${t('injected')}` : '')),
    ...term(t('timing'), t('timingText', call.atMs === start ? '0 ms' : duration(call.atMs - start), took)),
    ...Object.entries(call.params).flatMap(([name, value]) => term(element('code', {}, name), element('code', {}, plain(value)))),
  ];
}

/** An endpoint before it was called. */
export function makeStep(endpoint) {
  const kind = kindOf(endpoint);
  return element(
    'li',
    { class: `step ${kind}` },
    element('span', { class: 'label' }, t(kind)),
    element('span', { class: 'name' }, endpoint.replace('native/', '')),
    element('span', { class: 'why' }, pick(ENDPOINTS[endpoint].short))
  );
}

/** A row for the call of this number; `update` fills it in, as often as the call becomes more complete. */
export function makeRow(seq) {
  const parts = Object.fromEntries(['label', 'name', 'why', 'time', 'code'].map((part) => [part, element('span', { class: part })]));
  const bar = element('span', { class: 'fill' });
  const more = element('dl');
  const box = element(
    'details',
    { 'data-call': seq },
    element(
      'summary',
      {},
      parts.label,
      element('span', { class: 'what' }, parts.name, parts.why),
      element('span', { class: 'track', 'aria-hidden': 'true' }, bar),
      parts.time,
      parts.code
    ),
    more
  );
  const item = element('li', {}, box);

  function update(call, { start, ms }, now) {
    const kind = outcome(call, now);
    const took = call.tookMs ?? (isWaiting(call, now) ? now - call.atMs : 0);
    box.className = `call ${call.kind} ${kind}${call.fault ? ' fault' : ''}`;
    parts.label.textContent = t(call.kind);
    parts.name.textContent = call.endpoint.replace(/^(native|push)\//, '');
    parts.why.textContent = pick(explained(call).short);
    parts.time.textContent = call.tookMs === null ? '…' : duration(call.tookMs);
    parts.code.textContent = codeOf(call, kind);
    bar.style.left = `${((call.atMs - start) / Math.max(ms, 1)) * 100}%`;
    bar.style.width = `${(took / Math.max(ms, 1)) * 100}%`;
    more.replaceChildren(...details(call, kind, start));
  }

  return { item, update };
}
