import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { canonicalIp, ipFamilyOf, type IpFamily } from '#core/api/ip.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { RunCommand } from '#plugins/volumes/block-device/block-device.module.ts';

/** Addresses of the machine on which this process runs. */
export interface HostAddresses {
  /** By which the rest of the network knows it; undefined when it has no way out. */
  own(family: IpFamily): Promise<string | undefined>;
  /** Whether programs can listen at it. */
  has(address: string): boolean;
  /** @throws {ProviderError} Exhausted when this process may not, or the machine cannot */
  add(address: string, signal: AbortSignal): Promise<void>;
  remove(address: string, signal: AbortSignal): Promise<void>;
}

const width = (address: string): number => (ipFamilyOf(address) === 'IPv6' ? 128 : 32);

/** What is added is on the loopback interface: Linux answers for it on every other one too. */
export class LinuxAddresses implements HostAddresses {
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  own(family: IpFamily): Promise<string | undefined> {
    const socket = createSocket(family === 'IPv4' ? 'udp4' : 'udp6');
    return new Promise((resolve) => {
      const done = (address: string | undefined): void => {
        socket.close();
        resolve(address);
      };
      socket.once('error', () => done(undefined));
      // Nothing is sent: the kernel only decides which way it would go. The address is one that documents use.
      socket.connect(9, family === 'IPv4' ? '192.0.2.1' : '2001:db8::1', () => {
        const address = canonicalIp(socket.address().address);
        done(isLoopback(address) ? undefined : address);
      });
    });
  }

  has(address: string): boolean {
    if (address.startsWith('127.')) return true;
    return Object.values(networkInterfaces()).some((all) => all?.some((one) => canonicalIp(one.address) === address) === true);
  }

  async add(address: string, signal: AbortSignal): Promise<void> {
    const args = ['address', 'add', `${address}/${width(address)}`, 'dev', 'lo'];
    const { exitCode, complaint } = await this.#run('ip', args, signal);
    if (exitCode !== 0 && !/File exists|already assigned/.test(complaint)) {
      throw new ProviderError('Exhausted', `${address} is no address of this machine, and could not become one (ip ${args.join(' ')}): ${complaint}`);
    }
  }

  async remove(address: string, signal: AbortSignal): Promise<void> {
    const args = ['address', 'delete', `${address}/${width(address)}`, 'dev', 'lo'];
    const { exitCode, complaint } = await this.#run('ip', args, signal);
    if (exitCode !== 0 && !/Cannot assign|not found/.test(complaint)) throw new ProviderError('Unavailable', `ip ${args.join(' ')} failed: ${complaint}`);
  }
}

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');
