/** The base models of the study: where they are stored, how each is pretrained, and how long that takes. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../engine/files/models';

/** Pretraining steps of a world's base. (The five bases have the full recipe.) */
const WORLD_STEPS = 3500;
/** Settings for a model of about half the size. */
const SMALL = ['hidden_size=96', 'heads=3', 'intermediate_size=192'] as const;

/** A base model of the study. */
export interface Base {
  readonly name: string;
  /** 0 is the default world. */
  readonly world: number;
  /** Folder of the model. */
  readonly model: string;
  /** Settings `name=value` for `rcsd pretrain`; empty for the committed base. */
  readonly pretrain: readonly string[];
  /** About how many seconds pretraining takes on one free core. */
  readonly seconds: number;
}

/** The base of a name: `base-2`, `world-7`, `small-0`. Bases that are not committed are in `folder`. */
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

/** Whether a base is there. Pretraining writes pretraining.json last, except for the weights, so both are checked. */
export const isPresent = (base: Base): boolean =>
  existsSync(weightsOf(base)) && existsSync(join(base.model, 'pretraining.json'));

/** SHA-256 of the weights, in hexadecimal digits. */
export const fingerprint = (base: Base): string =>
  createHash('sha256')
    .update(readFileSync(weightsOf(base)))
    .digest('hex');
