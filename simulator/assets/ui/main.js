// Puts the page together.

import * as api from './api.js';
import { startChoice } from './choice.js';
import { startFaults, showFaults } from './faults.js';
import { forgetCalls, noteCall, startJournal, windowOpened } from './journal.js';
import { showKnobs, startKnobs } from './knobs.js';
import { startPeople } from './people.js';
import { openAgain, startPhone } from './phone.js';
import { showView, startTabs, startViews } from './tabs.js';
import { startWords } from './words.js';

const [people, corps] = await Promise.all([api.people(), api.corps()]);
const [corp] = corps.corps;
startChoice({ person: people.person, corp: corp.corpId, agent: corp.agentIds[0] });
startWords();
startPeople(people.people);
startPhone(corps, windowOpened);
startJournal(() => {
  showView('phone');
  openAgain();
});
startFaults();
startKnobs(corps);
startTabs();
startViews();

api.follow({
  clear: forgetCalls,
  call: noteCall,
  state(state) {
    showFaults(state.faults);
    showKnobs(state);
  },
});
