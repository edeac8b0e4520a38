/** The option `--ray` of commands whose runs can be made on a Ray cluster. */
import type { OperationOptions } from '../../../base/records/events';
import { dashboardAddress, type Machine, machinesOf } from '../../../study/places/jobs';
import type { Place } from '../../../study/places/place';
import { openRay } from '../../../study/places/ray';
import { type Option, type ParsedArguments, textOption } from './arguments';

export const RAY_OPTION: Option = {
  name: 'ray',
  value: 'ADDRESS',
  help: 'make the runs on a Ray cluster, whose dashboard is at this address, as in http://127.0.0.1:8265',
};

/** A cluster that answers. */
export interface Cluster {
  readonly address: string;
  readonly machines: readonly Machine[];
  /** Opens it for the runs of a locked folder. */
  open(folder: string): Promise<Place>;
}

/** The cluster of `--ray`; undefined without the option. Throws InputError where none answers at the address. */
export async function clusterOf(args: ParsedArguments, options: OperationOptions): Promise<Cluster | undefined> {
  const given = textOption(args, 'ray', undefined);
  if (given === undefined) return undefined;
  const address = dashboardAddress(given);
  const machines = await machinesOf(address, options.signal);
  return { address, machines, open: (folder) => openRay(address, folder, options) };
}
