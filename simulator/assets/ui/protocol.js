// The protocol in plain words: what each call is for, and what the codes say. [Chinese, English]

import * as wecom from './wecom-protocol.js';

/** `short` stands in the row, `long` among the details. */
const DINGTALK = {
  'native/requestJsApis': {
    short: ['dd.config：核对页面的签名，通过才能用 JSAPI。', 'dd.config: is the page’s signature right?'],
    long: [
      '手机把页面给 dd.config 的参数和它自己看到的地址交给钉钉，钉钉用 ticket 重算签名；一致才允许调用 JSAPI。',
      'The phone hands DingTalk what the page gave to dd.config and the address that it sees itself. DingTalk signs them with the ticket, and only if the two signatures agree may the page use the JSAPI.',
    ],
  },
  'native/requestAuthCode': {
    short: ['要一个免登码：5 分钟有效，只能用一次。', 'A login code: five minutes, one use.'],
    long: [
      '页面向手机要免登码。它只说明「这部手机上的人」，要由服务器去换身份，所以截获了也登录不了别人。',
      'The page asks the phone for a login code. It stands for whoever holds the phone, and only the server can trade it for an identity.',
    ],
  },
  '/channel/get_channel_token': {
    short: ['用 ChannelSecret 换 token，两小时内反复用。', 'The window’s token, used for two hours.'],
    long: [
      '服务器用 corpId 和 ChannelSecret 换服务窗的 access_token。它被记住，所以第二次登录没有这一步。',
      'The server buys the window’s access_token with corpId and ChannelSecret. It is kept, so the second login does without this call.',
    ],
  },
  '/channel/get_channel_jsapi_ticket': {
    short: ['取 ticket，给页面签名用；它从不离开服务器。', 'The ticket that pages are signed with.'],
    long: [
      '服务器用 token 取 jsapi_ticket，和随机串、时间、页面地址一起算出签名；页面只拿到签名。',
      'With the token the server fetches the jsapi_ticket, and signs nonce, time and the page’s address with it. The page gets the signature, never the ticket.',
    ],
  },
  '/channel/user/get_by_code': {
    short: ['用免登码换 openid 和 unionid：登录就在这一步。', 'The login itself: a code in, an openid out.'],
    long: [
      '服务器用免登码换到这个人在服务窗里的 openid（多半还有 unionid）。到这里已经知道是谁了。',
      'The server trades the code for this person’s openid in the window, and mostly the unionid. From here on it knows who it is.',
    ],
  },
  '/channel/user/get_by_openid': {
    short: ['按 openid 取昵称、头像、是否还关注。', 'Nickname, portrait, and still following?'],
    long: ['按 openid 取昵称、头像，以及是否还在关注。', 'Nickname, portrait, and whether this openid still follows the window.'],
  },
  '/channel/user/list': {
    short: ['分页列出服务窗的关注者。', 'The window’s followers, page by page.'],
    long: ['分页列出服务窗的关注者，一页最多 100 人。', 'The window’s followers, at most 100 on a page.'],
  },
  '/gettoken': {
    short: ['用 CorpSecret 换通讯录的 token，两种互不通用。', 'The directory’s token: a family of its own.'],
    long: [
      '服务器用 CorpSecret 换企业通讯录的 access_token。它和服务窗的 token 名字一样，但互不通用。',
      'The server buys the directory’s access_token with the CorpSecret. It has the same name as the window’s token, and neither opens what the other does.',
    ],
  },
  '/get_jsapi_ticket': {
    short: ['取微应用的 ticket（旧接口）。', 'A micro-app’s ticket. (old)'],
    long: [
      '旧接口：用企业或应用的 token 取 jsapi_ticket，给微应用的页面签名。它和服务窗的 ticket 不通用。',
      'The old spelling: with the enterprise’s or app’s token, the ticket that a micro-app’s pages are signed with. A service window’s ticket is another one.',
    ],
  },
  '/user/getUseridByUnionid': {
    short: ['在通讯录里找这个 unionid（旧接口）。', 'Who is this in the directory? (old)'],
    long: ['旧接口：在企业通讯录里按 unionid 找 userid。', 'The old spelling: from the unionid to the userid in the directory.'],
  },
  '/topapi/user/getbyunionid': {
    short: ['在通讯录里找这个 unionid，找到就有 userid。', 'Who is this in the directory?'],
    long: [
      '在企业通讯录里按 unionid 找 userid：员工和外部联系人有，路人没有（60121），登录照样成功。',
      'From the unionid to the userid in the directory. Employees and external contacts have one; a stranger has none (60121) and is logged in all the same.',
    ],
  },
  '/v1.0/oauth2/accessToken': {
    short: ['用 clientId 和 clientSecret 换应用的 token。', 'The application’s token.'],
    long: [
      '今天的服务窗是虚拟组织里的 H5 应用：服务器用 clientId 和 clientSecret 换 accessToken，两小时内反复用。',
      'Today’s window is an H5 app in an organisation of its own. The server buys its token with clientId and clientSecret and uses it for two hours.',
    ],
  },
  '/v1.0/oauth2/jsapiTickets': {
    short: ['取 ticket，给需要签名的页面用。', 'The ticket that pages are signed with.'],
    long: [
      '服务器取 jsapiTicket。免登本身不需要签名，页面要用别的 JSAPI 时才需要。',
      'The server fetches the jsapiTicket. Logging in needs no signature here; other APIs do.',
    ],
  },
  '/service/get_suite_token': {
    short: ['用套件的密钥和最新 suite_ticket 换套件 token。', 'The suite’s own token, for key, secret and ticket.'],
    long: [
      '套件用 suite_key、suite_secret 和最近一次推送的 suite_ticket 换 suite_access_token；它只用来换各授权企业的 token。',
      'For its key, its secret and the ticket that was pushed last, the suite gets the token with which it buys those of its customers.',
    ],
  },
  '/service/get_permanent_code': {
    short: ['用临时授权码换永久授权码，只能换一次。', 'A permanent code for a temporary one, once.'],
    long: [
      '企业授权后，服务商用推送来的临时授权码换永久授权码；套件里有服务窗时还有 ch_permanent_code。临时码换过就不存在了（40078）。',
      'After an enterprise has authorised the suite, the temporary code that was pushed is traded for permanent ones; ch_permanent_code where the suite has a service window. The temporary code is then gone (40078).',
    ],
  },
  '/service/activate_suite': {
    short: ['激活授权：之后企业里的应用才能用。', 'From here on the customer’s apps work.'],
    long: [
      '服务商拿到永久授权码后激活套件。没有激活时，页面的 dd.config 和免登码都会被拒绝。',
      'With the permanent code in hand the suite is activated for this enterprise. Before that, dd.config and login codes are refused.',
    ],
  },
  '/service/get_auth_info': {
    short: ['企业授权了哪些应用：服务窗还是微应用。', 'Which apps were authorised: windows, micro-apps.'],
    long: [
      '列出企业授权的应用：auth_info 里是微应用，channel_auth_info 里是服务窗。agentid 属于哪一边，决定用哪种登录。',
      'What the enterprise authorised: micro-apps in auth_info, service windows in channel_auth_info. Where an agentid stands decides how its pages log in.',
    ],
  },
  '/service/get_corp_token': {
    short: ['换授权企业的 token，每次都是新的。', 'A customer’s token: a new one each time.'],
    long: [
      '服务商用套件 token 和永久授权码（或签名）换授权企业的 access_token，用于通讯录和微应用。每次调用都给新的。',
      'For the suite’s token and the permanent code, or for a signature, the token of the customer’s directory and micro-apps. Each call makes a new one.',
    ],
  },
  '/service/get_channel_corp_token': {
    short: ['换授权企业服务窗的 token。', 'The token of a customer’s service window.'],
    long: [
      '服务商用套件 token 和 ch_permanent_code 换授权企业服务窗的 token，之后的登录和自建服务窗一样。',
      'For the suite’s token and ch_permanent_code, the token of the customer’s window. What follows is as with a window of one’s own.',
    ],
  },
  '/v1.0/oauth2/corpAccessToken': {
    short: ['换授权企业的 token（新接口），每次都是新的。', 'A customer’s token, from the new host.'],
    long: [
      '新接口：用套件的密钥和最新 suiteTicket 换授权企业的 accessToken，不需要永久授权码。',
      'The new spelling: for the suite’s key, secret and newest ticket, the customer’s token, without a permanent code.',
    ],
  },
  '/topapi/v2/user/getuserinfo': {
    short: ['用免登码换 userid 和 unionid：登录就在这一步。', 'The login itself: a code in, a userid out.'],
    long: [
      'H5 应用的登录：服务器用免登码换到这个人在虚拟组织里的 userid，以及 unionid 和名字。',
      'The login of an H5 app: the server trades the code for the person’s userid in the window’s organisation, the unionid and the name.',
    ],
  },
};

