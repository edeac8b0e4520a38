/** The base models of the study: where they are stored, how each is pretrained, and how long that takes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sha256OfFileNow } from '../engine/files/digest';
import { projectRoot } from '../engine/files/models';
import { reachWorld, strataWorld } from '../questions/tasks/microscience';

/** Pretraining steps of the bases of the first world, of which the committed one has as many. */
const CLASSIC_STEPS = 'steps=7000';
/** Pretraining steps of a drawn world's base. */
const WORLD_STEPS = 'steps=3500';
/** Settings for a model of about half the size. */
const SMALL = ['hidden_size=96', 'heads=3', 'intermediate_size=192'] as const;

/** Settings for a model of about four million parameters. */
const LARGE = ['hidden_size=256', 'layers=6', 'heads=8', 'intermediate_size=512'] as const;

/** A base model of the study. */
export interface Base {
  readonly name: string;
  /** Name of its world. */
  readonly world: string;
  /** Folder of the model. */
  readonly model: string;
  /** Settings `name=value` for `rcsd pretrain`; empty for the committed base. */
  readonly pretrain: readonly string[];
  /** About how many seconds pretraining takes on one free core. */
  readonly seconds: number;
}

/** Bases that are committed, by the names of their folders in `data`. */
const COMMITTED: Readonly<Record<string, { readonly folder: string; readonly world: string }>> = {
  'base-0': { folder: 'microscience-0', world: '0' },
  'strata-0': { folder: 'microscience', world: 'strata' },
};

/** The base of a name: `strata-1`, `reach-0`, `base-2`, `world-7`, `small-0`. Bases that are not committed are in `folder`. */
export function baseOf(name: string, folder: string): Base {
  const committed = COMMITTED[name];
  if (committed) {
    const { folder: own, world } = committed;
    return { name, world, model: join(projectRoot, 'data', own), pretrain: [], seconds: 0 };
  }
  const [, kind = '', digits = '0'] = /^(strata|reach|large|base|world|small)-(\d+)$/.exec(name) ?? [];
  const number = Number(digits);
  const output = join(folder, kind === 'world' ? 'worlds' : 'bases', name);
  const settings: Readonly<Record<string, { world: string; words: readonly string[]; seconds: number }>> = {
    // After the last rotation, further bases begin again with the first.
    strata: { world: strataWorld(number).name, words: [], seconds: 2600 },
    reach: { world: reachWorld(number).name, words: [], seconds: 2600 },
    large: { world: reachWorld(number).name, words: LARGE, seconds: 15000 },
    base: { world: '0', words: [CLASSIC_STEPS], seconds: 1500 },
    world: { world: digits, words: [WORLD_STEPS], seconds: 750 },
    small: { world: '0', words: [CLASSIC_STEPS, ...SMALL], seconds: 1000 },
  };
  const own = settings[kind];
  if (!own) throw new Error(`there is no base ${name}`);
  return {
    name,
    world: own.world,
    model: join(output, 'model'),
    pretrain: [`seed=${number}`, `world=${own.world}`, ...own.words, `output=${output}`],
    seconds: own.seconds,
  };
}

const weightsOf = ({ model }: Base): string => join(model, 'model.safetensors');

/** Whether a base is there. Pretraining writes pretraining.json last, except for the weights, so both are checked. */
export const isPresent = (base: Base): boolean =>
  existsSync(weightsOf(base)) && existsSync(join(base.model, 'pretraining.json'));

/** SHA-256 of the weights, in hexadecimal digits. */
export const fingerprint = (base: Base): string => sha256OfFileNow(weightsOf(base));
