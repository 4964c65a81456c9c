// A script of the size of DingTalk's 1.5.1, which no registry has: 36,230 bytes, about 12 kB compressed. It speaks to the
// client as 1.5.1 does, and installs a catalogue of APIs, whose names are made up.

const BYTES = 36_230;
/** Of each name's letters so many are drawn by lot: what makes it compress as 1.5.1 does. */
const LETTERS = 82;

const SDK = `(function () {
  var config = {}, fail = function () {};
  var dd = window.dd = window.__dd = { sdk_version: '1.5.1', android: true };
  function exec(name, params, done, failed) {
    var dot = name.lastIndexOf('.');
    window.nuva.require()(done, failed, name.slice(0, dot), name.slice(dot + 1), params);
  }
  dd.config = function (given) { config = given; };
  dd.error = function (handler) { fail = handler; };
  dd.ready = function (callback) {
    var asked = {
      corpId: config.corpId, appId: config.appId || -1, timeStamp: config.timeStamp, nonceStr: config.nonceStr,
      signature: config.signature, jsApiList: config.jsApiList, type: config.type || -1, agentId: config.agentId
    };
    function run() {
      exec('runtime.permission.requestJsApis', asked, callback, function (error) {
        fail({ message: '权限校验失败 ' + error.errorMessage, errorCode: 3 });
      });
    }
    if (window.nuva && (window.nuva.isReady || window.nuva.isReady === undefined)) run();
    else document.addEventListener('runtimeready', run);
  };
  function install(api) {
    var branch = dd, path = api.namespace.split('.'), last = path.pop();
    path.forEach(function (part) { branch = branch[part] = branch[part] || {}; });
    branch[last] = function (params) {
      params = params || {};
      var done = params.onSuccess, failed = params.onFail;
      delete params.onSuccess; delete params.onFail; delete params.onCancel;
      if (config.corpId) params.corpId = config.corpId;
      exec(api.namespace, params, done, failed);
    };
  }
  install({ namespace: 'channel.permission.requestAuthCode' });
  [%CATALOGUE%].forEach(install);
})();
`;

export function ofTheSizeOf151() {
  let seed = 151;
  const letter = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return String.fromCharCode(97 + (seed >> 8) % 26);
  };
  const drawn = (count) => Array.from({ length: count }, letter).join('');
  let catalogue = '';
  for (;;) {
    const [family, name] = [drawn(3), drawn(LETTERS)];
    const more = `{namespace:"biz.${family}.${name}",name:"API of the catalogue",ios:"2.4.0",android:"2.4.0",release:!1},`;
    if (SDK.length + catalogue.length + more.length > BYTES) break;
    catalogue += more;
  }
  const source = SDK.replace('%CATALOGUE%', catalogue);
  return source + ' '.repeat(Math.max(0, BYTES - Buffer.byteLength(source)));
}
