// The phone: who holds it, the window's page in a frame, and what was called on the way.
(function () {
  'use strict';

  var JOURNAL_SHOWN = 12;
  var JOURNAL_EVERY_MS = 1500;
  var page = null;

  function $(id) {
    return document.getElementById(id);
  }

  function get(path) {
    return fetch(path).then(function (answer) {
      return answer.json();
    });
  }

  function element(name, text, attributes) {
    var made = document.createElement(name);
    if (text) made.textContent = text;
    Object.keys(attributes || {}).forEach(function (key) {
      made.setAttribute(key, attributes[key]);
    });
    return made;
  }

  var ABOUT = { employee: '员工', partner: '外部联系人', stranger: '通讯录外的粉丝', unfollowed: '已取消关注' };

  function showPeople(answer) {
    answer.people.forEach(function (one) {
      var label = element('label');
      var input = element('input', '', { type: 'radio', name: 'person', value: one.person });
      input.checked = one.person === answer.person;
      var words = element('div');
      words.append(element('span', one.nickname), element('small', ABOUT[one.person] + ' ' + one.person));
      label.append(input, element('img', '', { src: one.avatar, alt: '' }), words);
      $('people').append(label);
    });
  }

  function showCorps(answer) {
    page = answer.pageUrl;
    answer.corps.forEach(function (corp) {
      $('corp').append(element('option', corp.corpId));
    });
    answer.corps[0].agentIds.forEach(function (agent) {
      $('agent').append(element('option', agent));
    });
  }

  // What DingTalk does to the home URL that an administrator typed in: $CORPID$ becomes the visitor's enterprise.
  function address() {
    var corp = $('corp').value;
    if (page.indexOf('$CORPID$') >= 0) return page.replace('$CORPID$', corp);
    var parts = page.split('#');
    var query = (parts[0].indexOf('?') < 0 ? '?' : '&') + 'corpid=' + corp + '&agentid=' + $('agent').value;
    return [parts[0] + query].concat(parts.slice(1)).join('#');
  }

  function holder() {
    return document.querySelector('input[name=person]:checked').value;
  }

  // The window's name is how the JSAPI in it learns who holds the phone.
  function windowName() {
    return 'dingtalk-sim:' + holder();
  }

  function open() {
    $('screen').replaceChildren(element('iframe', '', { name: windowName(), title: '服务窗', src: address() }));
    $('title').textContent = '服务窗 · ' + ABOUT[holder()];
    $('phone').scrollIntoView({ behavior: 'smooth', block: 'nearest' });
  }

  function close() {
    $('screen').replaceChildren(element('p', '尚未打开', { class: 'hint' }));
    $('title').textContent = '服务窗';
  }

  function linkUp() {
    $('link').href = address();
    $('link').target = windowName();
  }

  function showJournal(journal) {
    var rows = journal.calls.reverse().map(function (call) {
      var row = element('li');
      var outcome = call.errcode ? String(call.errcode) : call.status === null ? '…' : 'ok';
      row.append(element('span', call.seq + ' ' + call.endpoint), element('span', outcome, outcome === 'ok' ? {} : { class: 'bad' }));
      return row;
    });
    $('journal').replaceChildren.apply($('journal'), rows);
  }

  function watch() {
    get('/_sim/journal?limit=' + JOURNAL_SHOWN).then(showJournal).catch(function () {});
  }

  Promise.all([get('/_sim/people'), get('/_sim/corps')]).then(function (answers) {
    showPeople(answers[0]);
    showCorps(answers[1]);
    linkUp();
    $('open').onclick = $('reload').onclick = open;
    $('close').onclick = close;
    $('choices').onchange = linkUp;
    watch();
    setInterval(watch, JOURNAL_EVERY_MS);
  });
})();
