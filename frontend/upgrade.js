// Watches over the page's other scripts, which an engine may be unable to read (Chromium before 61, iOS before 11) and a proxy
// to serve: loads the document afresh where that may heal it, and else says that the page cannot start. Where this script does
// not come, the style sheet says so. ES5.
(function () {
  'use strict';

  function element(id) { return document.getElementById(id); }

  // The reason is for those who get a screenshot of it; this one is the style sheet's, which shows the screen after 20 seconds.
  element('upgrade-reason').textContent = 'timeout';
  element('reload').onclick = function () { location.reload(); return false; };

  function tell(reason) {
    document.documentElement.className = 'js';
    element('upgrade-reason').textContent = String(reason).slice(0, 120);
    element('app').hidden = true;
    element('upgrade').hidden = false;
  }

  // A module that gives up later does so as a trap; the page would stand still without a word.
  function trapped(error) {
    if (window.WebAssembly && error instanceof WebAssembly.RuntimeError) { tell(error); }
  }
  window.addEventListener('error', function (event) { trapped(event.error); });
  window.addEventListener('unhandledrejection', function (event) { trapped(event.reason); });

  // What was not served may be by now, and after a deployment only a fresh document knows its name. Once: the mark ends the
  // reloading, and where none can be kept, none begins. A document that is not served itself would leave the words of a proxy
  // or of the engine in place of this page's.
  function again(mark, reason) {
    try {
      if (!window.fetch || sessionStorage[mark]) { throw 0; }
      sessionStorage[mark] = 1;
    } catch (_) {
      tell(reason);
      return;
    }
    setTimeout(function () {
      function stays() { tell(reason); }
      fetch(location.href).then(function (answer) { if (answer.ok) { location.reload(); } else { stays(); } }, stays);
    }, 1000);
  }

  // The server chooses the page's policy by what the engine calls itself. One that may not compile under it has this cookie ask
  // for the wider policy of old engines; whether it is there already is what ends the reloading. Something that is no module, as
  // a proxy may answer it, is not the policy's.
  function failed(mark, error) {
    var isNoModule = /magic|parse/.test(error);
    var canRun = window.WebAssembly;
    var refused = canRun && error instanceof WebAssembly.CompileError && !isNoModule || error instanceof EvalError;
    if (canRun && !refused) { again(mark, error); return; }
    if (canRun && !asks()) {
      document.cookie = 'miandeng_eval=1; Max-Age=2592000; SameSite=Lax' + (location.protocol === 'https:' ? '; Secure' : '');
      if (asks()) { location.reload(); return; }
    }
    tell(error);
  }

  function asks() { return /(^|; )miandeng_eval=1/.test(document.cookie); }

  // Of the login the mark is that of every second try, which a success takes away (src/browser.rs).
  var LOGIN = 'miandeng.reloaded';
  var VIEW = 'miandeng.view';

  // After the login's script, however slow the network is.
  window.addEventListener('load', function () {
    var page = window.miandeng;
    if (!page) { again(LOGIN, 'script not read'); return; }
    page.login.catch(function (error) { failed(LOGIN, error); });
    page.view.then(function () { return page.shown || Promise.reject('view not loaded'); }).then(
      function () { sessionStorage.removeItem(VIEW); },
      function (error) { failed(VIEW, error); }
    );
  });
})();
