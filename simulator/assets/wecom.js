// The client's part in opening a link. Only here is the fragment seen: with #wechat_redirect the link is asked for once
// more with the person's identity, and without it the page stays what it is, as in a client that has nothing to add.
(function () {
  'use strict';

  var main = document.getElementById('client');
  var inView = parent === top && window.name.indexOf('wecom-sim:') === 0;

  function refuse(why, text) {
    main.dataset.refused = why;
    main.innerHTML = '<h1>请在企业微信客户端打开链接</h1>';
    main.appendChild(document.createElement('p')).textContent = text;
  }

  if (location.hash !== '#wechat_redirect') return refuse('fragment', 'The link does not end in #wechat_redirect.');
  // The phone's own view is a frame too, which the phone names; any other frame is one within a page.
  if (parent !== window && !inView) return refuse('frame', 'The client does not recognise a link in a frame.');

  var random = function () {
    return String(Math.random()).slice(2);
  };
  var identity = '&uin=' + main.dataset.person + '&devicetype=' + main.dataset.client + '&key=' + random() + '&pass_ticket=' + random();
  // The fragment stays: so the callback, and all that it leads to, inherits it.
  var to = location.pathname + location.search + identity + location.hash;
  location.replace(to);
  if ('twice' in main.dataset) {
    setTimeout(function () {
      location.replace(to);
    }, 20);
  }
})();
