// The page's words in both languages, and the switch between them. The markup holds the Chinese ones, so that the page
// reads well before any script has run; elements name their words with data-t (text) and data-t-label (aria-label).

import { WECOM } from './wecom-words.js';

const REMEMBERED = 'dingtalk-sim-lang';

const WORDS = {
  title: ['钉钉模拟器', 'DingTalk simulator'],
  tagline: ['没有钉钉，也能把服务窗登录走一遍', 'Walk through a service-window login without DingTalk'],
  known: ['已知与猜测', 'Known and guessed'],
  views: ['显示', 'Show'],
  phone: ['手机', 'Phone'],
  panel: ['面板', 'Panel'],
  tabs: ['面板', 'Panel'],

  windowName: ['某某企业服务窗', 'Acme service window'],
  talk: ['聊天记录', 'Messages'],
  today: ['今天', 'Today'],
  welcome: ['你好，欢迎关注某某企业服务窗！', 'Hello, and welcome to the Acme service window!'],
  cardTitle: ['不用密码，点开就登录', 'No password: open it and you are in'],
  cardText: ['钉钉会告诉这家企业你是谁，整个过程不到一秒。', 'DingTalk tells the enterprise who you are, in less than a second.'],
  cardAction: ['进入会员中心', 'Go to the members’ area'],
  question: ['我的订单到哪儿了？', 'Where is my order?'],
  answer: ['点下面的「我的订单」，登录后会直接到那一页。', 'Tap “My orders” below: after the login you land right there.'],
  unfollowedNotice: ['你已取消关注这个服务窗', 'You no longer follow this service window'],
  menu: ['服务窗菜单', 'Menu of the service window'],
  orders: ['我的订单', 'My orders'],
  member: ['会员中心', 'Members'],
  help: ['帮助', 'Help'],
  card: ['会员中心', 'Members'],
  back: ['返回聊天', 'Back to the chat'],
  close: ['关闭', 'Close'],
  reload: ['重新加载', 'Reload'],
  frame: ['服务窗打开的网页', 'The page that the service window opened'],
  thenTo: ['，登录后到 ', ', then to '],
  missing: [
    '{0} 没有应答。请先启动被测的服务器，再点右上角的重新加载。',
    '{0} does not answer. Start the server that is to be tested, then reload at the top right.',
  ],

  who: ['谁拿着手机', 'Who holds the phone'],
  employee: ['员工，在通讯录里', 'Employee'],
  partner: ['通讯录外部联系人', 'External contact'],
  stranger: ['路人，只是关注了', 'Merely follows'],
  unfollowed: ['已取关，登录被拒', 'Unfollowed: refused'],
  with: ['用什么打开', 'Opened with'],
  pc: ['电脑', 'PC'],
  browser: ['浏览器', 'Browser'],
  clientIos: ['错误码是字符串；签名按当前地址核对。', 'Error codes are text; the present address is signed.'],
  clientAndroid: ['错误码是数字；签名按进入时的地址核对。', 'Error codes are numbers; the entry address is signed.'],
  clientPc: ['电脑版没有服务窗的免登接口（4050）。', 'The PC client lacks the service-window login API (4050).'],
  clientBrowser: ['普通浏览器，不在钉钉里（4040）。', 'An ordinary browser, outside DingTalk (4040).'],
  otherPhone: [
    '换人或换客户端就是换一部手机：它不记得谁登录过。',
    'Another person or client is another phone: it remembers no login.',
  ],

  journal: ['调用', 'Calls'],
  nothing: ['还没有调用。点一下手机里的菜单。', 'No calls yet. Tap the menu on the phone.'],
  noCalls: ['没有调用钉钉；会话还在时就是这样。', 'DingTalk was not called, as is right while the session lasts.'],
  noCallsOutside: ['没有调用钉钉：这里是普通浏览器。', 'DingTalk was not called: this is an ordinary browser.'],
  opening: ['正在打开……', 'Opening…'],
  running: ['正在登录：{0} 次 DingTalk 调用……', 'Logging in: {0} DingTalk {0|call|calls} so far…'],
  summary: ['本次登录：{0} 次 DingTalk 调用，{1}', 'This login: {0} DingTalk {0|call|calls} in {1}'],
  pushSummary: ['推送和随之而来的调用：{0} 次，{1}', 'A push and what came of it: {0} {0|call|calls} in {1}'],
  parts: ['（服务器 {0}，手机 {1}）', ' (server {0}, phone {1})'],
  refused: ['，{0} 次被拒绝：{1}', ', {0} refused: {1}'],
  unanswered: ['，{0} 次没有应答', ', {0} without an answer'],
  login: ['登录', 'Log in'],
  again: ['再登录一次', 'Log in again'],
  steps: ['第一次登录会这样调用钉钉', 'A first login calls DingTalk like this'],
  clear: ['清空', 'Clear'],
  legend: ['图例', 'Legend'],
  legendOapi: ['服务器 → 钉钉', 'Server → DingTalk'],
  legendNative: ['手机 → 钉钉', 'Phone → DingTalk'],
  legendPush: ['钉钉 → 服务器', 'DingTalk → server'],
  legendBad: ['被拒绝', 'Refused'],
  oapi: ['服务器', 'Server'],
  native: ['手机', 'Phone'],
  push: ['推送', 'Push'],
  injected: ['人为故障', 'Injected'],
  waiting: ['等待中', 'waiting'],
  wrong: ['答复不对', 'wrong answer'],
  silence: ['无应答', 'no answer'],
  notJson: ['无错误码', 'no code'],
  code: ['错误码', 'Code'],
  purpose: ['作用', 'What for'],
  request: ['请求', 'Request'],
  timing: ['时间', 'Time'],
  timingText: ['第 {0} 起，用时 {1}', 'after {0}, took {1}'],
  calls: ['{0} 次', '{0} {0|call|calls}'],

  faults: ['故障', 'Faults'],
  faultsIntro: ['接下来的几次调用会这样出错，用完就恢复正常。', 'The next calls fail like this; then everything is well again.'],
  faultEndpoint: ['哪个调用', 'Which call'],
  faultKind: ['怎样出错', 'What happens'],
  faultTimes: ['几次', 'Times'],
  faultAdd: ['添加', 'Add'],
  pending: ['等待发生', 'Waiting to happen'],
  faultsClear: ['全部取消', 'Remove all'],
  noFaults: ['没有。一切正常。', 'None. All is well.'],
  times: ['{0} 次', '{0}×'],
  remove: ['取消', 'Remove'],
  removeThis: ['取消：{0}', 'Remove: {0}'],
  other: ['其他', 'Other'],
  allOapi: ['服务器的所有调用', 'Every call by the server'],
  allNative: ['手机的所有调用', 'Every call by the phone'],
  cachedHint: [
    '服务器会记住 token 和 ticket。要它再来取，先在「时钟与凭证」里吊销或快进 2 小时。',
    'The server keeps tokens and tickets. To make it come back, revoke them or advance the clock by 2 hours.',
  ],

  knobs: ['时钟与凭证', 'Clock and credentials'],
  clock: ['模拟时钟', 'Simulated clock'],
  advance5m: ['快进 5 分钟', 'Advance 5 min'],
  advance2h: ['2 小时', '2 h'],
  advance24h: ['24 小时', '24 h'],
  clockNote: ['免登码 5 分钟过期，token 和 ticket 2 小时过期。', 'Login codes live 5 minutes, tokens and tickets 2 hours.'],
  latency: ['网络延迟', 'Latency'],
  none: ['无', 'None'],
  latencyNote: ['每次调用都等这么久；200 ms 时瀑布图最好看。', 'Every call waits this long. The waterfall reads best at 200 ms.'],
  revoke: ['吊销', 'Revoke'],
  revokeTokens: ['全部 token', 'All tokens'],
  revokeTickets: ['全部 ticket', 'All tickets'],
  revokeAll: ['两者', 'Both'],
  revokeNote: ['服务器手里的旧值从此无效，看它能不能自己换新。', 'What the server holds is void from now on. Does it recover by itself?'],
  ticketRule: ['再次索取 token 或 ticket 时', 'A second token or ticket'],
  ruleRenewed: ['原值续期', 'is the same one, renewed'],
  ruleReplaces: ['给新值，旧值作废', 'is new, and ends the old one'],
  ruleNote: ['没有公开资料说明真实的钉钉是哪一种。', 'No public source says which of the two DingTalk does.'],
  app: ['企业与服务窗', 'Enterprise and window'],
  corp: ['企业', 'Enterprise'],
  agent: ['服务窗', 'Window'],
  inTab: ['在浏览器标签页里打开这一页', 'Open the page in a browser tab'],
  resetTitle: ['从头开始', 'Start over'],
  reset: ['复位模拟器', 'Reset the simulator'],
  resetNote: ['时钟、故障、凭证、记录都回到最初。', 'Clock, faults, credentials and journal return to the first moment.'],
  suites: ['套件', 'Suites'],
  suitesIntro: [
    '服务商的套件：钉钉向它的回调推送 ticket 和授权，并检查答复。',
    'What a maker of apps sells: DingTalk pushes tickets and authorisations to its callback, and checks the answer.',
  ],
  suite: ['套件', 'Suite'],
  callback: ['回调地址', 'Callback URL'],
  save: ['保存', 'Save'],
  pushes: ['推送', 'Pushes'],
  pushCheck: ['检查回调', 'Check the callback'],
  pushTicket: ['新的 suite_ticket', 'A new suite_ticket'],
  pushRepeat: ['原样再推一次', 'The last one again'],
  pushNote: ['推送不会自己发生；旧的 suite_ticket 随新的作废。', 'Nothing is pushed unasked. A new ticket ends the one before it.'],
  customer: ['客户企业', 'Customer'],
  authorise: ['授权', 'Authorise'],
  changeAuth: ['变更授权', 'Change'],
  relieve: ['解除授权', 'Relieve'],
  customerOpen: ['放到手机上', 'Open on the phone'],
  suiteActive: ['已授权，已激活', 'authorised and activated'],
  suiteInactive: ['已授权，等待激活', 'authorised, not activated yet'],
  suiteNone: ['未授权', 'not authorised'],
  pushNone: ['还没有推送。', 'Nothing was pushed yet.'],
  pushRight: ['{0}：答复正确。', '{0}: the answer was right.'],
  done: ['好了：{0}', 'Done: {0}'],
};