/** What DingTalk pushes to a suite’s callback. */
const PUSHES = {
  'push/check_create_suite_url': {
    short: ['检查新套件的回调地址：答 Random。', 'Does the new callback answer? With Random.'],
    long: [
      '创建套件时钉钉检查回调地址。这时还没有 suite_key，所以接收者是 TestSuiteKey；答复须是加密的 Random。',
      'When a suite is created, DingTalk checks its callback. There is no suite key yet, so the receiver is a TestSuiteKey; the answer is Random, sealed.',
    ],
  },
  'push/check_update_suite_url': {
    short: ['检查改过的回调地址：答 Random。', 'Does the changed callback answer? With Random.'],
    long: ['改回调地址时钉钉再检查一次；答复须是加密的 Random。', 'When the callback is changed, DingTalk checks it again; the answer is Random, sealed.'],
  },
  'push/suite_ticket': {
    short: ['推送 suite_ticket：只有最新的有效。', 'The suite’s ticket; only the newest counts.'],
    long: ['钉钉大约每 5 小时推送一次 suite_ticket，只有最新的能换套件 token。', 'About every five hours DingTalk pushes a ticket; only the newest buys the suite’s token.'],
  },
  'push/tmp_auth_code': {
    short: ['有企业授权了：送来临时授权码。', 'An enterprise authorised the suite.'],
    long: ['企业管理员授权了套件。推送里的临时授权码只能换一次永久授权码；同一条推送可能来三次。', 'An administrator authorised the suite. The temporary code in it is good for one trade; the same push may come three times.'],
  },
  'push/change_auth': {
    short: ['企业改了授权范围，要重新取授权信息。', 'What the enterprise authorised has changed.'],
    long: ['企业改了授权的应用或范围；服务商应重新调用 get_auth_info。', 'The enterprise changed what it authorised; get_auth_info tells how.'],
  },
  'push/suite_relieve': {
    short: ['企业解除授权：码、token、登录都应作废。', 'The enterprise took its authorisation back.'],
    long: ['企业解除了授权。永久授权码和 token 已经失效，服务商应忘掉它们，并结束这家企业的登录。', 'The authorisation is over. Permanent codes and tokens are dead; the suite’s server has to forget them and to end this enterprise’s logins.'],
  },
};

