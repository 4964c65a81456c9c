// The protocol in plain words: what each call is for, and what the codes say. [Chinese, English]

/** `short` stands in the row, `long` among the details. */
export const ENDPOINTS = {
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
  '/topapi/v2/user/getuserinfo': {
    short: ['用免登码换 userid 和 unionid：登录就在这一步。', 'The login itself: a code in, a userid out.'],
    long: [
      'H5 应用的登录：服务器用免登码换到这个人在虚拟组织里的 userid，以及 unionid 和名字。',
      'The login of an H5 app: the server trades the code for the person’s userid in the window’s organisation, the unionid and the name.',
    ],
  },
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

const NONE = ['钉钉没有这个接口。', 'DingTalk has no such endpoint.'];
export const UNKNOWN = { short: NONE, long: NONE };

/** The endpoints whose answers a server keeps, so that it does not ask again for a while. */
export const KEPT = [
  '/channel/get_channel_token',
  '/channel/get_channel_jsapi_ticket',
  '/gettoken',
  '/v1.0/oauth2/accessToken',
  '/v1.0/oauth2/jsapiTickets',
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
  40089: ['corpId 与 CorpSecret 不匹配。', 'corpId and CorpSecret do not match.'],
  40096: ['appKey 与 appSecret 不匹配。', 'appKey and appSecret do not match.'],
  41001: ['没有带 token。', 'The token is missing.'],
  42001: ['token 过期了。', 'The token has expired.'],
  52010: ['corpId 不对。', 'The corpId is wrong.'],
  52011: ['ticket 失效了，签名无从核对。', 'The ticket is dead, so nothing can be verified.'],
  52013: ['签名核对不上：ticket、随机串、时间或地址有一样不同。', 'The signature differs: ticket, nonce, time or address.'],
  52020: ['没有服务窗的授权。', 'The service window is not authorised.'],
  52022: ['没有这种 type。', 'There is no such type.'],
  52019: ['agentId 不对，或 type 不是 1。', 'The agentId is wrong, or type is not 1.'],
  60121: ['通讯录里没有这个人；路人就是这样，登录照样成功。', 'Nobody in the directory. So it is with strangers; they log in all the same.'],
  90018: ['调用太频繁，被限流了。', 'Too many calls; throttled.'],
};

export function meaning(code) {
  return CODES[code] ?? null;
}
