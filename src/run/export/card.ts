/**
 * The model card of an export (README.md): what was done to the model, with what data and settings, what was measured and how,
 * and what is not known. Everything in it is read from the run folder; texts of others are escaped.
 */
import { decodingText } from '../../base/records/decoding';
import { printable } from '../../base/records/printable';
import type { Run } from '../../base/records/runReader';
import type { HubName } from '../../engine/files/hubCache';
import { ALGORITHMS } from '../../method/algorithms';
import { percent, percentInterval, visibleText } from '../../results/figures/text';
import { dotted } from '../../results/report/report';
import type { MethodSummary } from '../../results/report/reportData';
import { reportData } from '../experiments/report';
import type { Distance } from './trial';

/** What a card says beside what the run folder holds. */
export interface CardFacts {
  readonly name: string;
  readonly format: 'merged' | 'peft' | 'gguf';
  /** How the weights are stored, in words. */
  readonly storage: string;
  /** The files, for the lines that open them. */
  readonly file?: string;
  readonly base: { readonly name: string; readonly hub?: HubName };
  readonly run?: Run;
  readonly step?: number;
  /** From the model to what was read back. */
  readonly distance: Distance;
  readonly notes: readonly string[];
}

/** Text of others on one line, without a meaning in Markdown or HTML. */
const cell = (text: unknown): string =>
  visibleText(typeof text === 'string' ? text : (JSON.stringify(text) ?? ''), 400)
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[|<&]/g, (sign) => (sign === '<' ? '&lt;' : sign === '&' ? '&amp;' : `\\${sign}`));

/** A table whose cells are Markdown already. */
const lines = (rows: readonly (readonly string[])[]): string => rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
const table = (head: readonly string[], rows: readonly (readonly unknown[])[]): string =>
  lines([head, head.map(() => '---'), ...rows.map((row) => row.map(cell))]);

/** The whole file. */
export function modelCard(facts: CardFacts): string {
  const { run, name, base, notes } = facts;
  const sections = [
    frontMatter(facts),
    `# ${cell(name)}`,
    run ? trainedLead(facts, run) : `${cell(base.name)} in another form. It was not trained by this program.`,
    run && section('Method', method(facts, run)),
    run && section('Data', data(run)),
    run && section('Scores', scores(facts, run)),
    section(
      'Limits',
      limits(facts)
        .map((text) => `- ${text}`)
        .join('\n'),
    ),
    section('How to open it', `\`\`\`${opening(facts)}\n\`\`\``),
    section('What was checked', checked(facts)),
    notes.length > 0 && section('Notes', notes.map((note) => `- ${cell(note)}`).join('\n')),
    run && section('Settings', settings(run)),
    run && section('Where these numbers come from', provenance(run)),
  ];
  return `${sections.filter(Boolean).join('\n\n')}\n`;
}

const section = (title: string, content: string): string => `## ${title}\n\n${content}`;

/** YAML, in which JSON's strings are strings too. */
function frontMatter({ format, base, run }: CardFacts): string {
  const algorithm = run && String(run.config.settings.algorithm ?? 'pretraining');
  const tags = [
    ...new Set(['rcsd', ...(algorithm ? [printable(algorithm)] : []), ...(format === 'gguf' ? ['gguf'] : [])]),
  ];
  const library = { merged: 'transformers', peft: 'peft', gguf: 'gguf' }[format];
  const lines = [
    ...(base.hub ? [`base_model: ${JSON.stringify(base.hub.id)}`] : []),
    `library_name: ${library}`,
    'pipeline_tag: text-generation',
    `tags: ${JSON.stringify(tags)}`,
  ];
  return `---\n${lines.join('\n')}\n---`;
}

