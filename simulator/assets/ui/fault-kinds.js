// The faults on offer. Each says which endpoints it suits and what it asks of the simulator.

import { kindOf as callKind } from './protocol.js';

const isNative = (endpoint) => endpoint.startsWith('native/');
const isQyapi = (endpoint) => endpoint.startsWith('/cgi-bin/');
const isLink = (endpoint) => callKind(endpoint) === 'link';
const isOapi = (endpoint) => !isNative(endpoint) && !isQyapi(endpoint) && !isLink(endpoint);
const isHost = (endpoint) => !isNative(endpoint);
/** The new host has no errcode. */
const isNew = (endpoint) => endpoint.startsWith('/v1.0/');
const isOld = (endpoint) => isOapi(endpoint) && !isNew(endpoint);
const isOneOf = (...endpoints) => (endpoint) => endpoints.includes(endpoint);
const wecom = (errcode, words, suits = isQyapi) => ({
  id: `wecom${errcode}`,
  words: words.map((one) => `${one} ${errcode}`),
  suits,
  make: () => ({ errcode }),
});
const reply = (body, more) => ({ reply: { body, ...more } });

function deadToken(endpoint) {
  const [errcode, errmsg] = [40014, '不合法的access_token'];
  if (!endpoint.startsWith('/topapi/')) return reply({ errcode, errmsg });
  const wrapped = { sub_code: String(errcode), sub_msg: errmsg, errmsg: `ding talk error[subcode=${errcode},submsg=${errmsg}]` };
  return reply({ errcode: 88, ...wrapped, request_id: 'fault' });
}

const REFUSED = 'Code:52013 - Message:签名校验失败,nonce:[],timestamp:[],url:[],ticketList:[****]';
const PAGE = '<!doctype html><title>502</title><h1>502 Bad Gateway</h1>';

export const KINDS = [
  wecom(-1, ['系统繁忙', 'Busy,']),
  wecom(40029, ['code 不认', 'Code refused,'], isOneOf('/cgi-bin/auth/getuserinfo')),
  wecom(42001, ['token 过期', 'Token expired,'], isOneOf('/cgi-bin/auth/getuserinfo', '/cgi-bin/user/get')),
  wecom(40001, ['secret 不对', 'Secret wrong,'], isOneOf('/cgi-bin/gettoken')),
  wecom(60020, ['IP 不可信', 'Address not trusted,']),
  wecom(45009, ['封禁 IP', 'Address banned,']),
  wecom(50001, ['域名不可信', 'Domain not trusted,'], isOneOf('/cgi-bin/auth/getuserinfo')),
  wecom(48002, ['没有接口权限', 'Endpoint forbidden,']),
  { id: 'nothing', words: ['404，没有内容', '404 and no body'], suits: isQyapi, make: () => reply('', { status: 404 }) },
  { id: 'busy', words: ['系统繁忙 -1', 'Busy, -1'], suits: isOld, make: () => reply({ errcode: -1, errmsg: '系统繁忙' }) },
  {
    id: 'throttled',
    words: ['限流 90018', 'Throttled, 90018'],
    suits: isOld,
    make: () => reply({ errcode: 90018, errmsg: '应用调用该接口的频率超过限制' }),
  },
  { id: 'dead', words: ['token 失效 40014', 'Token dead, 40014'], suits: isOld, make: deadToken },
  {
    id: 'unauthenticated',
    words: ['token 失效 InvalidAuthentication', 'Token dead, InvalidAuthentication'],
    suits: isOneOf('/v1.0/oauth2/jsapiTickets'),
    make: () => reply({ code: 'InvalidAuthentication', message: '不合法的access_token' }, { status: 400 }),
  },
  {
    id: 'code',
    words: ['免登码不认 40078', 'Code unknown, 40078'],
    suits: isOneOf('/channel/user/get_by_code', '/topapi/v2/user/getuserinfo'),
    make: () => reply({ errcode: 40078, errmsg: '不存在的临时授权码' }),
  },
  {
    id: 'html',
    words: ['返回 HTML 网页', 'An HTML page'],
    suits: isHost,
    make: () => reply(PAGE, { status: 502, contentType: 'text/html' }),
  },
  {
    id: 'banned',
    words: ['封禁 IP 1111', 'IP banned, 1111'],
    hint: [
      '钉钉封禁一次是 5 分钟，谨慎的服务器这期间不再调用；快进模拟时钟帮不了它。',
      'A ban lasts 5 minutes, in which a careful server makes no call. Advancing the simulated clock does not help it.',
    ],
    suits: isOapi,
    make: () => reply({ status: 1111, wait: 5, source: 'x5', punish: 'deny', uuid: 'fault' }),
  },
  {
    id: 'refused',
    words: ['dd.config 被拒 52013', 'dd.config refused, 52013'],
    suits: isOneOf('native/requestJsApis'),
    make: () => reply({ errorCode: 3, errorMessage: REFUSED }),
  },
  {
    id: 'cancelled',
    words: ['用户取消 -1', 'Cancelled by the person, -1'],
    suits: isOneOf('native/requestAuthCode'),
    make: () => reply({ errorCode: -1, errorMessage: 'cancelled' }),
  },
  { id: 'silence', words: ['一直沉默', 'Silence for ever'], suits: isNative, make: () => ({ drop: true }) },
  { id: 'slow', words: ['慢 3 秒', '3 seconds late'], suits: () => true, make: () => ({ delayMs: 3000 }) },
  { id: 'drop', words: ['连接断开', 'Connection dropped'], suits: isHost, make: () => ({ drop: true }) },
  {
    id: 'lost',
    words: ['办完事才断开', 'Dropped after the work was done'],
    suits: isHost,
    make: () => ({ drop: true, after: true }),
  },
];

/** JSON with its keys in order, so that equal values are equal texts. */
function canonical(value) {
  const inOrder = (_, one) => (one?.constructor === Object ? Object.fromEntries(Object.entries(one).sort()) : one);
  return JSON.stringify(value, inOrder);
}

/** The kind that a pending fault was made from, from any listener. */
export function kindOf(fault) {
  // A code is put into words by the simulator, which the fault then has beside it.
  const said = (one) => one.errcode ?? one.reply?.body ?? null;
  const shape = (one) => canonical([said(one), one.drop ?? false, one.delayMs ?? 0, one.after ?? false]);
  return KINDS.find((kind) => kind.suits(fault.endpoint) && shape(kind.make(fault.endpoint)) === shape(fault));
}