/** What a first login calls, in this order. */
const FIRST_LOGIN = [
  '/channel/get_channel_token',
  '/channel/get_channel_jsapi_ticket',
  'native/requestJsApis',
  'native/requestAuthCode',
  '/channel/user/get_by_code',
  '/gettoken',
  '/topapi/user/getbyunionid',
];

export const FIRST_LOGINS = { dingtalk: FIRST_LOGIN, wecom: wecom.FIRST_LOGIN };

export const ENDPOINTS = { ...DINGTALK, ...wecom.ENDPOINTS };

/** Whose call this is and to whom, as the journal's `kind` has it. */
export function kindOf(endpoint) {
  if (endpoint.startsWith('native/')) return 'native';
  if (endpoint.startsWith('/cgi-bin/')) return 'qyapi';
  return endpoint in wecom.ENDPOINTS ? 'link' : 'oapi';
}

const NONE = ['钉钉没有这个接口。', 'DingTalk has no such endpoint.'];
const UNKNOWN = { short: NONE, long: NONE };
const PUSHED = ['钉钉向套件推送的事件。', 'An event that DingTalk pushes to the suite.'];
const OTHER_PUSH = { short: PUSHED, long: PUSHED };

/** What a call is for, whether or not DingTalk has such an endpoint. */
export function explained({ endpoint, kind, params }) {
  if (kind === 'link' && params.uin) return wecom.IDENTIFIED;
  const fallback = endpoint.startsWith('push/') ? OTHER_PUSH : UNKNOWN;
  return ENDPOINTS[endpoint] ?? PUSHES[endpoint] ?? fallback;
}

