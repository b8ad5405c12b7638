// Runs in the reader's browser, from the report's own file. Everything that came over the wire is put in as text content: nothing
// of it is ever parsed as markup, but for the ladder, which our own generator made and which is stripped of all that could act.

const report = JSON.parse(document.getElementById('report').textContent);
const packed = new Map();
for (const script of document.querySelectorAll('script[data-case]')) packed.set(script.dataset.case, script);

const main = document.querySelector('main');
const VERDICTS = ['pass', 'fail', 'inconc', 'error', 'none', 'notApplicable', 'notRun'];
const WORDS = { notApplicable: 'not applicable', notRun: 'not run' };

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === 'class') made.className = value;
    else if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Puts these on the page in place of what was there; null stands for nothing. */
function show(...children) {
  main.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}

function word(verdict) {
  return WORDS[verdict] ?? verdict;
}

function state() {
  return new URLSearchParams(location.hash.slice(1));
}

function hashWith(changes) {
  const parameters = state();
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') parameters.delete(name);
    else parameters.set(name, value);
  }
  return `#${parameters}`;
}

function optionsText(options) {
  const yesNo = (value) => (value ? 'on' : 'off');
  return `${options.transport.toUpperCase()}, IPv${options.ipVersion}, topology hiding ${yesNo(options.topologyHiding)}, trust ${yesNo(options.trust)}, ${options.direction}`;
}

function showOverview() {
  const { run, summary } = report;
  document.title = 'q3953 report';
  const facts = [
    `q3953 ${run.version}`,
    `Node ${run.node}`,
    run.os,
    `tier ${run.tier}`,
    `seed ${run.seed}`,
    `started ${run.startedAt}`,
    run.finishedAt === null ? 'not finished' : `finished ${run.finishedAt}`,
  ];
  show(
    element('h1', {}, 'q3953 conformance report'),
    element('p', { class: 'faint' }, facts.join(' · ')),
    run.interrupted
      ? element('p', { class: 'error' }, 'The run was interrupted; these are the cases that were finished.')
      : null,
    element(
      'ul',
      { class: 'counts', 'aria-label': 'Cases by verdict' },
      element('li', {}, element('b', {}, String(summary.cases)), 'cases'),
      ...VERDICTS.filter((verdict) => summary[verdict] > 0 || verdict === 'pass' || verdict === 'fail').map((verdict) =>
        element('li', {}, element('b', { class: verdict }, String(summary[verdict])), word(verdict)),
      ),
    ),
    groupTable(),
    notRunSection(),
    element('h2', {}, 'Cases'),
    filterBar(),
    element('div', { id: 'list' }),
  );
  fillList();
}

function groupTable() {
  const groups = [...new Set(report.cases.map((entry) => entry.group))].sort();
  const count = (group, verdict) =>
    report.cases.filter((entry) => entry.group === group && entry.verdict === verdict).length;
  const head = element(
    'tr',
    {},
    element('th', {}, 'group'),
    ...VERDICTS.map((verdict) => element('th', { class: 'number' }, word(verdict))),
  );
  const rows = groups.map((group) =>
    element(
      'tr',
      {},
      element('td', {}, element('a', { href: hashWith({ q: `@${group}` }) }, group)),
      ...VERDICTS.map((verdict) => {
        const number = count(group, verdict);
        return element('td', { class: `number ${number > 0 ? verdict : 'faint'}` }, String(number));
      }),
    ),
  );
  return element(
    'section',
    {},
    element('h2', {}, 'Groups'),
    element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows)),
  );
}

function notRunSection() {
  const reasons = new Map();
  for (const entry of report.cases) {
    if (entry.verdict !== 'notRun' && entry.verdict !== 'notApplicable') continue;
    const reason = `${word(entry.verdict)}: ${entry.reason ?? 'no reason was given'}`;
    reasons.set(reason, [...(reasons.get(reason) ?? []), entry.key]);
  }
  if (reasons.size === 0) return null;
  const items = [...reasons].map(([reason, keys]) =>
    element(
      'li',
      {},
      reason,
      ' ',
      element(
        'span',
        { class: 'faint' },
        `(${keys.slice(0, 8).join(', ')}${keys.length > 8 ? ` and ${keys.length - 8} more` : ''})`,
      ),
    ),
  );
  return element('section', {}, element('h2', {}, 'What did not run, and why'), element('ul', {}, ...items));
}

