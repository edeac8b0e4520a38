/** All benchmarks, by name. */
import { nearestName } from '../../../base/config/nearest';
import { InputError } from '../../../base/records/errors';
import type { Benchmark } from './benchmark';
import { GPQA } from './gpqa';
import { MANY_CHOICES } from './manyChoices';
import { MATH_SETS } from './mathSets';
import { MEDMCQA } from './medmcqa';
import { NATURAL_REASONING } from './naturalReasoning';
import { PIQA } from './piqa';
import { PUBMEDQA } from './pubmedqa';
import { RUBRIC_SETS } from './rubricSets';
import { SCHOOL } from './school';
import { SCIBENCH } from './scibench';
import { SCIKNOWEVAL } from './sciknoweval';

/** The paper's benchmarks come first. */
export const BENCHMARKS: readonly Benchmark[] = [
  ...GPQA,
  SCIBENCH,
  PIQA,
  ...RUBRIC_SETS,
  NATURAL_REASONING,
  MEDMCQA,
  PUBMEDQA,
  ...MANY_CHOICES,
  ...SCHOOL,
  ...MATH_SETS,
  SCIKNOWEVAL,
];

/** The benchmark of a name; undefined for an unknown one. */
export const findBenchmark = (name: string): Benchmark | undefined => BENCHMARKS.find((each) => each.name === name);

/** The benchmark of a name. Throws InputError that suggests a similar name. */
export function benchmarkNamed(name: string): Benchmark {
  const found = findBenchmark(name);
  if (found) return found;
  const names = BENCHMARKS.map((each) => each.name);
  const near = nearestName(name, names);
  throw new InputError(
    `There is no benchmark ${name}; ${near ? `did you mean ${near}?` : `known are ${names.join(', ')}.`}`,
  );
}
