// The simulator's own JSAPI, for ordinary browsers. It behaves like dingtalk-jsapi 3.2.9 inside the client: config once,
// ready after it was accepted, error handlers at any time, callbacks and a promise. The judging is done by the simulator.
(function () {
  'use strict';

  var origin = new URL(document.currentScript.src).origin;
  // The phone names its iframe after the person who holds it and the client they use, "dingtalk-sim:<person>:<client>".
  // Without a client it is Android's; in a tab of its own the simulator's default person holds it.
  var mark = 'dingtalk-sim:';
  var named = window.name.indexOf(mark) === 0 ? window.name.slice(mark.length).split(':') : [];
  var person = named[0] || undefined;
  var client = ['ios', 'android', 'pc', 'browser'].indexOf(named[1]) < 0 ? 'android' : named[1];

  // A reload is a new page to the platform, which has to be configured again.
  var load = String(Math.random()).slice(2);
  // Android is reported to verify against the address the page was entered by, iOS against the present one.
  var navigation = performance.getEntriesByType('navigation')[0];
  var entry = (navigation && navigation.name) || location.href;

  var configured = null;
  var errorHandlers = [];
  var refusal = null;

  function failed(answer) {
    return 'errorCode' in answer && Number(answer.errorCode) !== 0;
  }

  // Codes are text on iOS and numbers elsewhere.
  function told(answer) {
    if (!failed(answer)) return answer;
    var code = client === 'ios' ? String(answer.errorCode) : Number(answer.errorCode);
    return Object.assign({}, answer, { errorCode: code });
  }

  function ask(call, body, answered) {
    var request = new XMLHttpRequest();
    request.open('POST', origin + '/_sim/native/' + call);
    // A "simple" content type, so that the browser sends no preflight which the real client would not send either.
    request.setRequestHeader('Content-Type', 'text/plain');
    request.onload = function () {
      var answer;
      try {
        answer = JSON.parse(request.responseText);
      } catch (broken) {
        answer = { errorCode: 2, errorMessage: 'dingtalk-simulator: HTTP ' + request.status };
      }
      if (!answer.silent) answered(told(answer));
    };
    request.onerror = function () {
      console.error('dingtalk-simulator: ' + origin + ' does not answer');
    };
    body.person = person;
    body.client = client;
    body.page = load;
    body.url = client === 'android' ? entry : location.href;
    request.send(JSON.stringify(body));
  }

  // What the official SDK says outside DingTalk.
  function elsewhere() {
    return new Error("[DINGTALK-JSAPI] ERROR 4040: Do not support the current environment：'notInDingTalk'");
  }

  function refuse(reason) {
    refusal = reason;
    errorHandlers.forEach(function (handler) {
      handler(reason);
    });
  }

  function config(params) {
    if (configured) return;
    configured = new Promise(function (accept, reject) {
      function no(reason) {
        refuse(reason);
        reject(reason);
      }
      if (client === 'browser') return setTimeout(no, 0, elsewhere());
      ask('requestJsApis', { params: params }, function (answer) {
        if (failed(answer)) no(answer);
        else accept();
      });
    });
    // A refusal is told through dd.error; only a page that also waits for ready sees it as a rejection, as with 3.2.9.
    configured.catch(function () {});
  }

  function ready(handler) {
    if (client === 'browser') return;
    (configured || Promise.resolve()).then(function () {
      handler();
    });
  }

  function error(handler) {
    errorHandlers.push(handler);
    if (refusal) {
      setTimeout(function () {
        handler(refusal);
      });
    }
  }

  // Where the API does not exist the promise is rejected and onFail is not called; both as recorded of 3.2.9.
  function missing(api) {
    if (client === 'browser') return elsewhere();
    if (client !== 'pc' || api.indexOf('channel.') !== 0) return null;
    var words = "' do not support the current platform ('pc')";
    return { errorCode: 4050, errorMessage: "[DINGTALK-JSAPI] ERROR 4050: '" + api + words };
  }

  function tell(params, answer) {
    // A cancel has a channel of its own on iOS alone.
    if (client === 'ios' && answer.errorCode === '-1') return params.onCancel && params.onCancel(answer);
    if (params.onFail) params.onFail(answer, answer.errorCode);
  }

  function requestAuthCode(namespace) {
    return function (params) {
      params = params || {};
      return new Promise(function (accept, reject) {
        var reason = missing(namespace + '.permission.requestAuthCode');
        if (reason) return reject(reason);
        var wanted = { namespace: namespace, corpId: params.corpId, clientId: params.clientId };
        ask('requestAuthCode', wanted, function (answer) {
          if (failed(answer)) {
            tell(params, answer);
            return reject(answer);
          }
          if (params.onSuccess) params.onSuccess(answer);
          accept(answer);
        });
      });
    };
  }

  var outside = client === 'browser';
  var dd = {
    config: config,
    ready: ready,
    error: error,
    version: outside ? undefined : '7.6.0',
    ios: client === 'ios',
    android: client === 'android',
    pc: client === 'pc',
    other: outside,
    env: {
      platform: outside ? 'notInDingTalk' : client,
      version: outside ? undefined : '7.6.0',
      isDingTalk: !outside,
    },
    channel: { permission: { requestAuthCode: requestAuthCode('channel') } },
    runtime: { permission: { requestAuthCode: requestAuthCode('runtime') } },
    requestAuthCode: requestAuthCode('runtime'),
  };
  window.__dd = dd;
  if (window.dd === undefined) window.dd = dd;
})();
