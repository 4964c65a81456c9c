// The native side of a DingTalk client, emulated for the official SDK, which runs on it unmodified. Put it before any
// script of the page. Options, all optional, in window.__dingtalkSim before this runs:
//   origin, platform ("ios" | "android"), person,
//   initThrows    iOS: a second init() throws, as the open-source bridge does
//   readyAfterMs  the bridge appears late, with its event
//   answerTwice   every callback is called a second time
(function () {
  'use strict';

  var options = window.__dingtalkSim || {};
  var origin = options.origin || '%ORIGIN%';
  var platform = options.platform || '%PLATFORM%';
  var load = String(Math.random()).slice(2);
  // Android is reported to verify against the address the page was entered by, iOS against the present one.
  var entry = location.href;

  // APIs that change nothing here, so that a page which decorates itself is not stopped.
  var HARMLESS = ['biz.util.ut', 'biz.navigation.', 'device.notification.', 'device.base.', 'ui.', 'runtime.info'];

  function harmless(name) {
    return HARMLESS.some(function (prefix) {
      return name.indexOf(prefix) === 0;
    });
  }

  function ask(call, body, answered) {
    body.person = options.person;
    body.page = load;
    body.url = platform === 'android' ? entry : location.href;
    var request = new XMLHttpRequest();
    request.open('POST', origin + '/_sim/native/' + call);
    request.setRequestHeader('Content-Type', 'text/plain');
    request.onload = function () {
      var answer;
      try {
        answer = JSON.parse(request.responseText);
      } catch (broken) {
        answer = { errorCode: 2, errorMessage: 'HTTP ' + request.status };
      }
      if (!answer.silent) answered(answer);
    };
    request.send(JSON.stringify(body));
  }

  // Calls back with (error, result). Only what survives JSON crosses over, as with the real bridge.
  function perform(name, given, done) {
    var params = JSON.parse(JSON.stringify(given === undefined ? {} : given)) || {};
    function answered(answer) {
      var failed = 'errorCode' in answer && Number(answer.errorCode) !== 0;
      var times = options.answerTwice ? 2 : 1;
      while (times--) done(failed ? answer : null, answer);
    }
    if (name === 'runtime.permission.requestJsApis') return ask('requestJsApis', { params: params }, answered);
    // V2 is what the SDK makes of dd.requestAuthCode, which names the application too.
    var code = /^(channel|runtime)\.permission\.requestAuthCode(V2)?$/.exec(name);
    if (code) {
      var wanted = { namespace: code[1], corpId: params.corpId, clientId: params.clientId };
      return ask('requestAuthCode', wanted, answered);
    }
    setTimeout(function () {
      answered(harmless(name) ? {} : { errorCode: 1, errorMessage: 'no such API: ' + name });
    });
  }

  // iOS: one envelope for everything, and error codes are text.
  function ios() {
    var initialised = false;
    return {
      init: function () {
        if (initialised && options.initThrows) throw new Error('WebViewJavascriptBridge.init called twice');
        initialised = true;
      },
      callHandler: function (name, params, callback) {
        perform(name, params, function (error, result) {
          if (!callback) return;
          callback(
            error
              ? { errorCode: String(error.errorCode), errorMessage: error.errorMessage, result: error.result }
              : { errorCode: '0', errorMessage: '', result: result }
          );
        });
      },
      registerHandler: function () {},
      send: function () {},
    };
  }

  // Android: a pair of callbacks, no envelope, and error codes are numbers.
  function android() {
    function exec(onSuccess, onFail, plugin, action, params) {
      perform(plugin + '.' + action, params, function (error, result) {
        if (!error) return onSuccess && onSuccess(result);
        if (onFail) onFail({ errorCode: Number(error.errorCode), errorMessage: error.errorMessage });
      });
    }
    return {
      isReady: true,
      require: function (plugin) {
        if (plugin === undefined) return exec;
        // The form of the oldest SDK: nuva.require('a.b')[action]({...params, onSuccess, onFail}).
        var actions = {};
        ['requestJsApis', 'requestAuthCode'].forEach(function (action) {
          actions[action] = function (params) {
            exec(params.onSuccess, params.onFail, plugin, action, params);
          };
        });
        return actions;
      },
    };
  }

  function appear() {
    var isIos = platform !== 'android';
    if (isIos) window.WebViewJavascriptBridge = ios();
    else window.nuva = android();
    document.dispatchEvent(new Event(isIos ? 'WebViewJavascriptBridgeReady' : 'runtimeready'));
  }

  if (options.readyAfterMs) setTimeout(appear, options.readyAfterMs);
  else appear();
})();