/** The endpoints whose answers a server keeps, so that it does not ask again for a while. */
export const KEPT = [
  '/channel/get_channel_token',
  '/channel/get_channel_jsapi_ticket',
  '/gettoken',
  '/v1.0/oauth2/accessToken',
  '/v1.0/oauth2/jsapiTickets',
  '/get_jsapi_ticket',
  '/service/get_suite_token',
  '/service/get_corp_token',
  '/service/get_channel_corp_token',
  '/v1.0/oauth2/corpAccessToken',
  ...wecom.KEPT,
];

const CODES = {
  '-1': ['系统繁忙，可以稍后重试。', 'Busy; worth another try.'],
  7: ['页面还没有通过 dd.config。', 'dd.config has not been accepted for this page.'],
  22: ['没有这个接口。', 'No such API.'],
  88: ['token 被拒绝，原因在子码里。', 'The token was refused; the sub code says why.'],
  404: ['没有这个地址。', 'No such address.'],
  1002: ['客户端的服务器拒绝了。', 'The client’s own server refused.'],
  1111: ['服务器的 IP 被封禁 5 分钟。', 'The server’s address is banned for five minutes.'],
  40001: ['Secret 不对。', 'The secret is wrong.'],
  40013: ['没有这个企业。', 'There is no such enterprise.'],
  40014: ['token 无效：拼错、已被吊销，或是另一种 token。', 'The token is void: misspelt, revoked, or of the other family.'],
  40035: ['参数缺失或不合法。', 'A parameter is missing or not valid.'],
  40073: ['这个人没有关注服务窗。', 'This person does not follow the window.'],
  40078: ['免登码不存在：用过了、过期了，或属于别的企业。', 'No such code: used, expired, or another enterprise’s.'],
  40080: ['套件 secret 不对。', 'The suite’s secret is wrong.'],
  40082: ['套件 token 无效：拼错、已失效，或是另一种 token。', 'The suite’s token is void: misspelt, dead, or of another family.'],
  40083: ['没有这个套件，或 token 属于别的套件。', 'There is no such suite, or the token is another one’s.'],
  40084: ['永久授权码不对。', 'The permanent code is wrong.'],
  40085: ['suite_ticket 不是最新推送的那个。', 'This is not the suite ticket that was pushed last.'],
  40089: ['corpId 与 CorpSecret 不匹配。', 'corpId and CorpSecret do not match.'],
  40096: ['appKey 与 appSecret 不匹配。', 'appKey and appSecret do not match.'],
  41001: ['没有带 token。', 'The token is missing.'],
  41030: ['企业没有授权这个套件，或已解除。', 'The enterprise has not authorised the suite, or no longer.'],
  41031: ['永久授权码是别的企业的。', 'The permanent code is another enterprise’s.'],
  42001: ['token 过期了。', 'The token has expired.'],
  42009: ['套件 token 过期了。', 'The suite’s token has expired.'],
  52010: ['corpId 不对。', 'The corpId is wrong.'],
  52011: ['ticket 失效了，签名无从核对。', 'The ticket is dead, so nothing can be verified.'],
  52013: ['签名核对不上：ticket、随机串、时间或地址有一样不同。', 'The signature differs: ticket, nonce, time or address.'],
  52020: ['没有服务窗的授权。', 'The service window is not authorised.'],
  52021: ['微应用没有授权，或套件没有激活。', 'The micro-app is not authorised, or its suite not activated.'],
  52023: ['企业停用了这个服务窗。', 'The enterprise has stopped this service window.'],
  52022: ['没有这种 type。', 'There is no such type.'],
  52019: ['agentId 不对，或 type 不是 1。', 'The agentId is wrong, or type is not 1.'],
  wrongAnswer: ['回调的答复不对；控制接口的 problem 说明原因。', 'The callback’s answer was wrong; problem in the control’s answer says why.'],
  noAnswer: ['回调没有回答。', 'The callback did not answer.'],
  60121: ['通讯录里没有这个人；路人就是这样，登录照样成功。', 'Nobody in the directory. So it is with strangers; they log in all the same.'],
  90018: ['调用太频繁，被限流了。', 'Too many calls; throttled.'],
};

/** The platforms' numbers collide, so the kind of call says whose they are. */
export function meaning(code, kind) {
  if (kind !== 'qyapi' && kind !== 'link') return CODES[code] ?? null;
  return wecom.CODES[code] ?? (kind === 'link' ? wecom.WRONG_LINK : null);
}
