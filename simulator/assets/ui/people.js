// Who holds the phone, and which client they use.

import { choice, choose, onChoice } from './choice.js';
import { $, element, press } from './dom.js';
import { inWords, t } from './words.js';

function personButton({ person, nickname, avatar }) {
  const about = element('span', { class: 'about', 'data-t': person });
  return element(
    'button',
    { type: 'button', 'data-person': person, onclick: () => choose({ person }) },
    element('img', { src: new URL(avatar).pathname, alt: '', width: 40, height: 40 }),
    element('span', { class: 'who' }, element('span', { class: 'name', lang: 'zh-CN' }, nickname), about)
  );
}

function show() {
  const { person, client } = choice();
  press($('people').children, (button) => button.dataset.person === person);
  press($('clients').children, (button) => button.dataset.client === client);
  $('client-note').textContent = t(`client${client[0].toUpperCase()}${client.slice(1)}`);
  $('client-note').title = t('otherPhone');
  $('phone').dataset.client = client;
  $('holder-face').src = `/avatars/${person}.svg`;
  $('unfollowed').hidden = person !== 'unfollowed';
}

export function startPeople(people) {
  $('people').append(...people.map(personButton));
  for (const button of $('clients').children) button.onclick = () => choose({ client: button.dataset.client });
  onChoice(show);
  inWords(() => {
    for (const about of $('people').querySelectorAll('[data-t]')) about.textContent = t(about.dataset.t);
    show();
  });
}
