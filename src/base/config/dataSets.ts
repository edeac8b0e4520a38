/** Several data sets in one setting: `data=a,b`, with `data_weights=0.7,0.3` for how often each is drawn from. */
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { StageSettings, TrainConfig } from './configs';
import { refuse } from './refuse';

/** The data sets that a setting names, one or several; a path that is there may have commas in its name. */
export const dataSets = (data: string): string[] =>
  !data.includes(',') || existsSync(data) ? [data] : data.split(',').map((name) => name.trim());

/** Whether a setting names the embedded suite, which is asked in tokens of its own. */
const isSuite = (name: string): boolean => !isAbsolute(name) && name.startsWith('microscience');

/** Weights of the data sets that a stage learns from; undefined where every question counts the same. */
export const weightsOf = ({ data_weights: common }: TrainConfig, stage: StageSettings): readonly number[] | undefined =>
  stage.data_weights ?? (stage.data === undefined ? common : undefined);

function checkSets(name: string, data: string, given: readonly number[] | undefined): void {
  const sets = dataSets(data);
  refuse(sets.includes(''), `${name}=${data} has a comma too many; separate data sets by one comma each.`);
  const twice = sets.find((set, i) => sets.indexOf(set) < i);
  refuse(twice !== undefined, `${name}=${data} names ${twice} twice; give it a weight with ${name}_weights instead.`);
  refuse(
    sets.length > 1 && sets.some(isSuite),
    `${name}=${data}: microscience is asked in tokens of its own, which no other data has; name it alone.`,
  );
  const weights = `${name}_weights=${given}`;
  refuse(
    given !== undefined && given.length !== sets.length,
    `${weights} has ${given?.length} numbers for ${sets.length} data ${sets.length === 1 ? 'set' : 'sets'} (${name}=${data}); give one for each.`,
  );
  refuse(
    given?.some((weight) => weight <= 0) === true,
    `${weights}: a weight is a number above 0; leave a data set that is not to be drawn from out of ${name}=${data}.`,
  );
}

/** Throws InputError for data sets that do not go together, and for weights that do not belong to them. */
export function checkData(config: TrainConfig): void {
  checkSets('data', config.data, config.data_weights);
  for (const at of ['stage1', 'stage2'] as const) {
    const { data, data_weights: weights } = config[at];
    if (data === undefined && weights === undefined) continue;
    checkSets(`${at}.data`, data ?? config.data, weights);
    refuse(
      data !== undefined && (isSuite(config.data) || dataSets(data).some(isSuite)),
      `${at}.data=${data} with data=${config.data}: microscience is asked in tokens of its own, so both stages and the evaluation take the same data; leave out ${at}.data.`,
    );
  }
}
