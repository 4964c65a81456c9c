// The login written by hand: the configuration is asked for at once, beside the SDK, and nothing waits for anything else.
(function () {
  'use strict';
  var query = new URLSearchParams(location.search);
  var corpId = query.get('corpid');
  var agentId = query.get('agentid');

  function json(response) {
    return response.json().then(function (body) {
      if (!response.ok) throw new Error(body.error.message);
      return body;
    });
  }

  var config = fetch('/api/config?corpid=' + encodeURIComponent(corpId) + '&agentid=' + encodeURIComponent(agentId) +
    '&url=' + encodeURIComponent(location.href.split('#')[0])).then(json);

  var sdk = new Promise(function (resolve, reject) {
    if (window.dd) return resolve();
    var script = document.getElementById('sdk');
    script.onload = resolve;
    script.onerror = reject;
  });

  function code(config) {
    return new Promise(function (resolve, reject) {
      dd.error(reject);
      dd.config({
        agentId: agentId, corpId: corpId, timeStamp: config.timeStamp, nonceStr: config.nonceStr,
        signature: config.signature, type: config.type, jsApiList: config.jsApiList
      });
      dd.ready(function () {
        dd.channel.permission.requestAuthCode({
          corpId: corpId,
          onSuccess: function (info) { resolve(info.code); },
          onFail: reject
        });
      });
    });
  }

  function login(code) {
    return fetch('/api/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ corpId: corpId, agentId: agentId, code: code })
    }).then(json);
  }

  function say(text) {
    document.getElementById('status').textContent = text;
  }

  Promise.all([config, sdk]).then(function (both) { return code(both[0]); }).then(login).then(
    function (answer) { say('你好，' + (answer.user.nick || answer.user.userId || answer.user.openId)); },
    function (error) { say('登录失败：' + (error.message || error.errorMessage)); }
  );
})();
