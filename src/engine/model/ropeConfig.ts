/** Reads how a `config.json` sets and scales the rotary positions. */

import { InputError } from '../../base/records/errors';
import { shownValue } from '../../base/records/printable';
import { isObject } from '../../base/records/values';
import { fieldReader } from './fields';

/** Long wavelengths are stretched by `factor`, short ones stay, those in between are blended. */
export interface Llama3Scaling {
  readonly type: 'llama3';
  readonly factor: number;
  readonly lowFreqFactor: number;
  readonly highFreqFactor: number;
  readonly originalMaxPositions: number;
}

/** All wavelengths are stretched by `factor`. */
export interface LinearScaling {
  readonly type: 'linear';
  readonly factor: number;
}

/** YaRN (arXiv 2309.00071): as Llama 3's, with a ramp over the dimensions; cos and sin are multiplied by `attentionFactor`. */
export interface YarnScaling {
  readonly type: 'yarn';
  readonly factor: number;
  readonly originalMaxPositions: number;
  /** Turns within the original length at which the ramp begins and ends. */
  readonly betaFast: number;
  readonly betaSlow: number;
  /** Whether the ramp's ends are whole dimensions. */
  readonly truncate: boolean;
  readonly attentionFactor: number;
}

/** Rotary embedding: its base, and the scaling of its frequencies. */
export interface RopeConfig {
  readonly theta: number;
  readonly scaling?: Llama3Scaling | LinearScaling | YarnScaling;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Newer files have all fields in `rope_parameters`, older ones have some beside `rope_scaling`, which wins if there are
 * both. What stands inside wins over what stands beside it.
 */
export function ropeFields(json: Fields): Fields {
  const fields = [json.rope_scaling, json.rope_parameters].find(
    (value) => isObject(value) && Object.keys(value).length,
  );
  const beside = Object.entries(json).filter(
    ([name, value]) => (name === 'rope_theta' || name === 'partial_rotary_factor') && value != null,
  );
  return { ...Object.fromEntries(beside), ...(isObject(fields) && fields) };
}

/**
 * The rotary positions of a model. `dynamic` changes nothing within `max_position_embeddings`, which no text exceeds here. Throws
 * InputError for other scalings, which it names.
 */
export function parseRope(json: Fields, where: string): RopeConfig {
  const place = `${where}, ${isObject(json.rope_scaling) ? 'rope_scaling' : 'rope_parameters'}`;
  const given = ropeFields(json);
  const nested = Object.keys(given).find((name) => isObject(given[name]));
  if (nested !== undefined)
    throw new InputError(`${place}: rotary settings of their own for ${nested} are not supported.`);
  const theta = fieldReader(given, where).positive('rope_theta', 10000);
  const type = given.rope_type ?? given.type ?? 'default';
  if (type === 'default' || type === 'dynamic') return { theta };
  // transformers prefers the field beside the scaling to the one inside, and knows a default.
  const original = json.original_max_position_embeddings ?? given.original_max_position_embeddings;
  const stated = { ...given, original_max_position_embeddings: original };
  const maxPositions = fieldReader(json, where).count('max_position_embeddings');
  if (type === 'linear') return { theta, scaling: { type, factor: fieldReader(given, place).positive('factor') } };
  if (type === 'llama3') return { theta, scaling: parseLlama3(stated, maxPositions, place) };
  if (type === 'yarn') return { theta, scaling: parseYarn(stated, maxPositions, place) };
  throw new InputError(
    `${place}: the type ${shownValue(type)} is not supported; supported are default, linear, dynamic, llama3 and yarn.`,
  );
}

function parseLlama3(given: Fields, maxPositions: number, place: string): Llama3Scaling {
  const fields = fieldReader(given, place);
  const scaling = {
    type: 'llama3',
    factor: fields.positive('factor'),
    lowFreqFactor: fields.positive('low_freq_factor'),
    highFreqFactor: fields.positive('high_freq_factor'),
    originalMaxPositions: fields.count('original_max_position_embeddings', maxPositions),
  } as const;
  if (scaling.highFreqFactor > scaling.lowFreqFactor) return scaling;
  throw new InputError(`${place}: high_freq_factor must be greater than low_freq_factor.`);
}

/** What transformers takes where a factor of 0 or none is given. */
const YARN_BETAS = { fast: 32, slow: 1 } as const;

function parseYarn(given: Fields, maxPositions: number, place: string): YarnScaling {
  const fields = fieldReader(given, place);
  const optional = (name: string): number | undefined => (given[name] ? fields.positive(name) : undefined);
  const originalMaxPositions = fields.count('original_max_position_embeddings', maxPositions);
  const factor = fields.positive('factor', maxPositions / originalMaxPositions);
  const [scale, scaleAll] = [optional('mscale'), optional('mscale_all_dim')];
  const temperature = (of = 1): number => (factor <= 1 ? 1 : 0.1 * of * Math.log(factor) + 1);
  const inferred = scale && scaleAll ? temperature(scale) / temperature(scaleAll) : temperature();
  return {
    type: 'yarn',
    factor,
    originalMaxPositions,
    betaFast: optional('beta_fast') ?? YARN_BETAS.fast,
    betaSlow: optional('beta_slow') ?? YARN_BETAS.slow,
    truncate: fields.flag('truncate', true),
    attentionFactor: fields.positive('attention_factor', inferred),
  };
}

/** Whether a YaRN scaling has but a factor and a length of its own: all that GGUF says of one. */
export const isPlainYarn = ({ factor, betaFast, betaSlow, truncate, attentionFactor }: YarnScaling): boolean =>
  betaFast === YARN_BETAS.fast &&
  betaSlow === YARN_BETAS.slow &&
  truncate &&
  Math.abs(attentionFactor - (0.1 * Math.log(factor) + 1)) < 1e-6;
