// The panel's tabs (arrow keys move between them), and on a narrow screen the switch between phone and panel.

import { choice, choose, onChoice } from './choice.js';
import { $, press } from './dom.js';

const KEYS = { ArrowRight: 1, ArrowLeft: -1 };

function show(wanted, tabs) {
  for (const tab of tabs) {
    const selected = tab === wanted;
    tab.setAttribute('aria-selected', String(selected));
    tab.tabIndex = selected ? 0 : -1;
    $(tab.getAttribute('aria-controls')).hidden = !selected;
  }
}

export function selectTab(name) {
  show($(`tab-${name}`), document.querySelectorAll('[role=tab]'));
  choose({ tab: name });
}

export function startTabs() {
  const tabs = [...document.querySelectorAll('[role=tab]')];
  const select = (tab) => selectTab(tab.id.replace('tab-', ''));
  for (const tab of tabs) {
    tab.onclick = () => select(tab);
    tab.onkeydown = (event) => {
      if (!(event.key in KEYS)) return;
      // A platform may lack one of them.
      const there = tabs.filter((one) => !one.hidden);
      const next = there.at((there.indexOf(tab) + KEYS[event.key]) % there.length);
      select(next);
      next.focus();
    };
  }
  show($(`tab-${choice().tab}`) ?? tabs[0], tabs);
  const elsewhere = () => $(`tab-${choice().tab}`)?.hidden && selectTab('journal');
  onChoice(elsewhere);
  elsewhere();
}

/** Brings the phone or the panel to the front of a narrow screen. */
export function showView(view) {
  document.body.dataset.view = view;
  press(document.querySelectorAll('.views button'), (button) => button.dataset.view === view);
}

export function startViews() {
  for (const button of document.querySelectorAll('.views button')) {
    button.onclick = () => showView(button.dataset.view);
  }
}
