// Which calls belong to one login. Nothing here touches the page.

/** Between two logins there is a person who looks and taps; within one there is no pause as long as this. */
export const PAUSE_MS = 2000;
/** A call without an answer after this long will hardly get one: servers and pages have given up by then. */
export const PATIENCE_MS = 15000;

/** The call that is the login itself, of a classic window, of today's and of WeCom. */
const IDENTITY = ['/channel/user/get_by_code', '/topapi/v2/user/getuserinfo', '/cgi-bin/auth/getuserinfo'];
/** What a page begins with. */
const CONFIG = 'native/requestJsApis';
/** Calls by the phone, and calls by the server. */
const BY_PHONE = ['native', 'link'];
const BY_SERVER = ['oapi', 'qyapi'];

/** A link is opened without an identity, which the client adds when it asks once more. */
function begins(call) {
  return call.endpoint === CONFIG || call.kind === 'push' || (call.kind === 'link' && !call.params.uin);
}

function endOf(call) {
  return call.atMs + (call.tookMs ?? 0);
}

function isDone(group) {
  return group.calls.some((call) => IDENTITY.includes(call.endpoint) && call.errcode === 0);
}

/**
 * Groups calls, which are in order. A login ends with a pause, with a page or a push that comes after it was done, or where the
 * phone opened the window anew: `openings` has the numbers of the last calls before that.
 */
export function logins(calls, openings) {
  const groups = [];
  for (const call of calls) {
    const group = groups.at(-1);
    const before = group?.calls.at(-1);
    const reopened = before && openings.some((seq) => before.seq <= seq && seq < call.seq);
    const another = group && begins(call) && isDone(group);
    if (!group || reopened || another || call.atMs - group.end > PAUSE_MS) {
      groups.push({ id: call.seq, start: call.atMs, end: endOf(call), calls: [call] });
    } else {
      group.calls.push(call);
      group.end = Math.max(group.end, endOf(call));
    }
  }
  return groups;
}

export function isWaiting(call, now) {
  // A dropped call has taken some time and has no status.
  return call.status === null && call.tookMs === null && now - call.atMs < PATIENCE_MS;
}

/** `ok`, `waiting`, `silent` (never answered) or `bad` (refused, or no answer of DingTalk's). */
export function outcome(call, now) {
  if (call.status === null) return isWaiting(call, now) ? 'waiting' : 'silent';
  if (call.errcode === null && call.kind === 'native') return 'silent';
  return call.errcode === 0 ? 'ok' : 'bad';
}

/** What a login comes to. */
export function total(group, now) {
  const { calls } = group;
  const of = (kind) => calls.filter((call) => outcome(call, now) === kind);
  const native = calls.filter((call) => BY_PHONE.includes(call.kind));
  const named = native.find((call) => call.params.person ?? call.params.uin);
  return {
    calls: calls.length,
    native: native.length,
    pushes: calls.filter((call) => call.kind === 'push').length,
    oapi: calls.filter((call) => BY_SERVER.includes(call.kind)).length,
    waiting: of('waiting').length > 0,
    silent: of('silent').length,
    bad: of('bad'),
    // A person whom the directory does not know is refused there, and logged in all the same.
    failed: of('bad').length + of('silent').length > 0 && !isDone(group),
    ms: (of('waiting').length ? Math.max(group.end, now) : group.end) - group.start,
    person: named?.params.person ?? named?.params.uin ?? null,
    wecom: calls.some((call) => call.kind === 'link' || call.kind === 'qyapi'),
    client: named?.params.client ?? named?.params.devicetype ?? null,
  };
}
