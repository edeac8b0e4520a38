/** Checks the files of an evaluation's folder as they are read: other programs, and damage, may have written in them. */
import { InputError } from './errors';
import type { EvaluationResults, SampleRow } from './rows';
import { isObject } from './values';

const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const isNumber = (value: unknown): boolean => Number.isFinite(value);
const orNull = (check: (value: unknown) => boolean) => (value: unknown) => value === null || check(value);

/** The lists of a row that have an entry for each response, with what an entry is. */
const PER_RESPONSE: Readonly<Record<string, (value: unknown) => boolean>> = {
  correct: isFlag,
  filtered_resps: orNull((value) => typeof value === 'string'),
  truncated: isFlag,
  tokens: isNumber,
};
/** The same for lists that a row may lack. */
const OPTIONAL: Readonly<Record<string, (value: unknown) => boolean>> = {
  scores: orNull(isNumber),
  process: orNull(isNumber),
  rule: orNull(isFlag),
};
/** The parts of a results.json with an object for each task; of these only `results` must be there. */
const BY_TASK = ['results', 'counts', 'configs', 'n-samples', 'true_rule'];

/** The content of a results.json. Throws InputError for one that holds no scores by task. */
export function checkResults(json: Record<string, unknown>, where: string): EvaluationResults {
  const wrong = BY_TASK.find((name) => {
    const part = json[name];
    return part === undefined ? name === 'results' : !isObject(part) || !Object.values(part).every(isObject);
  });
  const config = json.config === undefined || isObject(json.config);
  const decodings =
    json.decodings === undefined || (isObject(json.decodings) && Object.values(json.decodings).every(areDecoded));
  const name = wrong ?? (config ? (decodings ? undefined : 'decodings') : 'config');
  if (name === undefined) return json as unknown as EvaluationResults;
  throw new InputError(`${where} is damaged: "${name}" does not hold what an evaluation writes there; evaluate again.`);
}

const areDecoded = (value: unknown): boolean =>
  Array.isArray(value) && value.every((own) => isObject(own) && isObject(own.decoding) && isObject(own.scores));

/** One line of samples_TASK.jsonl. Throws InputError with the field that is missing or of another kind. */
export function checkSampleRow(row: object, where: string): SampleRow {
  const fields = row as Readonly<Record<string, unknown>>;
  const { doc, decoding, loglikelihoods } = fields;
  const size = Array.isArray(fields.correct) ? fields.correct.length : 0;
  const fits = (name: string, check: (value: unknown) => boolean): boolean => {
    const list = fields[name];
    return Array.isArray(list) && list.length === size && list.every(check);
  };
  const isDoc =
    isObject(doc) && typeof doc.id === 'string' && typeof doc.question === 'string' && areTexts(doc.choices);
  const wrong =
    (isDoc ? undefined : 'doc') ??
    (Array.isArray(fields.resps) ? undefined : 'resps') ??
    Object.entries(PER_RESPONSE).find(([name, check]) => !fits(name, check))?.[0] ??
    Object.entries(OPTIONAL).find(([name, check]) => fields[name] !== undefined && !fits(name, check))?.[0] ??
    (decoding === undefined || (isObject(decoding) && isNumber(decoding.temperature)) ? undefined : 'decoding') ??
    (loglikelihoods === undefined || Array.isArray(loglikelihoods) ? undefined : 'loglikelihoods');
  if (wrong === undefined) return row as SampleRow;
  throw new InputError(
    `${where} is damaged: "${wrong}" does not hold what an evaluation writes there; evaluate again.`,
  );
}

const areTexts = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.every((each) => typeof each === 'string'));
