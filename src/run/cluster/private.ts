/** Whether an address is of this machine or a private network. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { InputError } from '../../base/records/errors';

/** RFC 1918, 3927, 6598, 4193, 4291. */
const PRIVATE = new BlockList();
for (const [net, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv6');

/** A name is private if all its addresses are. Throws InputError for a name that has none. */
export async function isPrivate(host: string): Promise<boolean> {
  const addresses = isIP(host) ? [host] : await addressesOf(host);
  return addresses.every((address) => PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'));
}

async function addressesOf(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new InputError(`The host ${host} in workers is not known (${(error as Error).message}); check its name.`);
  }
}
