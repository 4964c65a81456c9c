// The figures as tables, as waterfalls and as a picture.

export const CONTENDERS = ['miandeng', 'plain', 'react'];
const NAMES = { miandeng: 'miandeng', plain: 'plain JavaScript', react: 'React' };
/** At most so much of the plain page's time, by network and assets. */
const GOALS = { '4G': { cold: '≤ 1.00', cached: '≤ 0.85' }, '3G': { cold: '≤ 1.05', cached: '≤ 0.80' } };

const SDKS = { old: '1.5.1', npm: 'npm 3.2.9' };

const WORDS = {
  en: {
    head: [
      'network', 'assets', 'SDK', 'goal', 'ours / plain: min – **median** – max', 'ours / React (goal ≤ 0.70)',
      'miandeng, ms', 'plain, ms', 'React, ms',
    ],
    cold: 'none', cached: 'cached', '4G': '4G', '3G': 'slow 3G', loopback: 'loopback',
    picture:
      'From the navigation to the answered login, with an SDK of 1.5.1’s size: median, fastest and slowest round',
    waterfalls: 'Requests until the login is answered, of the round with the median time (SDK of 1.5.1’s size, no assets):',
  },
  zh: {
    head: ['网络', '资源缓存', 'SDK', '目标', '本页 / 手写：最小 – **中位** – 最大', '本页 / React（目标 ≤ 0.70）', '本页，毫秒', '手写，毫秒', 'React，毫秒'],
    cold: '无', cached: '有', '4G': '4G', '3G': '慢速 3G', loopback: '本机',
    picture: '从导航到登录得到回答，SDK 为 1.5.1 的大小：中位，以及最快和最慢的一轮',
    waterfalls: '登录得到回答之前的请求，取耗时居中的一轮（SDK 为 1.5.1 的大小，无缓存）：',
  },
};

export function spread(figures) {
  const sorted = [...figures].sort((a, b) => a - b);
  return { min: sorted[0], median: sorted[sorted.length >> 1], max: sorted.at(-1) };
}

/** The caption of the picture. */
export const caption = (language) => WORDS[language].picture;

/** `cells` are `{ network, assets, sdk, rounds }`, a round being a visit of each contender. */
export function table(cells, language) {
  const words = WORDS[language];
  const rows = cells.map(({ network, assets, sdk, rounds }) => {
    const times = (name) => rounds.map((round) => round[name].time);
    const ratio = (name) => shown(spread(rounds.map((round) => round.miandeng.time / round[name].time)), 2);
    const names = CONTENDERS.map((name) => shown(spread(times(name)), 0));
    return [words[network], words[assets], SDKS[sdk], GOALS[network]?.[assets] ?? '', ratio('plain'), ratio('react'), ...names];
  });
  return [words.head, words.head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('');
}

function shown({ min, median, max }, digits) {
  return `${min.toFixed(digits)} – **${median.toFixed(digits)}** – ${max.toFixed(digits)}`;
}

/** Those of the slow networks, of the round with the median time; the text is the same in both languages. */
export function waterfalls(cells, language) {
  const chosen = cells.filter(({ network, assets, sdk }) => network !== 'loopback' && assets === 'cold' && sdk === 'old');
  const texts = chosen.flatMap(({ network, rounds }) => CONTENDERS.map((name) => {
    const visits = rounds.map((round) => round[name]);
    const { median } = spread(visits.map(({ time }) => time));
    return `${WORDS.en[network]}, ${waterfall(name, visits.find(({ time }) => time === median))}`;
  }));
  return texts.length ? `${WORDS[language].waterfalls}\n\n\`\`\`text\n${texts.join('\n')}\`\`\`\n` : '';
}

/** A line for each request: `·` waits for the answer, `█` receives it. */
function waterfall(name, { time, requests }) {
  const COLUMNS = 60;
  const column = (ms) => Math.min(COLUMNS, Math.max(0, Math.round((ms / time) * COLUMNS)));
  const lines = requests.map(({ url, verb, begun, answered, ended, bytes, cached }) => {
    const [from, mid, to] = [begun, answered || time, ended || time].map(column);
    const bar = ' '.repeat(from) + '·'.repeat(mid - from) + '█'.repeat(Math.max(1, to - mid));
    const size = cached ? 'cache' : bytes ? `${(bytes / 1000).toFixed(1)} kB` : '';
    return `${label(verb, url).padEnd(34)} ${String(Math.round(begun)).padStart(5)} ${size.padStart(9)} ${bar}\n`;
  });
  return `${NAMES[name]}, ${Math.round(time)} ms\n${lines.join('')}`;
}

function label(verb, url) {
  const path = new URL(url).pathname.replace(/^\/(plain-[^/]+|react)\//, '/').replace(/[-.][0-9a-f]{16}(?=[._])/, '');
  return `${verb} ${path}`.slice(0, 34);
}

/** Bars for the SDK of 1.5.1's size: the median, and a line from the fastest to the slowest round. */
export function picture(cells) {
  const [left, width, bar, gap] = [130, 560, 14, 14];
  const groups = cells.filter(({ sdk }) => sdk === 'old');
  const height = groups.length * (3 * bar + gap) + 50;
  const times = (round) => CONTENDERS.map((name) => round[name].time);
  const longest = Math.max(...groups.flatMap(({ rounds }) => rounds.flatMap(times)));
  const x = (ms) => (left + (ms / longest) * width).toFixed(1);
  const parts = CONTENDERS.map((name, i) => `<rect class="${name}" x="${left + i * 170}" y="12" width="12" height="12"/>
<text x="${left + 18 + i * 170}" y="22">${NAMES[name]}</text>`);
  groups.forEach(({ network, assets, rounds }, group) => {
    const top = 40 + group * (3 * bar + gap);
    const middle = top + 1.5 * bar + 4;
    parts.push(`<text x="${left - 8}" y="${middle}" text-anchor="end">${WORDS.en[network]}, ${assets}</text>`);
    CONTENDERS.forEach((name, i) => {
      const { min, median, max } = spread(rounds.map((round) => round[name].time));
      const y = top + i * bar;
      parts.push(`<rect class="${name}" x="${left}" y="${y}" width="${(x(median) - left).toFixed(1)}" height="${bar - 2}"/>
<path class="spread" d="M${x(min)} ${y + bar / 2 - 1}H${x(max)}"/>
<text x="${(Number(x(max)) + 6).toFixed(1)}" y="${y + bar - 4}">${Math.round(median)} ms</text>`);
    });
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 80} ${height}" role="img">
<title>From the navigation to the answered login, milliseconds</title>
<style>
text { font: 11px sans-serif; fill: #222 } .spread { stroke: #222; fill: none }
.miandeng { fill: #1463d8 } .plain { fill: #c98a1b } .react { fill: #8a8f98 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .spread { stroke: #ddd } .miandeng { fill: #5b9bff } }
</style>
${parts.join('\n')}
</svg>
`;
}
