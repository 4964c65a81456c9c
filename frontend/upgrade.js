// What to do where the page does not start: loads the document afresh where that may heal it, and else says so. An engine that
// knows no modules (Chromium before 61, iOS before 11), and so may be unable to read the page's own script, asks for it at once,
// all others when something has failed. Where no script comes at all, the style sheet says so. ES5.
(function () {
  'use strict';

  function element(id) { return document.getElementById(id); }

  // A script may run before the document is all there.
  function whenParsed(then) {
    if (document.readyState === 'loading') { document.addEventListener('DOMContentLoaded', then); } else { then(); }
  }

  function tell(reason) {
    document.documentElement.className = 'js';
    // The reason is for those who get a screenshot of it.
    element('upgrade-reason').textContent = String(reason).slice(0, 120);
    element('reload').onclick = function () { location.reload(); return false; };
    element('app').hidden = true;
    element('upgrade').hidden = false;
  }

  // What was not served may be by now, and after a deployment only a fresh document knows its name. Once: the mark, which is
  // that of every second try and goes with a success (src/browser.rs), ends the reloading, and where none can be kept, none
  // begins. A document that is not served itself would leave the words of a proxy or of the engine in place of this page's.
  function again(reason) {
    try {
      if (!window.fetch || sessionStorage['miandeng.reloaded']) { throw 0; }
      sessionStorage['miandeng.reloaded'] = 1;
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
  function heal(error) {
    if (!window.WebAssembly || error instanceof WebAssembly.RuntimeError) { tell(error); return; }
    var isNoModule = /magic|parse/.test(error);
    var refused = error instanceof WebAssembly.CompileError && !isNoModule || error instanceof EvalError;
    if (!refused) { again(error); return; }
    if (!asks()) {
      document.cookie = 'miandeng_eval=1; Max-Age=2592000; SameSite=Lax' + (location.protocol === 'https:' ? '; Secure' : '');
      if (asks()) { location.reload(); return; }
    }
    tell(error);
  }

  function asks() { return /(^|; )miandeng_eval=1/.test(document.cookie); }

  var page = window.miandeng;
  if (page && page.error) {
    whenParsed(function () { heal(page.error); });
  } else {
    document.addEventListener('DOMContentLoaded', function () { if (!window.miandeng) { tell('script not read'); } });
  }
})();
