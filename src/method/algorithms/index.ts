/**
 * The one list of algorithms, in the order of the help and the docs; the first is the default. A new algorithm is a file of this
 * folder and a line here: its settings, its checks, its row in docs/methods.md and its name on the command line come from its record.
 */
import type { AlgorithmDefinition } from './algorithm';
import { CORT } from './cort';
import { CRIPO } from './cripo';
import { GKD } from './gkd';
import { GRPO } from './grpo';
import { GRPO_OPSD } from './grpoOpsd';
import { IW_OPD } from './iwOpd';
import { MAJORITY } from './majority';
import { OP2SD } from './op2sd';
import { OPD } from './opd';
import { OPSA } from './opsa';
import { OPSD } from './opsd';
import { PENALTY } from './penalty';
import { RCSD } from './rcsd';
import { RCSD_SFT } from './rcsdSft';
import { RLCSD } from './rlcsd';
import { RLSD } from './rlsd';
import { SDFT } from './sdft';
import { SDPO } from './sdpo';
import { SFT } from './sft';
import { SSD } from './ssd';

export const ALGORITHMS: readonly AlgorithmDefinition[] = [
  RCSD,
  OPSD,
  SFT,
  GRPO,
  OPD,
  SDPO,
  GKD,
  CRIPO,
  GRPO_OPSD,
  PENALTY,
  SDFT,
  SSD,
  RLCSD,
  MAJORITY,
  RCSD_SFT,
  IW_OPD,
  OP2SD,
  RLSD,
  OPSA,
  CORT,
];

/** The algorithm of that name. Throws where there is none, which the settings have refused before. */
export function algorithmNamed(name: string): AlgorithmDefinition {
  const found = ALGORITHMS.find((algorithm) => algorithm.name === name);
  if (found) return found;
  throw new Error(`there is no algorithm ${name}`);
}
