import { createHash } from 'node:crypto';

/** Names of what the machines of one cluster are made of. Those of interfaces have at most 15 characters. */
export interface MachineNames {
  /** The namespace of the switch. */
  readonly hub: string;
  /** The cable from this process's network into the switch. */
  readonly uplink: string;
  /** The namespace of a machine. @throws {RangeError} when that is no name for one */
  namespace(machine: string): string;
  /** What nodes have as their provider id. */
  providerId(machine: string): string;
  /** The machine of this cluster that an id names; undefined when it is another cluster's, or none. */
  machineOf(providerId: string): string | undefined;
}

/** With which the ids of all machines begin. */
export const providerIdPrefix = 'keelson://';

/** A machine's name is part of a path and of a command. */
const machineName = /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/;

export const isMachineName = (text: string): boolean => machineName.test(text) && text !== 'switch';

/** `place` tells clusters of one computer apart: the path of the data directory. */
export function machineNames(place: string): MachineNames {
  const mark = createHash('sha256').update(place).digest('hex').slice(0, 8);
  const idPrefix = `${providerIdPrefix}${mark}/`;
  return {
    hub: `keelson-${mark}-switch`,
    uplink: `kl-${mark}`,
    providerId: (machine) => idPrefix + machine,
    machineOf: (providerId) => {
      const machine = providerId.startsWith(idPrefix) ? providerId.slice(idPrefix.length) : '';
      return isMachineName(machine) ? machine : undefined;
    },
    namespace: (machine) => {
      if (!isMachineName(machine)) throw new RangeError(`${JSON.stringify(machine)} is no name for a machine: it must be a DNS label in lower case`);
      return `keelson-${mark}-${machine}`;
    },
  };
}

/** The cluster's part of 172.30.0.0/16 and fd30::/48, by the same mark. `attempt` moves on when somebody else has the range. */
export function rangeOf(place: string, attempt: number): MachineRange {
  const byte = createHash('sha256').update(place).digest()[8] ?? 0;
  const part = (byte + attempt) % 256;
  return { prefix4: `172.30.${part}`, prefix6: `fd30:0:0:${part.toString(16)}` };
}

export interface MachineRange {
  readonly prefix4: string;
  readonly prefix6: string;
}

/** All of its IPv4 addresses. */
export const networkOf = ({ prefix4 }: MachineRange): string => `${prefix4}.0/24`;

/** The first is the computer's own; machines count from 10. */
export const hostAddresses = ({ prefix4, prefix6 }: MachineRange): readonly [string, string] => [`${prefix4}.1`, `${prefix6}::1`];
export const machineAddresses = ({ prefix4, prefix6 }: MachineRange, index: number): readonly [string, string] => [`${prefix4}.${index + 10}`, `${prefix6}::${(index + 10).toString(16)}`];
