// Starts the login's module, and says so where it cannot start. The build puts the module's glue in here (post-build.mjs), so
// that a phone asks for one script and not for two; upgrade.js speaks for engines that cannot read it.
(function () {
  'use strict';

  // Until then the style sheet has an answer of its own to a script that does not come.
  document.documentElement.className = 'js';

  const tag = document.currentScript;

  // A slow phone network needs a tenth of it for what the login takes. A start that comes later still takes over.
  const LIMIT = 20000;
  let started = false;
  const timer = window.setTimeout(() => { fail('timeout'); }, LIMIT);

  function element(id) { return document.getElementById(id); }

  function show(ok) {
    element('app').hidden = !ok;
    element('upgrade').hidden = ok;
  }

  // A script may run before the document is all there.
  function whenParsed(then) {
    if (document.readyState === 'loading') { document.addEventListener('DOMContentLoaded', then); } else { then(); }
  }

  function fail(reason) {
    if (started) { return; }
    window.clearTimeout(timer);
    whenParsed(() => {
      // The reason is for those who get a screenshot of it.
      element('upgrade-reason').textContent = String(reason).slice(0, 120);
      element('reload').onclick = () => { window.location.reload(); return false; };
      show(false);
    });
  }

  function done() {
    started = true;
    window.clearTimeout(timer);
    whenParsed(() => { show(true); });
  }

  // The server chooses the page's policy by what the engine calls itself. One that may not compile under it has this
  // cookie ask for the wider policy of old engines; whether it is there already is what ends the reloading.
  function widen(error) {
    const refused = error instanceof WebAssembly.CompileError || error instanceof EvalError;
    if (!refused || asks()) { return false; }
    const secure = window.location.protocol === 'https:' ? '; Secure' : '';
    document.cookie = 'miandeng_eval=1; Max-Age=2592000; SameSite=Lax' + secure;
    if (!asks()) { return false; }
    window.location.reload();
    return true;
  }

  function asks() { return /(^|; )miandeng_eval=1/.test(document.cookie); }

  // A module that gives up later does so as a trap, and the view's may not come; the page would stand still without a word.
  function crashed(error) {
    started = false;
    fail(error);
  }
  function trapped(error) {
    if (typeof WebAssembly === 'object' && error instanceof WebAssembly.RuntimeError) { crashed(error); }
  }
  window.addEventListener('error', (event) => { trapped(event.error); });
  window.addEventListener('unhandledrejection', (event) => { trapped(event.reason); });

  // Where the login's module and the view's meet (src/fast_path.rs). The view is fetched when there is something to show or to
  // decide.
  const view = document.createElement('script');
  window.miandeng = {
    crashed,
    happened: [],
    fetchView() {
      if (view.src) { return; }
      view.src = tag.getAttribute('data-view');
      view.setAttribute('data-wasm', tag.getAttribute('data-view-wasm'));
      view.onerror = () => { crashed('view not loaded'); };
      document.head.appendChild(view);
    },
  };

  try {
    if (typeof WebAssembly !== 'object') { throw 'no WebAssembly'; }
    /* glue */
    wasm_bindgen({ module_or_path: tag.getAttribute('data-wasm') }).then(done, (error) => {
      if (!widen(error)) { fail(error); }
    });
  } catch (error) {
    fail(error);
  }
})();
