// The native side of a DingTalk client on Android, as the SDKs speak to it. It answers at once: what a phone's own talk with
// DingTalk takes is the same for every page, and would only bring the ratios nearer to 1.
(function () {
  var ANSWERS = {
    'runtime.permission.requestJsApis': {},
    'channel.permission.requestAuthCode': { code: 'code' + String(Math.random()).slice(2) },
  };
  function exec(onSuccess, onFail, plugin, action, params) {
    JSON.stringify(params);
    var answer = ANSWERS[plugin + '.' + action];
    setTimeout(function () {
      answer ? onSuccess(JSON.parse(JSON.stringify(answer))) : onFail({ errorCode: 1, errorMessage: 'no such API' });
    });
  }
  window.nuva = { isReady: true, require: function () { return exec; } };
})();
