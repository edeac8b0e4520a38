/** Runs on a small random chat model with SmolLM2's special tokens, from the command line to the files of the run. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readJsonFile, readJsonl } from '../../src/engine/files/jsonl';
import { readTokenizer, type Tokenizer } from '../../src/engine/files/tokenizer';
import { rcsdHere } from './runCli';

const fixtures = join(__dirname, '..', 'fixtures');
const CHAT = join(fixtures, 'models', 'chat');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chat-model-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Trains in `folder/name` on the sample questions, by one step of two questions unless other settings say so. */
const trained = (name: string, ...settings: string[]) =>
  rcsdHere([
    'train',
    'algorithm=sft',
    `model=${CHAT}`,
    'data=data/science-sample',
    'steps=1',
    'batch_size=2',
    'microbatch_size=2',
    'evaluation.questions=1',
    'evaluation.samples=1',
    'evaluation.max_tokens=2',
    `runs=${folder}`,
    `name=${name}`,
    ...settings,
  ]);

test('a whole model is saved in the type that its config.json names', async () => {
  expect((await trained('whole', 'rank=0')).status).toBe(0);
  const config = readJsonFile(join(folder, 'whole', 'checkpoints', 'step-000001', 'config.json'));
  expect(readJsonFile(join(CHAT, 'config.json')).torch_dtype).toBe('bfloat16');
  expect([config.dtype, config.torch_dtype]).toEqual(['float32', 'float32']);
});

test('an adapter of another rank is refused before anything is computed or written', async () => {
  const adapter = join(fixtures, 'cases', 'chat-rslora');
  const { status, stderr } = await trained('late', `adapter=${adapter}`, 'rank=4', 'alpha=16');
  expect([status, stderr]).toEqual([2, expect.stringMatching(/The adapter has rank 4 and alpha 32, but/)]);
  expect(stderr).not.toContain('evaluate before');
  expect(existsSync(join(folder, 'late'))).toBe(false);
});

/** A copy of the chat model with other settings of its tokenizer and config. */
function variant({
  tokenizer = {},
  config = {},
  template,
}: {
  tokenizer?: object;
  config?: object;
  template?: string;
}) {
  const dir = mkdtempSync(join(folder, 'model-'));
  cpSync(CHAT, dir, { recursive: true });
  const change = (name: string, changes: object): void =>
    writeFileSync(join(dir, name), JSON.stringify({ ...readJsonFile(join(CHAT, name)), ...changes }));
  change('tokenizer_config.json', tokenizer);
  change('config.json', config);
  if (template !== undefined) writeFileSync(join(dir, 'chat_template.jinja'), template);
  return dir;
}

/** The prompt as text that `score` makes of some messages. */
async function promptText(model: string, messages: readonly object[], ...words: string[]): Promise<string> {
  const row = JSON.stringify({ id: 1, messages, completion: 'c' });
  const { status, stdout } = await rcsdHere(['score', '--model', model, ...words], { input: row });
  expect(status).toBe(0);
  return (readTokenizer(model) as Tokenizer).decode(JSON.parse(stdout).prompt_ids);
}

const completionsOf = (run: string) =>
  readJsonl(join(folder, run, 'completions.jsonl'), (row) => row as { completion_ids: number[]; prompt: string });

test('a written completion ends with the end of the turn, not with the first end token that is listed', async () => {
  const model = variant({ config: { eos_token_id: [0, 2] } });
  writeFileSync(join(model, 'generation_config.json'), '{"eos_token_id": [0, 2]}');
  expect((await trained('ends', `model=${model}`, 'rank=2', 'alpha=4')).status).toBe(0);
  for (const { completion_ids: ids } of completionsOf('ends')) expect(ids.at(-1)).toBe(2);
});

test('added tokens in questions and solutions stay text', async () => {
  const text = 'What does the tag <file_sep> mark in [TOOL_CALLS] <tool_call> <fim_prefix> <|im_end|>?';
  const question = { id: 'q', question: text, answer: 'it', solution: `${text} \\boxed{it}` };
  const data = join(folder, 'tags');
  mkdirSync(data);
  for (const split of ['train', 'test'])
    writeFileSync(join(data, `${split}.jsonl`), JSON.stringify({ ...question, id: split }));
  expect((await trained('tags', `data=${data}`, 'batch_size=1', 'microbatch_size=1')).status).toBe(0);
  const { encode } = readTokenizer(CHAT) as Tokenizer;
  const added = (ids: readonly number[]): number[] => ids.filter((id) => id < 3 || id >= 380);
  for (const { completion_ids: ids, prompt } of completionsOf('tags')) {
    expect(added(ids)).toEqual([2]);
    expect(added(encode(prompt))).toEqual([1, 2, 1]);
    expect((readTokenizer(CHAT) as Tokenizer).decode(ids)).toContain(text);
  }
});

