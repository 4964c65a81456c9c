// Puts the page together.

import * as api from './api.js';
import { choice, startChoice } from './choice.js';
import { startFaults, showFaults } from './faults.js';
import { forgetCalls, noteCall, startJournal, windowOpened } from './journal.js';
import { showKnobs, startKnobs } from './settings.js';
import { startPeople } from './people.js';
import { openAgain, startPhone } from './phone.js';
import { noteSuiteCall, startSuites } from './suites.js';
import { selectTab, showView, startTabs, startViews } from './tabs.js';
import { showWecom, startWecom } from './wecom.js';
import { startWords } from './words.js';

/** The login once more, with the calls in view. */
function again() {
  selectTab('journal');
  showView('phone');
  openAgain();
}

const [people, corps, wecom] = await Promise.all([api.people(), api.corps(), api.wecom()]);
const [corp] = corps.corps;
startChoice({
  dingtalk: { person: people.person, corp: corp.corpId, agent: corp.agentIds[0] },
  wecom: { person: wecom.settings.person, corp: wecom.corpId, agent: wecom.apps[0].agentId },
});
startWords(choice().platform);
startPeople(people.people, wecom.people);
startPhone(corps, windowOpened);
startJournal(again);
startFaults(again);
startKnobs(corps, wecom);
startWecom();
startSuites();
startTabs();
startViews();

api.follow({
  clear: forgetCalls,
  call(call) {
    noteCall(call);
    noteSuiteCall(call);
  },
  state(state) {
    showFaults(state.faults);
    showKnobs(state);
    showWecom(state.wecom);
  },
});
