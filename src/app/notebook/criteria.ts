/**
 * Which criteria of a rubric are met, according to a judge's probabilities and to a rule on words, and whether either
 * can be trusted.
 */

import type { Question } from '../../base/records/question';
import type { Criterion } from '../../base/records/rubric';
import { openModel } from '../../engine/model/load';
import { requireTokenizer } from '../../engine/model/model';
import { judgePrompts } from '../../method/prompts/judge';
import { defaultTemplates } from '../../method/prompts/templates';
import { localJudge } from '../../method/rewards/judges/readout';
import { withoutCategory } from '../../method/rubrics/criteria';
import { areaUnderCurve } from '../../method/rubrics/discrimination';
import { parseRubric } from '../../method/rubrics/parse';
import { normalizeWords } from '../../questions/grading/equivalence/words';
import { clusteredShare } from '../../results/evaluation/statistics';
import { percent, percentInterval, visibleText } from '../../results/figures/text';
import { cohenKappa, spearman } from '../../results/judges/agreement';
import { mean, type Row } from './analysis';
import { type Benchmark, type BenchmarkSizes, shippedReadings } from './benchmarks';

/**
 * One response, and how far it meets each criterion according to two readers: degrees from 0 to 1, null where the judge
 * gave none.
 */
export interface JudgedResponse {
  readonly source: string;
  readonly question: Question;
  readonly response: string;
  readonly criteria: readonly Criterion[];
  readonly judge: readonly (number | null)[];
  readonly words: readonly number[];
}

/** Authors of responses in the shipped files, and their names in the tables. */
const SOURCES: Readonly<Record<string, string>> = {
  base: 'base',
  SFT: 'sft',
  RCSD: 'rcsd',
  'reference solution': 'solution',
};

const criteriaOf = ({ id, rubric }: Question): readonly Criterion[] =>
  rubric ? parseRubric(JSON.stringify(rubric), { questionId: id, source: 'reference' }).criteria : [];

/** Words that carry content: those of five letters or more. */
const tellingWords = (text: string): Set<string> =>
  new Set(
    normalizeWords(text)
      .split(' ')
      .filter(({ length }) => length >= 5),
  );

/**
 * Share of a criterion's content words that occur in a response. A rule that anyone can check, but that does not see
 * what is said with the words.
 */
export function wordShare({ description }: Pick<Criterion, 'description'>, response: string): number {
  const wanted = [...tellingWords(withoutCategory(description))];
  const given = tellingWords(response);
  return wanted.length > 0 ? wanted.filter((word) => given.has(word)).length / wanted.length : 0;
}

/**
 * Judges the first answer of every method to each question that has a rubric, and the reference solutions. On the
 * sample, the shipped readings of the judge are used; on a registered data set, the given model reads at most `judged`
 * questions.
 */
export async function judgeCriteria(
  { registered, methods }: Benchmark,
  { model }: BenchmarkSizes,
  judged: number,
): Promise<JudgedResponse[]> {
  const written = methods.flatMap(({ method, evaluation }) =>
    evaluation.results.map(({ question, responses }) => ({ source: method, question, response: responses[0]?.text })),
  );
  const solutions = (methods[0]?.evaluation.results ?? []).map(({ question }) => ({
    source: 'reference solution',
    question,
    // Data sets that are judged by rubrics have a reference answer of several sentences, or none.
    response: question.solution ?? (question.answer || undefined),
  }));
  const cases = [...written, ...solutions].flatMap(({ source, question, response }) => {
    const criteria = criteriaOf(question);
    if (response === undefined || criteria.length === 0) return [];
    return [
      { source, question, response, criteria, words: criteria.map((criterion) => wordShare(criterion, response)) },
    ];
  });
  const readings = registered ? await readHere(cases, model, judged) : readShipped(cases);
  return cases.map((own, i) => ({ ...own, judge: readings[i] ?? own.criteria.map(() => null) }));
}

type Case = Omit<JudgedResponse, 'judge'>;

function readShipped(cases: readonly Case[]): (readonly number[] | undefined)[] {
  const { criteria } = shippedReadings();
  return cases.map(({ source, question }) => criteria[SOURCES[source] ?? '']?.[question.id]);
}

