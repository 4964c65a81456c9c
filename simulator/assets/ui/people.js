// Which platform, who holds the phone, and which client they use.

import { choice, choose, onChoice } from './choice.js';
import { $, element, press } from './dom.js';
import { inWords, speakOf, t } from './words.js';

/** What a client looks like: a phone of one make or the other, or a window on a computer. */
const SHAPES = { wecom: 'android', wechat: 'ios', 'wecom-pc': 'pc' };

function personButton(platform, { person, nickname, avatar }) {
  const about = element('span', { class: 'about', 'data-about': platform === 'wecom' ? `wecom-${person}` : person });
  return element(
    'button',
    { type: 'button', 'data-person': person, 'data-of': platform, onclick: () => choose({ person }) },
    element('img', { src: new URL(avatar).pathname, alt: '', width: 40, height: 40 }),
    element('span', { class: 'who' }, element('span', { class: 'name', lang: 'zh-CN' }, nickname), about)
  );
}

/** The portrait of the person who holds the phone. */
function face(person) {
  const all = [...$('people').children];
  return all.find(({ dataset }) => dataset.person === person && dataset.of === choice().platform)
    ?.querySelector('img').src;
}

function show() {
  const { platform, person, client } = choice();
  for (const one of document.querySelectorAll('[data-of]')) one.hidden = one.dataset.of !== platform;
  press($('platforms').children, (button) => button.dataset.platform === platform);
  press($('people').children, (button) => button.dataset.person === person);
  press($('clients').children, (button) => button.dataset.client === client);
  const key = client.replace(/(^|-)(\w)/g, (_, dash, letter) => letter.toUpperCase());
  $('client-note').textContent = t(`client${key}`);
  $('client-note').title = t('otherPhone');
  document.body.dataset.platform = platform;
  $('phone').dataset.client = SHAPES[client] ?? client;
  $('holder-face').src = face(person) ?? '';
  $('unfollowed').hidden = person !== 'unfollowed';
}

export function startPeople(people, wecom) {
  $('people').append(...people.map((one) => personButton('dingtalk', one)));
  $('people').append(...wecom.map(({ name, ...one }) => personButton('wecom', { ...one, nickname: name })));
  for (const button of $('clients').children) button.onclick = () => choose({ client: button.dataset.client });
  for (const button of $('platforms').children) button.onclick = () => choose({ platform: button.dataset.platform });
  onChoice((now, before) => {
    if (now.platform !== before.platform) speakOf(now.platform);
    show();
  });
  inWords(() => {
    for (const about of $('people').querySelectorAll('[data-about]')) about.textContent = t(about.dataset.about);
    show();
  });
}