function filterBar() {
  const parameters = state();
  const search = element('input', {
    type: 'search',
    id: 'search',
    placeholder: 'id, title, rule, clause, @group',
    'aria-label': 'Filter cases',
    value: parameters.get('q') ?? '',
    oninput: (event) => {
      history.replaceState(null, '', hashWith({ q: event.target.value }));
      fillList();
    },
  });
  const select = element(
    'select',
    {
      'aria-label': 'Verdict',
      onchange: (event) => {
        history.replaceState(null, '', hashWith({ verdict: event.target.value }));
        fillList();
      },
    },
    element('option', { value: '' }, 'every verdict'),
    ...VERDICTS.map((verdict) => element('option', { value: verdict }, word(verdict))),
  );
  select.value = parameters.get('verdict') ?? '';
  return element('div', { class: 'filter' }, search, select);
}

function matches(entry, text) {
  const words = [entry.key, entry.title, `@${entry.group}`, `@${entry.priority ?? ''}`, ...entry.clauses];
  for (const finding of entry.findings) words.push(finding.rule, finding.attributedTo ?? '');
  const all = words.join(' ').toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((part) => all.includes(part));
}

function fillList() {
  const parameters = state();
  const verdict = parameters.get('verdict') ?? '';
  const text = parameters.get('q') ?? '';
  const chosen = report.cases.filter((entry) => (verdict === '' || entry.verdict === verdict) && matches(entry, text));
  const rows = chosen.map((entry) => {
    const told = entry.findings.filter((finding) => finding.severity !== 'info').length;
    return element(
      'tr',
      {},
      element('td', { class: `verdict ${entry.verdict}` }, word(entry.verdict)),
      element('td', {}, element('a', { href: hashWith({ case: entry.key }) }, entry.key)),
      element('td', {}, entry.title),
      element('td', { class: 'number' }, told === 0 ? '' : `${told}`),
      element('td', { class: 'number' }, `${Math.round(entry.durationMs)} ms`),
    );
  });
  const head = ['verdict', 'case', 'title', 'findings', 'time'].map((name) => element('th', {}, name));
  document
    .getElementById('list')
    .replaceChildren(
      element('p', { class: 'faint', role: 'status' }, `${chosen.length} of ${report.cases.length} cases`),
      element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows)),
    );
}

async function unpack(key) {
  const script = packed.get(key);
  if (script === undefined) return null;
  const octets = Uint8Array.from(atob(script.textContent), (character) => character.charCodeAt(0));
  const stream = new Blob([octets]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(stream).json();
}

let shownCase = null;

async function showCase(key) {
  const entry = report.cases.find((one) => one.key === key);
  if (entry === undefined) {
    show(
      element(
        'p',
        {},
        `There is no case ${key} in this report. `,
        element('a', { href: hashWith({ case: null }) }, 'All cases'),
      ),
    );
    return;
  }
  document.title = `${entry.id} ${word(entry.verdict)}`;
  const detail = element('div', {});
  const facts = [
    ['Purpose', entry.purpose],
    ['Clauses', entry.clauses.join('; ')],
    ['Official id', entry.officialId ?? 'not known; the id is our own'],
    ['Configuration', `${entry.configuration}, ${optionsText(entry.options)}`],
    ['Service', entry.service],
    ['Conformance', `${entry.conformance} (${entry.rulesExercised} rules found something to judge)`],
    entry.fault === null ? null : ['Fault', `${entry.fault} (injected on purpose)`],
    entry.reason === null ? null : ['Why', entry.reason],
    ...Object.entries(entry.measurements ?? {}).map(([name, value]) => [name, String(value)]),
  ].filter((fact) => fact !== null);
  show(
    element('p', {}, element('a', { href: hashWith({ case: null, message: null }) }, '← All cases')),
    element('h1', {}, `${entry.key} `, element('span', { class: entry.verdict }, word(entry.verdict))),
    element('p', {}, entry.title),
    element(
      'table',
      {},
      element(
        'tbody',
        {},
        ...facts.map(([name, value]) => element('tr', {}, element('th', {}, name), element('td', {}, value))),
      ),
    ),
    element('h2', {}, entry.findings.length === 0 ? 'No findings' : 'Findings'),
    ...entry.findings.map(findingBlock),
    evidenceLinks(entry),
    detail,
  );
  shownCase = { entry, messages: new Map(), panel: null, ladder: null };
  const current = shownCase;
  const content = await unpack(key);
  if (content === null || shownCase !== current) return;
  for (const message of content.messages) current.messages.set(message.index, message);
  current.ladder = ladderElement(content.ladder);
  current.panel = element(
    'div',
    { class: 'message', id: 'message-panel', 'aria-live': 'polite' },
    element('p', { class: 'faint' }, 'Choose an arrow to read its message.'),
  );
  detail.replaceChildren(
    element('h2', {}, 'Ladder'),
    element('div', { class: 'trace' }, element('div', { class: 'ladder' }, current.ladder), current.panel),
  );
  showMessage();
}

function evidenceLinks(entry) {
  const links = Object.entries(entry.evidence)
    .filter(([, path]) => path !== null)
    .map(([name, path]) => element('a', { href: path.split('/').map(encodeURIComponent).join('/') }, name));
  return links.length === 0
    ? null
    : element('p', {}, 'Files: ', ...links.flatMap((link, index) => (index === 0 ? [link] : [' · ', link])));
}

function findingBlock(finding) {
  const where = [
    finding.referencePoint,
    finding.attributedTo,
    finding.line === undefined ? null : `line ${finding.line}`,
  ].filter((part) => part !== null);
  const frame = finding.frame === null ? null : `frame ${finding.frame}`;
  const place =
    finding.message === undefined
      ? [frame, ...where].filter((part) => part !== null).join(', ')
      : element(
          'span',
          {},
          element('button', { type: 'button', onclick: () => chooseMessage(finding.message) }, frame ?? 'message'),
          where.length === 0 ? '' : `, ${where.join(', ')}`,
        );
  const rows = [
    ['Required', finding.required],
    ['Seen', finding.seen],
    ['Usual cause', finding.usualCause],
    ['Where', place],
  ];
  return element(
    'section',
    { class: `finding ${finding.severity}` },
    element('b', {}, `${finding.severity} ${finding.rule} `),
    element('span', { class: 'faint' }, finding.clause),
    element('dl', {}, ...rows.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])),
  );
}

