import { readAddresses } from '#core/agent/node/addresses.ts';
import { systemMachine, type Machine } from '#core/agent/node/machine.ts';
import { ipFamilyOf } from '#core/api/ip.ts';

/** Whether only the machine itself gets there. */
export const isLoopback = (server: string): boolean => /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(new URL(server).hostname);

/** Where a server listens, and what it was told of the address at which others reach it. */
export interface Listening {
  readonly host: string;
  readonly advertise?: string;
}

/**
 * The URL of a server for other machines: the address it was told to advertise; of one that listens everywhere, that of this machine's default
 * route. For one that others cannot reach it is its own URL, on the loopback interface.
 */
export async function urlForOthers(url: string, { host, advertise }: Listening, machine: Machine = systemMachine): Promise<string> {
  const address = advertise ?? (await mainAddress(host, machine));
  if (address === undefined) return url;
  const { port } = new URL(url);
  return `https://${address.includes(':') ? `[${address}]` : address}${port === '' ? '' : `:${port}`}`;
}

/** Where others reach a server that listens everywhere; undefined for one that does not. */
export async function mainAddress(host: string, machine: Machine = systemMachine): Promise<string | undefined> {
  if (host !== '0.0.0.0' && host !== '::') return undefined;
  const addresses = (await readAddresses(machine, '')).filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
  return host === '::' ? addresses[0] : addresses.find((address) => ipFamilyOf(address) === 'IPv4');
}
