// WeCom's settings: what its client does, and what its host does.

import { changeWecom, changeWecomApp, revokeWecom } from './api.js';
import { choice, onChoice } from './choice.js';
import { $ } from './dom.js';
import { t } from './words.js';

let apps = [];

const app = () => apps.find(({ agentId }) => agentId === choice().agent);

/** Turns a knob and says, also to a screen reader, that it was turned. */
async function turn(what, call) {
  try {
    await call();
    $('knob-done').textContent = t('done', what);
  } catch (problem) {
    $('knob-done').textContent = problem.message;
  }
}

const named = (input) => input.closest('label').querySelector('span').textContent;

function valueOf(input) {
  if (input.type === 'checkbox') return input.checked;
  return /^\d+$/.test(input.value) ? Number(input.value) : input.value;
}

function showApp() {
  // What is being typed is not taken away.
  if (document.activeElement !== $('wecom-domain')) $('wecom-domain').value = app()?.trustedDomain ?? '';
  $('wecom-stopped').checked = app()?.stopped ?? false;
}

export function showWecom({ settings, apps: known }) {
  apps = known;
  for (const input of document.querySelectorAll('[data-wecom]')) {
    const value = settings[input.dataset.wecom];
    if (input.type === 'checkbox') input.checked = value;
    else input.value = value;
  }
  showApp();
}

export function startWecom() {
  for (const input of document.querySelectorAll('[data-wecom]')) {
    input.onchange = () => turn(named(input), () => changeWecom({ [input.dataset.wecom]: valueOf(input) }));
  }
  for (const button of document.querySelectorAll('[data-wecom-revoke]')) {
    button.onclick = () => turn(button.textContent, () => revokeWecom(Number(button.dataset.wecomRevoke)));
  }
  $('wecom-stopped').onchange = () =>
    turn(named($('wecom-stopped')), () => changeWecomApp(app().agentId, { stopped: $('wecom-stopped').checked }));
  $('wecom-domain-form').onsubmit = (event) => {
    event.preventDefault();
    $('wecom-domain').blur();
    turn(t('trustedDomain'), () => changeWecomApp(app().agentId, { trustedDomain: $('wecom-domain').value.trim() }));
  };
  onChoice(showApp);
}