async function readHere(
  cases: readonly Case[],
  name: string,
  judged: number,
): Promise<(readonly (number | null)[] | undefined)[]> {
  const ids = new Set([...new Set(cases.map(({ question }) => question.id))].slice(0, judged));
  const model = await openModel(name);
  try {
    const judge = localJudge(model, judgePrompts(requireTokenizer(model), { templates: defaultTemplates() }));
    const asked = cases.map(({ question, response, criteria }) =>
      ids.has(question.id) ? criteria.map((criterion) => ({ judged: { question, response }, criterion })) : [],
    );
    const degrees = await judge.criteria(asked.flat());
    let at = 0;
    return asked.map((own) => (own.length > 0 ? own.map(() => degrees[at++] ?? null) : undefined));
  } finally {
    model.dispose();
  }
}

/** For each response, the degrees of criteria with settled polarity, as shares of what is good. */
function goodShares({ criteria, judge, words }: JudgedResponse, reader: 'judge' | 'words'): number[] {
  return criteria.flatMap((criterion, i) => {
    const degree = reader === 'judge' ? judge[i] : words[i];
    if (degree === null || degree === undefined || criterion.polarity === null) return [];
    return [criterion.polarity === 'satisfied is good' ? degree : 1 - degree];
  });
}

const sourcesOf = (judged: readonly JudgedResponse[]): string[] => [...new Set(judged.map(({ source }) => source))];

/**
 * How good each source's responses are, by importance of the criterion and by reader; 95 % intervals over questions.
 */
export function criterionRows(judged: readonly JudgedResponse[]): Row[] {
  return (['judge', 'words'] as const).flatMap((reader) =>
    (['essential', 'important', 'optional', 'pitfall'] as const).map((importance) => {
      const cells = sourcesOf(judged).map((source) => {
        const shares = judged
          .filter((own) => own.source === source)
          .map((own) => {
            const kept = own.criteria.map((criterion) => criterion.importance === importance);
            const only = <T>(values: readonly T[]) => values.filter((_, i) => kept[i]);
            return goodShares(
              { ...own, criteria: only(own.criteria), judge: only(own.judge), words: only(own.words) },
              reader,
            );
          });
        return [source, percentInterval(clusteredShare(shares.filter(({ length }) => length > 0)))];
      });
      return { reader, criteria: importance, ...Object.fromEntries(cells) };
    }),
  );
}

/**
 * For each reader: whether it tells reference solutions from a method's answers, whether it prefers length, and whether
 * both readers agree.
 */
export function readerRows(judged: readonly JudgedResponse[]): Row[] {
  const both = judged.filter(({ judge }) => judge.some((degree) => degree !== null));
  const verdicts = both.flatMap(({ judge, words }) =>
    judge.flatMap((degree, i) =>
      degree === null ? [] : [[Number(degree >= 0.5), Number((words[i] ?? 0) >= 0.5)] as const],
    ),
  );
  const kappa = cohenKappa(verdicts, 2);
  return (['judge', 'words'] as const).map((reader) => {
    const scored = both
      .map((own) => ({ ...own, score: mean(goodShares(own, reader)) }))
      .filter(({ score }) => Number.isFinite(score));
    const of = (isSolution: boolean) =>
      scored.filter(({ source }) => (source === 'reference solution') === isSolution).map(({ score }) => score);
    const number = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(2));
    return {
      reader,
      responses: scored.length,
      'tells solutions from answers (AUC)': number(areaUnderCurve(of(true), of(false))),
      'rank correlation with length': number(
        spearman(
          scored.map(({ score }) => score),
          scored.map(({ response }) => response.length),
        ),
      ),
      'finds met': percent(mean(verdicts.map(([a, b]) => (reader === 'judge' ? a : b)))),
      'kappa of both': number(kappa),
    };
  });
}

/** The criteria of one question, with what judge and words say about every source. */
export function rubricRows(judged: readonly JudgedResponse[], id: string): Row[] {
  const own = judged.filter(({ question }) => question.id === id);
  return (own[0]?.criteria ?? []).map(({ description, weight }, i) => ({
    weight,
    criterion: visibleText(description, 200),
    ...Object.fromEntries(
      own.map(({ source, judge, words }) => [source, `${percent(judge[i])} / ${percent(words[i])}`]),
    ),
  }));
}