const textSetting = (run: Run, name: string): string | undefined => {
  const value = run.config.settings[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
};

function trainedLead({ base, step }: CardFacts, run: Run): string {
  const algorithm = textSetting(run, 'algorithm');
  const how =
    algorithm === undefined ? 'pretrained' : `trained with \`algorithm=${cell(algorithm)}\` from ${cell(base.name)}`;
  const which = step === undefined ? 'the result of the run' : `the checkpoint of update ${step} of the run`;
  return `A language model ${how} by rcsd, a laboratory for Rubric-Conditioned Self-Distillation (arXiv 2606.19327). It is ${which} ${cell(run.name)}.`;
}

/** The stage whose model the run ends with. */
const lastStage = (run: Run): Run => run.stages().at(-1) ?? run;

function method({ format }: CardFacts, run: Run): string {
  const algorithm = ALGORITHMS.find(({ name }) => name === run.config.settings.algorithm);
  const metrics = lastStage(run).metrics();
  const tokens = metrics.reduce((sum, { num_tokens: own }) => sum + (own ?? 0), 0);
  const lora = run.config.settings.lora as { rank?: number; alpha?: number } | undefined;
  const about = algorithm
    ? [
        ['completions', algorithm.about.completions],
        ['teacher sees', algorithm.about.teacher],
        ['loss', algorithm.about.loss],
        ['source', algorithm.about.source],
      ]
    : [];
  const adapted = lora?.rank
    ? `rank ${lora.rank}, alpha ${lora.alpha}${format === 'peft' ? '' : ', merged here'}`
    : 'no';
  const rows = [
    ['updates', String(metrics.at(-1)?.step ?? 0)],
    ['completion tokens learned from', String(tokens)],
    ['LoRA', adapted],
  ];
  return lines([['what', 'value'], ['---', '---'], ...about, ...rows]);
}

function data(run: Run): string {
  const digests = Object.entries(run.config.inputs ?? {}).filter(([name]) => /questions|rubrics/.test(name));
  const rubrics = run.rubrics();
  const { data: name, rubric_source: source } = reportData(run).settings as { data?: string; rubric_source?: string };
  const rows = [
    ['data', name ?? 'not recorded'],
    ...(rubrics.length > 0 ? [['rubrics', `${source ?? 'source not recorded'}, ${rubrics.length} of them`]] : []),
    ...digests.map(([input, digest]) => [`SHA-256 of ${input.replaceAll('_', ' ')}`, digest]),
  ];
  return table(['what', 'value'], rows);
}

function scores({ step }: CardFacts, run: Run): string {
  const { methods, intervals } = reportData(run);
  if (methods.length === 0) return 'The run was not evaluated.';
  const row = (own: MethodSummary) => [
    own.method,
    decodingText(own.decoding),
    percentInterval(own.accuracy),
    `${own.questions} × ${own.samples}`,
    own.unparsed,
    own.truncated,
  ];
  const head = ['model', 'decoding', 'accuracy', 'questions × samples', 'unparsed', 'truncated'];
  const whose =
    step === undefined ? '' : ` The scores after training are those of the run's result, not of update ${step}.`;
  return `${table(head, methods.map(row))}\n\nIntervals: ${intervals}. Unparsed answers count as wrong.${whose}`;
}

function limits({ run, base, format }: CardFacts): string[] {
  const methods = run ? reportData(run).methods : [];
  const worst = methods.reduce(
    (most, { truncated, questions, samples }) => Math.max(most, truncated / (questions * samples)),
    0,
  );
  return [
    ...(run && methods.length > 0
      ? [
          'One run with one seed: the intervals say how far other questions could move a score, not how far another training could.',
        ]
      : []),
    ...(run && methods.length === 0 ? ['Nothing is known of its accuracy.'] : []),
    ...(worst > 0.05
      ? [`Up to ${percent(worst)} of the answers behind a score were cut off at the length limit.`]
      : []),
    'It was not tested for safety, for other languages, or for other uses than answering questions of its data.',
    'The licence of the base model and of the data holds; this card names none.',
    ...(format === 'peft' && base.name !== base.hub?.id && base.hub
      ? [
          `It was trained on the weights of ${cell(base.name)}, which are not exactly those of ${cell(base.hub.id)}; scores on top of the latter may differ.`,
        ]
      : []),
  ];
}

function opening({ format, file, base }: CardFacts): string {
  if (format === 'gguf') return `\nllama-cli -m ${file} -p "..."\nnpx rcsd evaluate model=${file}`;
  if (format === 'merged')
    return `python\nfrom transformers import AutoModelForCausalLM, AutoTokenizer\nmodel = AutoModelForCausalLM.from_pretrained("PATH")\ntokenizer = AutoTokenizer.from_pretrained("PATH")`;
  return `python\nfrom peft import AutoPeftModelForCausalLM\nmodel = AutoPeftModelForCausalLM.from_pretrained("PATH")  # loads ${printable(base.hub?.id ?? 'the base model')} too`;
}

function checked({ distance, storage }: CardFacts): string {
  const { largest, mean } = distance;
  return `Stored as ${storage}. What was written was read back, and its log-probabilities of ids over the whole vocabulary and of two texts were compared with those of the model in fp32: largest distance ${largest.toExponential(1)}, mean ${mean.toExponential(1)} nats a token.`;
}

function settings(run: Run): string {
  const rows = dotted(reportData(run).settings);
  return `<details><summary>All settings</summary>\n\n${table(['setting', 'value'], rows)}\n\n</details>`;
}

const provenance = (run: Run): string => {
  const { provenance: facts = {} } = reportData(run);
  const digests = Object.entries(run.config.inputs ?? {}).map(([name, digest]) => [`SHA-256 of ${name}`, digest]);
  return table(['what', 'value'], [...Object.entries(facts), ...digests]);
};
