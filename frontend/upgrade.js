// For engines that know no modules (Chromium before 61, iOS before 11) and may be unable to read the page's own script: says
// what to do. All others skip it without a request. ES5.
document.addEventListener('DOMContentLoaded', function () {
  'use strict';
  if (window.miandeng) { return; }
  document.documentElement.className = 'js';
  document.getElementById('upgrade-reason').textContent = 'script not read';
  document.getElementById('app').hidden = true;
  document.getElementById('upgrade').hidden = false;
});
