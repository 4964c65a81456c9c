// Starts the page, and says so where it cannot start. ES5 and a classic script: it has to run where nothing else does.
(function () {
  'use strict';

  // Without scripts the style sheet hides the waiting indicator, which would turn for ever.
  document.documentElement.className = 'js';

  // A slow phone network needs about half of it for the page's 75 kB. A start that comes later still takes over.
  var LIMIT = 20000;
  var started = false;
  var timer = window.setTimeout(function () { fail('timeout'); }, LIMIT);

  function element(id) { return document.getElementById(id); }

  function show(ok) {
    element('app').hidden = !ok;
    element('upgrade').hidden = ok;
  }

  function fail(reason) {
    if (started) { return; }
    window.clearTimeout(timer);
    // The reason is for whoever gets a screenshot of it.
    element('upgrade-reason').textContent = String(reason).slice(0, 120);
    element('reload').onclick = function () { window.location.reload(); return false; };
    show(false);
  }

  function done() {
    started = true;
    window.clearTimeout(timer);
    show(true);
  }

  // The server chooses the page's policy by what the engine calls itself. One that may not compile under it has this
  // cookie ask for the wider policy of old engines; whether it is there already is what ends the reloading.
  function widen(error) {
    var refused = error instanceof WebAssembly.CompileError || error instanceof EvalError;
    if (!refused || asks()) { return false; }
    var secure = window.location.protocol === 'https:' ? '; Secure' : '';
    document.cookie = 'miandeng_eval=1; Max-Age=2592000; SameSite=Lax' + secure;
    if (!asks()) { return false; }
    window.location.reload();
    return true;
  }

  function asks() { return /(^|; )miandeng_eval=1/.test(document.cookie); }

  function start() {
    try {
      if (typeof WebAssembly !== 'object') { return fail('no WebAssembly'); }
      // A glue that threw while it ran leaves a name behind that may not even be asked for its type: hence the `try`.
      if (typeof wasm_bindgen !== 'function') { return fail('script not loaded'); }
      wasm_bindgen({ module_or_path: element('glue').getAttribute('data-wasm') }).then(done, function (error) {
        if (!widen(error)) { fail(error); }
      });
    } catch (error) {
      fail(error);
    }
  }

  // A module that gives up later does so as a trap; the page would stand still without a word.
  function crashed(error) {
    if (typeof WebAssembly === 'object' && error instanceof WebAssembly.RuntimeError) {
      started = false;
      fail(error);
    }
  }
  window.addEventListener('error', function (event) { crashed(event.error); });
  window.addEventListener('unhandledrejection', function (event) { crashed(event.reason); });

  // Deferred scripts, and so the glue, have run or failed by then.
  document.addEventListener('DOMContentLoaded', start);
})();
