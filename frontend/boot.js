// Starts the login's module. The build puts the module's glue in here (post-build.mjs), so that a phone asks for one script and
// not for two. What fails is upgrade.js's, which no login waits for.
(function () {
  'use strict';

  const tag = document.currentScript;
  const view = document.createElement('script');

  async function start() {
    if (typeof WebAssembly !== 'object') { throw 'no WebAssembly'; }
    /* glue */
    await wasm_bindgen({ module_or_path: tag.getAttribute('data-wasm') });
    // Until then the style sheet has an answer of its own to a page that does not start.
    document.documentElement.className = 'js';
  }

  // Where the login's module and the view's meet (src/fast_path.rs). The view is fetched when there is something to show or to
  // decide.
  window.miandeng = {
    happened: [],
    fetchView() {
      if (view.src) { return; }
      view.src = tag.getAttribute('data-view');
      view.setAttribute('data-wasm', tag.getAttribute('data-view-wasm'));
      document.head.appendChild(view);
    },
    login: start(),
    // Its script has come, or will not.
    view: new Promise((then) => { view.onload = view.onerror = then; }),
  };
})();
