// WeCom's protocol in plain words: what each call is for, and what the codes say. [Chinese, English]

/** `short` stands in the row, `long` among the details. */
export const ENDPOINTS = {
  '/connect/oauth2/authorize': {
    short: ['打开授权链接：静默得到 code，跳回回调。', 'The authorize link: a code, silently, and back.'],
    long: [
      '客户端打开授权链接。第一次没有身份，客户端看到 #wechat_redirect 才带上身份再问一次，得到跳回回调的 302。链接的可信域名、agentid、state 都在这里核对。',
      'The client opens the authorize link. The first request has no identity; because of #wechat_redirect the client asks once more with one, and is sent to the callback. Trusted domain, agentid and state are verified here.',
    ],
  },
  '/wwlogin/sso/login': {
    short: ['网页登录：普通浏览器里扫码或拒绝。', 'The web login: an ordinary browser’s QR code.'],
    long: [
      '普通浏览器的登录页：成员用企业微信扫码，或者拒绝；拒绝时回调只有 state，没有 code。',
      'Where ordinary browsers log in: a member scans the code with WeCom, or declines. Then the callback gets a state and no code.',
    ],
  },
  '/cgi-bin/gettoken': {
    short: ['用应用的 secret 换 token，两小时内反复用。', 'The application’s token, used for two hours.'],
    long: [
      '服务器用 corpid 和应用的 secret 换 access_token，每个应用各有一份。失败太多次会封禁 IP 一小时（45009）。',
      'The server buys the application’s access_token with corpid and secret; each application has its own. Too many refused fetches ban the address for an hour (45009).',
    ],
  },
  '/cgi-bin/auth/getuserinfo': {
    short: ['用 code 换身份：登录就在这一步。', 'The login itself: a code in, an identity out.'],
    long: [
      '服务器用 code 换身份：成员得到 userid，不论是否在可见范围；其他人得到 openid，客户还有 external_userid。code 只能用一次，5 分钟有效。',
      'The server trades the code for an identity: a userid for members, whether or not they are in the visible range, an openid for everybody else, with an external_userid for customers. One use, five minutes.',
    ],
  },
  '/cgi-bin/user/get': {
    short: ['成员是否在应用的可见范围内？', 'Is this member in the visible range?'],
    long: [
      '取成员的名字。能取到就说明在应用的可见范围内；范围外是 60011 或 60111。OAuth 本身不检查范围。',
      'A member’s name, and by the way whether the member is in the application’s visible range: outside it this is 60011 or 60111. OAuth alone does not look.',
    ],
  },
};

/** The same link once more. */
export const IDENTIFIED = {
  short: ['客户端带上身份再问一次，跳回回调。', 'The client’s identity, and back to the callback.'],
  long: [
    '客户端看到 #wechat_redirect，带上身份（uin、key、pass_ticket）再请求同一个链接，得到带 code 和 state 的 302，跳回回调。',
    'Because of #wechat_redirect the client asks for the link once more with an identity (uin, key, pass_ticket), and is sent to the callback with code and state.',
  ],
};

/** What a first login calls, in this order. */
export const FIRST_LOGIN = ['/connect/oauth2/authorize', '/cgi-bin/gettoken', '/cgi-bin/auth/getuserinfo'];

/** The endpoints whose answers a server keeps. */
export const KEPT = ['/cgi-bin/gettoken'];

/** Numbers that DingTalk has too may mean something else there. */
export const CODES = {
  '-1': ['系统繁忙。', 'The system is busy.'],
  40001: ['secret 不对，或应用被停用。', 'The secret is wrong, or the application was stopped.'],
  40013: ['没有这个企业。', 'There is no such corporation.'],
  40014: ['token 无效：拼错、已失效，或是另一种 token。', 'The token is void: misspelt, dead, or of another family.'],
  40029: ['code 不对：用过了、过期了，或属于别的应用。', 'The code will not do: used, expired, or another application’s.'],
  40078: ['code 用过了。', 'The code was used.'],
  40163: ['code 用过了。', 'The code was used.'],
  41001: ['没有带 token。', 'The token is missing.'],
  41002: ['没有带 corpid。', 'The corpid is missing.'],
  41004: ['没有带 secret。', 'The secret is missing.'],
  41008: ['没有带 code。', 'The code is missing.'],
  41009: ['没有带 userid。', 'The userid is missing.'],
  42001: ['token 过期了。', 'The token has expired.'],
  42003: ['code 过期了。', 'The code has expired.'],
  42022: ['code 用过了。', 'The code was used.'],
  43001: ['这个接口要用 GET。', 'This endpoint wants a GET.'],
  45009: ['调用超限，IP 被封禁，最长一小时。', 'Too many calls: the address is banned, for an hour at most.'],
  45033: ['并发调用太多。', 'Too many calls at once.'],
  48002: ['应用没有这个接口的权限。', 'The application may not use this endpoint.'],
  50001: ['回调的域名不是这个应用的可信域名。', 'The callback’s domain is not trusted by the application of this token.'],
  50002: ['成员不在范围内。', 'The member is not in scope.'],
  50003: ['应用被停用。', 'The application is disabled.'],
  60011: ['没有权限：成员不在应用的可见范围内。', 'No right on the member, who is outside the visible range.'],
  60020: ['服务器的 IP 不在可信 IP 里。', 'The server’s address is not among the trusted ones.'],
  60111: ['没有这个成员。', 'There is no such member.'],
  301002: ['没有这个应用的权限。', 'No right on this application.'],
  301007: ['企业不可用。', 'The corporation is unavailable.'],
  'domain_err redirect_uri': ['回调的域名不是可信域名。', 'The callback’s domain is not a trusted one.'],
  open_in_client: ['普通浏览器：要在企业微信或微信里打开。', 'An ordinary browser: to be opened in WeCom or WeChat.'],
  out_of_range: ['成员不在应用的可见范围内。', 'The member is outside the visible range.'],
  not_a_member: ['不是成员，不能用网页登录。', 'Not a member, so there is no web login.'],
};

/** What is said of a link whose parameter is wrong. */
export const WRONG_LINK = ['授权链接的参数不对。', 'A parameter of the link is wrong.'];
