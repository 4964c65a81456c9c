// Starts the login's module. The build puts the module's glue in here (post-build.mjs), so that a phone asks for one script and
// not for two.
(function () {
  'use strict';

  const tag = document.currentScript;
  const view = document.createElement('script');

  // What to do about a failure is in upgrade.js, which nothing but a failure asks for.
  function failed(error) {
    const upgrade = document.createElement('script');
    window.miandeng.error = error;
    upgrade.src = document.querySelector('script[nomodule]').src;
    document.head.appendChild(upgrade);
  }

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
    failed,
    happened: [],
    fetchView() {
      if (view.src) { return; }
      view.src = tag.getAttribute('data-view');
      view.setAttribute('data-wasm', tag.getAttribute('data-view-wasm'));
      // A proxy's page in place of the script loads, and is none.
      view.onload = view.onerror = () => { if (!window.miandeng.shown) { failed('view not loaded'); } };
      document.head.appendChild(view);
    },
  };

  // A module that gives up later does so as a trap; the page would stand still without a word.
  function trapped(error) {
    if (typeof WebAssembly === 'object' && error instanceof WebAssembly.RuntimeError) { failed(error); }
  }
  window.addEventListener('error', (event) => { trapped(event.error); });
  window.addEventListener('unhandledrejection', (event) => { trapped(event.reason); });

  start().catch(failed);
})();
