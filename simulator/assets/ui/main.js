// Puts the page together.

import * as api from './api.js';
import { startChoice } from './choice.js';
import { startFaults, showFaults } from './faults.js';
import { forgetCalls, noteCall, startJournal, windowOpened } from './journal.js';
import { showKnobs, startKnobs } from './knobs.js';
import { startPeople } from './people.js';
import { openAgain, startPhone } from './phone.js';
import { noteSuiteCall, startSuites } from './suites.js';
import { selectTab, showView, startTabs, startViews } from './tabs.js';
import { startWords } from './words.js';

/** The login once more, with the calls in view. */
function again() {
  selectTab('journal');
  showView('phone');
  openAgain();
}

const [people, corps] = await Promise.all([api.people(), api.corps()]);
const [corp] = corps.corps;
startChoice({ person: people.person, corp: corp.corpId, agent: corp.agentIds[0] });
startWords();
startPeople(people.people);
startPhone(corps, windowOpened);
startJournal(again);
startFaults(again);
startKnobs(corps);
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
  },
});