let at = 0;
let platform = 'dingtalk';
const listeners = [];

/** Where the platforms are told apart, each has words of its own under one key. */
function wordsFor(key) {
  return platform === 'wecom' ? WECOM[key] ?? WORDS[key] : WORDS[key] ?? WECOM[key];
}

/** The words for `key`, with {0}, {1} … filled in; {0|call|calls} takes the first for one. */
export function t(key, ...values) {
  const words = wordsFor(key)?.[at] ?? key;
  const filled = words.replace(/\{(\d)\|(\w+)\|(\w+)\}/g, (_, index, one, many) => (values[index] === 1 ? one : many));
  return filled.replace(/\{(\d)\}/g, (_, index) => values[index]);
}

/** Of a pair [Chinese, English], the one that is shown. */
export function pick(pair) {
  return pair[at];
}

export function locale() {
  return at === 0 ? 'zh-CN' : 'en';
}

/** Runs now and whenever the language changes. */
export function inWords(write) {
  listeners.push(write);
  write();
}

function show() {
  document.documentElement.lang = locale();
  document.title = t('title');
  for (const one of document.querySelectorAll('[data-t]')) one.textContent = t(one.dataset.t);
  for (const one of document.querySelectorAll('[data-t-label]')) one.setAttribute('aria-label', t(one.dataset.tLabel));
  const button = document.getElementById('lang');
  button.textContent = at === 0 ? 'English' : '中文';
  button.lang = at === 0 ? 'en' : 'zh-CN';
  for (const write of listeners) write();
}

/** Another platform is spoken of from now on. */
export function speakOf(other) {
  platform = other;
  show();
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null; // A browser may refuse storage; the switch then lasts as long as the page.
  }
}

export function startWords(first) {
  platform = first;
  const wanted = new URLSearchParams(location.search).get('lang') ?? remembered() ?? navigator.language;
  at = wanted.toLowerCase().startsWith('zh') ? 0 : 1;
  show();
  document.getElementById('lang').onclick = () => {
    at = 1 - at;
    try {
      localStorage.setItem(REMEMBERED, locale());
    } catch {
      // As above.
    }
    show();
  };
}
