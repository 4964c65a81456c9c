import React, { useEffect, useState } from 'react';
import axios from 'axios';
import * as dd from 'dingtalk-jsapi';

async function login(corpId, agentId) {
  const url = window.location.href.split('#')[0];
  const { data: config } = await axios.get('/api/config', { params: { corpid: corpId, agentid: agentId, url } });
  const { timeStamp, nonceStr, signature, type, jsApiList } = config;
  const code = await new Promise((resolve, reject) => {
    dd.error(reject);
    dd.config({ agentId, corpId, timeStamp, nonceStr, signature, type, jsApiList });
    dd.ready(() => {
      dd.channel.permission.requestAuthCode({ corpId, onSuccess: (info) => resolve(info.code), onFail: reject });
    });
  });
  const { data } = await axios.post('/api/login', { corpId, agentId, code });
  return data.user;
}

export default function App() {
  const [state, setState] = useState({ text: '正在登录…' });
  useEffect(() => {
    const query = new URLSearchParams(window.location.search);
    login(query.get('corpid'), query.get('agentid')).then(
      (user) => setState({ text: `你好，${user.nick || user.userId || user.openId}` }),
      (error) => setState({ text: `登录失败：${error.message || error.errorMessage}` })
    );
  }, []);
  return <p role="status">{state.text}</p>;
}
