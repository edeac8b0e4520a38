/** The answers of a run as the viewer shows them: of its training, and of its evaluations. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodingIn, decodingText, samplingText } from '../../base/records/decoding';
import { InputError } from '../../base/records/errors';
import { checkSampleRow } from '../../base/records/evaluationFiles';
import type { CompletionRow, EvaluationMoment, RubricRow, SampleRow } from '../../base/records/rows';
import type { Criterion } from '../../base/records/rubric';
import { scoresOfRow } from '../../method/scoring/guidance';
import { pretty } from '../../questions/tasks/microscience';
import type { FoundRun } from './folders';
import { type Growing, growing } from './growing';
import type { KnownQuestions } from './questions';
import type { AnswerDetail, AnswerRow, AnswerSource } from './shapes';

/** The answers of one file. Both functions read what is there after the last `refresh`. */
export interface Answers extends Pick<AnswerSource, 'kind' | 'label'> {
  readonly file: Pick<Growing<unknown>, 'refresh' | 'generation' | 'damaged'> & { readonly rows: readonly unknown[] };
  row(at: number): AnswerRow;
  detail(at: number): AnswerDetail;
}

/** Texts longer than this are cut in the list; the answer itself has them whole. */
const LISTED = 4000;

const stringOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textOf = (question: { readonly task?: string } | undefined, text: string): string =>
  question?.task === 'microscience' ? pretty(text) : text;
const metadataOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** The files with answers of a run: its completions, and the samples of its evaluations. */
export function answersOf(found: FoundRun, known: KnownQuestions): Answers[] {
  const evaluations = (['before', 'after'] as const).flatMap((moment) =>
    sampleFiles(join(found.run.path, 'eval', moment)).map((path) => sampled(path, moment, found, known)),
  );
  return [trained(found, known), ...evaluations];
}

const sampleFiles = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /^samples_.*\.jsonl$/.test(name))
        .sort()
        .map((name) => join(folder, name))
    : [];

function trained(found: FoundRun, known: KnownQuestions): Answers {
  // What stage I writes are rubrics, which the rules for answers do not judge.
  const answering = found.run.name !== 'stage-1';
  const decoding = trainedBy(found);
  const rows = growing(join(found.run.path, 'completions.jsonl'), (line): AnswerRow[] => {
    const nats = listOf(line.divergence).flatMap((value) => numberOf(value) ?? []);
    const question = known.of(stringOf(line.question_id));
    return [
      {
        question: stringOf(line.question_id),
        step: numberOf(line.step),
        sample: numberOf(line.sample) ?? 0,
        text: stringOf(line.text).slice(0, LISTED),
        verdict: 'unknown',
        unparsed: false,
        truncated: line.finish_reason === 'length',
        task: question?.task ?? '',
        stratum: metadataOf(question?.metadata?.stratum),
        subject: metadataOf(question?.metadata?.subject),
        decoding,
        tokens: listOf(line.completion_ids).length,
        divergence: nats.length > 0 ? nats.reduce((a, b) => a + b, 0) / nats.length : null,
        reward: numberOf(line.reward),
        details: typeof line.details === 'object' && line.details !== null,
      },
    ];
  });
  // Grading may take its time, so it waits until a row is asked for, and is done once.
  const graded = new WeakMap<AnswerRow, AnswerRow>();
  return {
    kind: 'training',
    label: 'training',
    file: rows,
    row: (at) => {
      const row = rows.rows[at] as AnswerRow;
      const done = graded.get(row);
      if (done) return done;
      const grade = answering ? known.grade(row.question, row.text) : undefined;
      const own: AnswerRow = {
        ...row,
        text: textOf(known.of(row.question), row.text),
        verdict: grade ? (grade.correct ? 'right' : 'wrong') : 'unknown',
        unparsed: grade?.extracted === null,
      };
      graded.set(row, own);
      return own;
    },
    detail: (at) => {
      const line = rows.line(at) as unknown as CompletionRow;
      const id = stringOf(line.question_id);
      const text = stringOf(line.text);
      const grade = answering ? known.grade(id, text) : undefined;
      return {
        prompt: stringOf(line.prompt),
        teacherPrompts: line.teacher_prompts ?? (line.teacher_prompt === undefined ? [] : [line.teacher_prompt]),
        text: textOf(known.of(id), text),
        ...asked(known, id),
        extracted: grade?.extracted ?? null,
        ...rubricOf(found, known, { id, text: answering ? text : '' }),
        scores: scoresOfRow(line) ?? null,
        process: grade?.process ?? null,
      };
    },
  };
}

