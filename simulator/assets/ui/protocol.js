// The protocol in plain words: what each call is for, and what the codes say. [Chinese, English]

export const ENDPOINTS = {
  'native/requestJsApis': [
    'dd.config：核对页面的签名，通过才能用 JSAPI。',
    'dd.config: the page’s signature is checked before it may use the JSAPI.',
  ],
  'native/requestAuthCode': [
    '要一个免登码：5 分钟有效，只能用一次。',
    'The page asks the phone for a login code: five minutes, one use.',
  ],
  '/channel/get_channel_token': [
    '用 ChannelSecret 换 token，两小时内反复用。',
    'The server buys the window’s token with the ChannelSecret and uses it for two hours.',
  ],
  '/channel/get_channel_jsapi_ticket': [
    '取 ticket，给页面签名用；它从不离开服务器。',
    'Fetches the ticket that pages are signed with. It never leaves the server.',
  ],
  '/channel/user/get_by_code': [
    '用免登码换 openid 和 unionid：登录就在这一步。',
    'Trades the login code for an identity: openid and unionid. This is the login itself.',
  ],
  '/channel/user/get_by_openid': [
    '按 openid 取昵称、头像、是否还关注。',
    'Nickname, portrait, and whether this openid still follows.',
  ],
  '/channel/user/list': ['分页列出服务窗的关注者。', 'Lists the window’s followers, page by page.'],
  '/gettoken': [
    '用 CorpSecret 换通讯录的 token，两种互不通用。',
    'Buys the directory’s token with the CorpSecret. It is never interchangeable with the window’s.',
  ],
  '/user/getUseridByUnionid': [
    '在通讯录里找这个 unionid（旧接口）。',
    'Looks the unionid up in the directory, for the userid. The old spelling.',
  ],
  '/topapi/user/getbyunionid': [
    '在通讯录里找这个 unionid，找到就有 userid。',
    'Looks the unionid up in the directory: employees and external contacts have a userid.',
  ],
};

/** What a first login calls, in this order. */
export const FIRST_LOGIN = [
  '/channel/get_channel_token',
  '/channel/get_channel_jsapi_ticket',
  'native/requestJsApis',
  'native/requestAuthCode',
  '/channel/user/get_by_code',
  '/gettoken',
  '/topapi/user/getbyunionid',
];

export const UNKNOWN = ['钉钉没有这个接口。', 'DingTalk has no such endpoint.'];

/** The endpoints whose answers a server keeps, so that it does not ask again for a while. */
export const KEPT = ['/channel/get_channel_token', '/channel/get_channel_jsapi_ticket', '/gettoken'];

const CODES = {
  '-1': ['系统繁忙，可以稍后重试。', 'Busy; worth another try.'],
  7: ['页面还没有通过 dd.config。', 'dd.config has not been accepted for this page.'],
  22: ['没有这个接口。', 'No such API.'],
  88: ['token 被拒绝，原因在子码里。', 'The token was refused; the sub code says why.'],
  404: ['没有这个地址。', 'No such address.'],
  1002: ['客户端的服务器拒绝了。', 'The client’s own server refused.'],
  40001: ['Secret 不对。', 'The secret is wrong.'],
  40013: ['没有这个企业。', 'There is no such enterprise.'],
  40014: ['token 无效：拼错、已被吊销，或是另一种 token。', 'The token is void: misspelt, revoked, or of the other family.'],
  40035: ['参数缺失或不合法。', 'A parameter is missing or not valid.'],
  40073: ['这个人没有关注服务窗。', 'This person does not follow the window.'],
  40078: ['免登码不存在：用过了、过期了，或属于别的企业。', 'No such code: used, expired, or another enterprise’s.'],
  40089: ['corpId 与 CorpSecret 不匹配。', 'corpId and CorpSecret do not match.'],
  40096: ['appKey 与 appSecret 不匹配。', 'appKey and appSecret do not match.'],
  41001: ['没有带 token。', 'The token is missing.'],
  42001: ['token 过期了。', 'The token has expired.'],
  52010: ['corpId 不对。', 'The corpId is wrong.'],
  52011: ['ticket 失效了，签名无从核对。', 'The ticket is dead, so nothing can be verified.'],
  52013: ['签名核对不上：ticket、随机串、时间或地址有一样不同。', 'The signature differs: ticket, nonce, time or address.'],
  52019: ['agentId 不对，或 type 不是 1。', 'The agentId is wrong, or type is not 1.'],
  60121: ['通讯录里没有这个人；路人就是这样，登录照样成功。', 'Nobody in the directory. So it is with strangers; they log in all the same.'],
  90018: ['调用太频繁，被限流了。', 'Too many calls; throttled.'],
};

export function meaning(code) {
  return CODES[code] ?? null;
}