test('a template strips the characters that it names, and reads the line ends of Windows', async () => {
  const strips =
    "{% for m in messages %}{{ m.role + ':' + m.content.split('</think>')[-1].lstrip('\\n').rstrip('\\n') + '|' }}{% endfor %}";
  const messages = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: '<think>p</think>\n\n    x = 1  \n' },
    { role: 'user', content: 'b' },
  ];
  expect(await promptText(variant({ tokenizer: { chat_template: strips } }), messages)).toBe(
    'user:a|assistant:    x = 1  |user:b|',
  );
  const windows = '{% for m in messages %}\r\n{{ m.role }}\r\n{% endfor %}\r\nend\r\n';
  expect(await promptText(variant({ template: windows }), messages.slice(0, 1))).toBe('user\nend');
});

test('a template takes the same day for today until another is set', async () => {
  const template = "{{ strftime_now('%d %b %Y') }}";
  const model = variant({ tokenizer: { chat_template: template } });
  const hi = [{ role: 'user', content: 'hi' }];
  expect(await promptText(model, hi)).toBe('26 Jul 2024');
  expect(await promptText(model, hi, '--date', '2026-03-01')).toBe('01 Mar 2026');
  const { status, stderr } = await rcsdHere(['score', '--model', model, '--date', 'today'], { input: '' });
  expect([status, stderr]).toEqual([2, expect.stringMatching(/--date must be a day written YYYY-MM-DD/)]);
});

test('generate and score render messages in the asked mode of thinking', async () => {
  const template =
    "{% for m in messages %}{{ m.content }}{% endfor %}{% if enable_thinking is defined %}{{ ' yes' if enable_thinking else ' no' }}{% endif %}";
  const model = variant({ template });
  const input = join(folder, 'messages.jsonl');
  writeFileSync(
    input,
    `${JSON.stringify({ id: 'a', messages: [{ role: 'user', content: 'Is it?' }], completion: ' it' })}\n`,
  );
  const { encode } = readTokenizer(model) as Tokenizer;
  for (const [asked, said] of [
    [[], ''],
    [['--thinking', 'true'], ' yes'],
    [['--thinking', 'false'], ' no'],
  ] as const)
    for (const command of ['generate', 'score']) {
      const output = join(folder, `${command}${said}.jsonl`);
      const longest = command === 'generate' ? ['--max_tokens', '1'] : [];
      const words = [command, '--model', model, '--input', input, '--output', output, ...longest, ...asked];
      expect(await rcsdHere(words)).toMatchObject({ status: 0 });
      expect(readJsonl(output, (row) => row)[0]).toMatchObject({ prompt_ids: encode(`Is it?${said}`) });
    }
});

test('a planned run prints its memory by part and writes nothing, and needs no weights', async () => {
  const model = variant({});
  rmSync(join(model, 'model.safetensors'));
  const { status, stdout } = await rcsdHere([
    ...[
      'train',
      '--dry_run',
      'algorithm=opsd',
      `model=${model}`,
      'data=data/science-sample',
      'max_tokens=8',
      'memory=3',
    ],
    ...[`runs=${folder}`, 'name=planned'],
  ]);
  expect(status).toBe(0);
  for (const part of ['memory', 'program', 'weights', 'rows decoded at once', 'tokens', 'operations', 'time', 'disk'])
    expect(stdout).toMatch(new RegExp(`^ +${part} `, 'm'));
  expect(stdout).toContain('the plan may use 3.0 GiB');
  expect(existsSync(join(folder, 'planned'))).toBe(false);
});

test('weights=bf16 trains, and its run says so and goes on so; without adapters it is refused', async () => {
  expect((await trained('kept', 'algorithm=opsd', 'max_tokens=4', 'weights=bf16', 'rank=2')).status).toBe(0);
  const { settings } = readJsonFile(join(folder, 'kept', 'config.json')) as { settings: Record<string, unknown> };
  expect(settings).toMatchObject({ weights: 'bf16', batches: { rollouts: 256, rubrics: 128, evaluation: 256 } });
  const again = await trained('kept', 'algorithm=opsd', 'max_tokens=4', 'weights=auto', 'rank=2', '--resume');
  expect(again.status).toBe(0);
  const refused = await trained('whole-bf16', 'weights=bf16', 'rank=0');
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('lora.rank=0 trains all of them')]);
});
