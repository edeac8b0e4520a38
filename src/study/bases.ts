/** The base models of the study: where they lie, what they are, and how a missing one is made. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../engine/files/models';

/** Steps of a world's base; the five bases have the full recipe. */
const WORLD_STEPS = 3500;
/** A model of about half the size. */
const SMALL = ['hidden_size=96', 'heads=3', 'intermediate_size=192'] as const;

/** A base model of the study. */
export interface Base {
  readonly name: string;
  /** 0 for the default world. */
  readonly world: number;
  /** Folder of the model. */
  readonly model: string;
  /** `name=value` for `rcsd pretrain`; none for the committed one. */
  readonly pretrain: readonly string[];
  /** Seconds on one free core, about. */
  readonly seconds: number;
}

/** The base of a name: `base-2`, `world-7`, `small-0`; `folder` holds those that are not committed. */
export function baseOf(name: string, folder: string): Base {
  const [, kind = '', digits = '0'] = /^(base|world|small)-(\d+)$/.exec(name) ?? [];
  const number = Number(digits);
  if (kind === 'base' && number === 0) {
    return { name, world: 0, model: join(projectRoot, 'data', 'microscience'), pretrain: [], seconds: 0 };
  }
  const output = join(folder, kind === 'world' ? 'worlds' : 'bases', name);
  const seed = `seed=${number}`;
  const settings: Readonly<Record<string, { words: readonly string[]; seconds: number }>> = {
    base: { words: [seed], seconds: 1500 },
    world: { words: [seed, `world=${number}`, `steps=${WORLD_STEPS}`], seconds: 750 },
    small: { words: [seed, ...SMALL], seconds: 1000 },
  };
  const own = settings[kind];
  if (!own) throw new Error(`there is no base ${name}`);
  return {
    name,
    world: kind === 'world' ? number : 0,
    model: join(output, 'model'),
    pretrain: [...own.words, `output=${output}`],
    seconds: own.seconds,
  };
}

const weightsOf = ({ model }: Base): string => join(model, 'model.safetensors');

/** Whether a base is there; pretraining.json is what pretraining writes last but for the weights. */
export const isPresent = (base: Base): boolean =>
  existsSync(weightsOf(base)) && existsSync(join(base.model, 'pretraining.json'));

/** SHA-256 of the weights, in hexadecimal digits. */
export const fingerprint = (base: Base): string =>
  createHash('sha256')
    .update(readFileSync(weightsOf(base)))
    .digest('hex');
