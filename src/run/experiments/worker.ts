/** A worker of `workers=N` beside the first: cluster/local.ts starts it as a process, which is told over a channel what to do. */
import { once } from 'node:events';
import type { WorkerAddress } from '../../base/config/addresses/workers';
import { ToldError } from '../../base/records/errors';
import { listenHere, type Orders } from '../cluster/local';
import { trainAt } from './train';

async function work(): Promise<void> {
  // Without the first worker there is nothing to do.
  process.once('disconnect', () => process.exit(1));
  const { config, rank, key } = (await once(process, 'message'))[0] as Orders;
  const { server, address } = await listenHere();
  const told = once(process, 'message');
  process.send?.(address);
  const { addresses } = (await told)[0] as { addresses: readonly WorkerAddress[] };
  process.channel?.unref();
  const { model, rubricModel } = await trainAt({ rank, addresses, key, server }, config);
  model.dispose();
  if (rubricModel !== model) rubricModel?.dispose();
}

if (require.main === module)
  work().catch((error: unknown) => {
    // What the first worker knows already it says itself. The process ends when the others have been told.
    if (!(error instanceof ToldError))
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof ToldError ? error.exitCode : 1;
  });