/** How a run draws what it trains on; of what the data wrote, this is said too. */
function trainedBy({ run: { config } }: FoundRun): string {
  const { settings } = config;
  const stage = (settings.stage2 ?? settings.settings ?? {}) as { readonly sampling?: object };
  return samplingText(decodingIn({ ...stage.sampling, samples: 1 }));
}

function asked(known: KnownQuestions, id: string): Pick<AnswerDetail, 'asked' | 'choices' | 'target'> {
  const question = known.of(id);
  return {
    asked: question ? textOf(question, question.question) : null,
    choices: question?.choices ?? [],
    target: question?.answer ?? null,
  };
}

/** The criteria behind an answer: those that the run's teacher saw, otherwise the reference ones. */
function rubricOf(
  { run, whole }: FoundRun,
  known: KnownQuestions,
  { id, text }: { readonly id: string; readonly text: string },
): Pick<AnswerDetail, 'rubricSource' | 'criteria'> {
  const seen = run.name === 'stage-1' ? undefined : seenRubric(whole, id);
  const rubric = seen ?? known.reference(id);
  if (!rubric) return { rubricSource: null, criteria: [] };
  const criteria = known
    .mark(rubric.criteria as readonly Criterion[], text)
    .map((own) => ({ ...own, description: textOf(known.of(id), own.description) }));
  return {
    rubricSource: rubric.source,
    criteria: text === '' ? criteria.map((own) => ({ ...own, verdict: 'not judged' })) : criteria,
  };
}

/** A run's rubrics by question; they are written before its training, so that they are read once. */
const rubricsOf = new WeakMap<object, ReadonlyMap<string, RubricRow>>();

function seenRubric(whole: FoundRun['whole'], id: string): RubricRow | undefined {
  let rubrics = rubricsOf.get(whole);
  if (!rubrics) {
    rubrics = new Map(whole.rubrics().flatMap((row) => (row.valid ? [[row.question_id, row] as const] : [])));
    if (rubrics.size > 0) rubricsOf.set(whole, rubrics);
  }
  return rubrics.get(id);
}

interface Sample {
  readonly row: AnswerRow;
  readonly index: number;
}

function sampled(path: string, moment: EvaluationMoment, found: FoundRun, known: KnownQuestions): Answers {
  const task = /^samples_(.*)\.jsonl$/.exec(path.slice(path.lastIndexOf('/') + 1))?.[1] ?? '';
  const rows = growing(path, (line): Sample[] => {
    const checked = checkedRow(line, path);
    return checked ? checked.resps.map((_, index) => ({ row: sampleRow(checked, index, task), index })) : [];
  });
  return {
    kind: 'evaluation',
    label: moment,
    file: rows,
    row: (at) => (rows.rows[at] as Sample).row,
    detail: (at) => {
      const { index } = rows.rows[at] as Sample;
      const line = checkSampleRow(rows.line(at), path);
      const text = stringOf(line.resps[index]);
      const question = known.of(line.doc.id) ?? { task };
      return {
        prompt: stringOf(line.arguments?.gen_args_0?.arg_0),
        teacherPrompts: [],
        text: textOf(question, text),
        asked: textOf(question, line.doc.question),
        choices: line.doc.choices ?? [],
        target: stringOf(line.target),
        extracted: line.filtered_resps[index] ?? null,
        ...rubricOf(found, known, { id: line.doc.id, text }),
        scores: null,
        process: line.process?.[index] ?? null,
      };
    },
  };
}

function checkedRow(line: object, path: string): SampleRow | undefined {
  try {
    return checkSampleRow(line, path);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function sampleRow(line: SampleRow, index: number, task: string): AnswerRow {
  return {
    question: line.doc.id,
    step: null,
    sample: index,
    text: textOf({ task }, stringOf(line.resps[index]).slice(0, LISTED)),
    verdict: line.correct[index] ? 'right' : 'wrong',
    unparsed: line.filtered_resps[index] === null,
    truncated: line.truncated[index] === true,
    task,
    stratum: metadataOf(line.doc.stratum),
    subject: metadataOf(line.doc.subject),
    decoding: line.decoding ? decodingText(line.decoding) : 'decoding not recorded',
    tokens: line.tokens[index] ?? 0,
    divergence: null,
    reward: line.scores?.[index] ?? null,
    details: false,
  };
}