const ACTIVE = ['script', 'foreignObject', 'iframe', 'image', 'use', 'animate', 'set'];

function ladderElement(text) {
  const parsed = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  for (const found of parsed.querySelectorAll(ACTIVE.join(','))) found.remove();
  for (const found of [parsed, ...parsed.querySelectorAll('*')]) {
    for (const attribute of [...found.attributes])
      if (/^on/i.test(attribute.name)) found.removeAttribute(attribute.name);
  }
  const ladder = document.importNode(parsed, true);
  const choose = (event) => {
    const arrow = event.target.closest?.('[data-message]');
    if (arrow === null || arrow === undefined) return;
    event.preventDefault();
    chooseMessage(Number(arrow.getAttribute('data-message')));
  };
  const heads = ladder.querySelector('.heads');
  if (heads !== null) onceInside(ladder, (frame) => heads.setAttribute('transform', `translate(0 ${frame.scrollTop})`));
  ladder.addEventListener('click', choose);
  ladder.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' || event.key === ' ') choose(event);
  });
  return ladder;
}

/** Keeps the names of the lanes in sight while the reader scrolls. */
function onceInside(ladder, follow) {
  queueMicrotask(() => {
    const frame = ladder.parentElement;
    frame?.addEventListener('scroll', () => follow(frame), { passive: true });
  });
}

function chooseMessage(index) {
  history.replaceState(null, '', hashWith({ message: String(index) }));
  showMessage();
}

function showMessage() {
  const chosen = state().get('message');
  if (shownCase?.panel == null || chosen === null) return;
  const index = Number(chosen);
  const message = shownCase.messages.get(index);
  for (const arrow of shownCase.ladder.querySelectorAll('[data-message]')) {
    const isChosen = arrow.getAttribute('data-message') === String(index);
    arrow.classList.toggle('chosen', isChosen);
    if (isChosen) arrow.querySelector('.hit')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }
  if (message === undefined) {
    shownCase.panel.replaceChildren(element('p', {}, 'This packet is in evidence.pcapng only.'));
    return;
  }
  const findings = shownCase.entry.findings.filter((finding) => finding.message === index);
  const marked = new Set(findings.map((finding) => finding.line));
  const lines = message.text
    .split('\n')
    .map((line, position) => element(marked.has(position + 1) ? 'mark' : 'span', {}, line));
  shownCase.panel.replaceChildren(
    element('b', {}, message.label),
    element('div', { class: 'faint' }, `frame ${message.frame} · ${message.referencePoint} · ${message.transport}`),
    element('div', { class: 'faint' }, `${message.from} → ${message.to}`),
    ...findings.map((finding) => element('div', { class: finding.severity }, `${finding.rule}: ${finding.seen}`)),
    element('pre', { tabindex: '0' }, ...lines),
  );
  shownCase.panel.querySelector('mark')?.scrollIntoView({ block: 'nearest' });
}

let shownKey;

function route() {
  const key = state().get('case');
  if (key !== null && key === shownKey) return showMessage();
  shownKey = key;
  shownCase = null;
  if (key === null) return showOverview();
  scrollTo(0, 0);
  return showCase(key);
}

addEventListener('hashchange', route);
route();
