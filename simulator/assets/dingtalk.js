// The simulator's own JSAPI, for ordinary browsers. It behaves like dingtalk-jsapi 3.2.9 inside the client: config once,
// ready after it was accepted, error handlers at any time, callbacks and a promise. The judging is done by the simulator.
(function () {
  'use strict';

  var origin = new URL(document.currentScript.src).origin;
  // The phone names its iframe after the person who holds it. In a tab of its own the simulator's default person does.
  var mark = 'dingtalk-sim:';
  var person = window.name.indexOf(mark) === 0 ? window.name.slice(mark.length) : undefined;
  // A reload is a new page to the platform, which has to be configured again.
  var load = String(Math.random()).slice(2);

  var configured = null;
  var errorHandlers = [];
  var refusal = null;

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
      if (!answer.silent) answered(answer);
    };
    request.onerror = function () {
      console.error('dingtalk-simulator: ' + origin + ' does not answer');
    };
    body.person = person;
    body.page = load;
    body.url = location.href;
    request.send(JSON.stringify(body));
  }

  function config(params) {
    if (configured) return;
    configured = new Promise(function (accept, reject) {
      ask('requestJsApis', { params: params }, function (answer) {
        if (!('errorCode' in answer) || Number(answer.errorCode) === 0) return accept();
        refusal = answer;
        errorHandlers.forEach(function (handler) {
          handler(answer);
        });
        reject(answer);
      });
    });
    // A refusal is told through dd.error; only a page that also waits for ready sees it as a rejection, as with 3.2.9.
    configured.catch(function () {});
  }

  function ready(handler) {
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

  function requestAuthCode(namespace) {
    return function (params) {
      params = params || {};
      return new Promise(function (accept, reject) {
        var body = { namespace: namespace, corpId: params.corpId };
        ask('requestAuthCode', body, function (answer) {
          if (!('errorCode' in answer)) {
            if (params.onSuccess) params.onSuccess(answer);
            return accept(answer);
          }
          var told = Number(answer.errorCode) === -1 ? params.onCancel : params.onFail;
          if (told) told(answer);
          reject(answer);
        });
      });
    };
  }

  var dd = {
    config: config,
    ready: ready,
    error: error,
    // An Android client of today, since errors have its shape: numbers, no envelope.
    version: '7.6.0',
    ios: false,
    android: true,
    pc: false,
    env: { platform: 'android', version: '7.6.0', isDingTalk: true },
    channel: { permission: { requestAuthCode: requestAuthCode('channel') } },
    runtime: { permission: { requestAuthCode: requestAuthCode('runtime') } },
  };
  window.__dd = dd;
  if (window.dd === undefined) window.dd = dd;
})();
