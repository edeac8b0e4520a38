// Writes what a campaign found as a page of the docs.
const escaped = (text) =>
  String(text)
    .replaceAll('|', '\\|')
    .replace(/[<>\n]/g, ' ');
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(escaped).join(' | ')} |`).join('\n');
const perKind = (counts) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

/** What each part has tried, in words. */
const TRIED = {
  readers: ({ inputs = 0, readers = 0 }) => [`spoilt inputs for ${readers} readers`, inputs],
  kills: ({ counts = {} }) => [
    `SIGKILL at random moments (${perKind(counts)}); every file compared with an uninterrupted run's`,
    Object.values(counts).reduce((a, b) => a + b, 0),
  ],
  disk: ({ counts = {}, skipped }) => [
    skipped ?? `a disk that fills up (${perKind(counts)}), then room again`,
    Object.values(counts).reduce((a, b) => a + b, 0),
  ],
  writers: ({ counts = {} }) => [
    `the same work started twice in one folder (${perKind(counts)})`,
    Object.values(counts).reduce((a, b) => a + b, 0),
  ],
  browser: ({ pages = 0, skipped }) => [skipped ?? 'pages whose every text is hostile, in Chromium', pages],
  memory: ({ answers = 0 }) => ['answers of one evaluation in one process', answers],
};

const shown = ({ reader, work, kind, place, message, seed, size, round, times }) => [
  reader ?? work ?? '',
  kind,
  `${place ? `${place}: ` : ''}${message}`.slice(0, 200),
  [
    seed !== undefined && `seed ${seed}`,
    size && `${size} kB`,
    round !== undefined && `round ${round}`,
    times > 1 && `${times} times`,
  ]
    .filter(Boolean)
    .join(', '),
];

/** The page. */
export function reportOf(found, { settings, cpu, node, words }) {
  const rows = Object.entries(found).map(([part, outcome]) => {
    const [what, count] = TRIED[part](outcome);
    return [part, what, count, outcome.faults.length, `${Math.round(outcome.seconds)} s`];
  });
  const faults = Object.entries(found).flatMap(([part, outcome]) =>
    outcome.faults.map((fault) => [part, ...shown(fault)]),
  );
  const { rows: memory } = found.memory ?? {};
  return `# Campaign

This page lists how we tried to break the program, and what broke. \`npm run campaign\` wrote it; CONTRIBUTING.md says how to run parts of it.
A reader may return, or refuse in one printable sentence of at most 1,000 characters with exit status 2; anything else, and more than two seconds of work for one input, is a fault.
Killed work must go on and end with the files of an uninterrupted run, byte for byte but for times.

${table(['part', 'what was tried', 'how often', 'faults', 'time'], rows)}

Seed ${settings.seed}; ${words.length > 0 ? `\`${words.join(' ')}\`` : 'all parts with their defaults'}; Node ${node} on ${cpu}.

${faults.length === 0 ? 'No fault was found.' : `## Faults\n\n${table(['part', 'where', 'kind', 'what', 'again by'], faults)}`}
${
  memory
    ? `\n## Memory\n\n${table(
        ['answers', 'memory, MB', 'graphs traced so far'],
        memory
          .filter((_, i) => i % 4 === 0 || i === memory.length - 1)
          .map((row) => [row.answers, Math.round(row.megabytes), row.traces]),
      )}\n`
    : ''
}`;
}
