import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { NetworkError, type NetworkAttachment, type NetworkPlugin, type NetworkResult } from '#core/spi/network-plugin.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { Namespaces } from '#test/fixtures/namespaces.ts';
import { skipBecause } from '#test/fixtures/requires.ts';

/** What a plugin's author hands to the kit: a network that is set up and has no pods. */
export interface NetworkPluginUnderTest {
  readonly plugin: NetworkPlugin;
  /** A plugin over the same state, as after a restart of the agent; the one before is not used any more. */
  restart?(): Promise<NetworkPlugin>;
  /** How many attachments the plugin's state and the node still hold, seen past the plugin: links, leases, rules. */
  leftovers?(): Promise<readonly string[]>;
  /** Called once, also after failures. */
  cleanup(): Promise<void>;
}

export const never: AbortSignal = new AbortController().signal;

/** A plugin under test, with pods' namespaces for it. */
export class Subject {
  readonly given: NetworkPluginUnderTest;
  readonly namespaces = new Namespaces();
  plugin: NetworkPlugin;

  constructor(given: NetworkPluginUnderTest) {
    this.given = given;
    this.plugin = given.plugin;
  }

  /** A sandbox with a namespace of its own. */
  async attachment(change: Partial<NetworkAttachment> = {}): Promise<NetworkAttachment & { readonly netns: string }> {
    const containerId = randomBytes(32).toString('hex');
    const netns = change.netns ?? (await this.namespaces.make('pod'));
    return { containerId, ifName: 'eth0', pod: { namespace: 'default', name: `pod-${containerId.slice(0, 6)}`, uid: containerId.slice(0, 32) }, portMappings: [], ...change, netns };
  }

  add(attachment: NetworkAttachment): Promise<NetworkResult> {
    return this.plugin.add(attachment, never);
  }

  del(attachment: NetworkAttachment): Promise<void> {
    return this.plugin.del(attachment, never);
  }

  /** Addresses without prefix lengths. */
  async added(attachment: NetworkAttachment): Promise<string[]> {
    return addressesOf(await this.add(attachment));
  }

  async restart(skip: (reason: string) => never): Promise<void> {
    if (this.given.restart === undefined) skip('the plugin\'s author gave no restart');
    this.plugin = await this.given.restart();
  }

  /** The namespace has this interface with these addresses. */
  async expectPlugged({ netns, ifName }: NetworkAttachment, result: NetworkResult): Promise<void> {
    const inside = await this.namespaces.interface(netns ?? '', ifName);
    const told = result.interfaces.findIndex(({ name, sandbox }) => name === ifName && sandbox === netns);
    expect(told, 'the interface in the result').to.be.at.least(0);
    expect(inside?.mac).to.equal(result.interfaces[told]?.mac);
    expect([...(inside?.addresses ?? [])].sort()).to.deep.equal(result.ips.filter((ip) => ip.interface === told).map(({ address }) => address).sort());
  }

  async expectUnplugged({ netns, ifName }: NetworkAttachment): Promise<void> {
    await eventually(async () => (await this.namespaces.interface(netns ?? '', ifName)) === undefined, `the end of ${ifName} in ${netns}`);
  }

  /** Where the node cannot be seen past the plugin, nothing is checked. */
  async expectNothingLeft(): Promise<void> {
    let left: readonly string[] = [];
    await eventually(async () => {
      left = (await this.given.leftovers?.()) ?? [];
      return left.length === 0;
    }, 'the end of everything').catch(() => undefined);
    expect(left, 'what is left').to.deep.equal([]);
  }
}

export const addressesOf = ({ ips }: NetworkResult): string[] => ips.map(({ address }) => address.slice(0, address.indexOf('/')));

export async function expectRefused(promise: Promise<unknown>, ...codes: readonly number[]): Promise<NetworkError> {
  const outcome = await promise.then((value) => ({ value }), (error: unknown) => ({ error }));
  if (!('error' in outcome)) throw new Error(`expected a NetworkError, but it resolved to ${JSON.stringify(outcome.value)}`);
  if (!(outcome.error instanceof NetworkError)) throw new Error('expected a NetworkError', { cause: outcome.error });
  if (codes.length > 0) expect(codes, outcome.error.message).to.include(outcome.error.code);
  expect(outcome.error.message.trim(), 'the message of the error').not.to.equal('');
  return outcome.error;
}

/** Defines checks, each with a plugin of its own. */
export class Checks {
  readonly #make: () => Promise<NetworkPluginUnderTest>;
  readonly #skip: Readonly<Record<string, string>>;
  readonly #titles = new Set<string>();

  constructor(make: () => Promise<NetworkPluginUnderTest>, skip: Readonly<Record<string, string>>) {
    this.#make = make;
    this.#skip = skip;
  }

  /** `check` gets a function that skips the rest with a reason. */
  define(title: string, check: (subject: Subject, skip: (reason: string) => never) => Promise<void>): void {
    this.#titles.add(title);
    const reason = this.#skip[title];
    if (reason !== undefined) {
      it(`${title} (skipped: ${reason})`);
      return;
    }
    const make = this.#make;
    it(title, async function () {
      const given = await make();
      const subject = new Subject(given);
      try {
        await check(subject, (why) => skipBecause(this, why));
      } finally {
        await given.cleanup();
        await subject.namespaces.clear();
      }
    }).timeout(120_000);
  }

  expectAllSkipsKnown(): void {
    const unknown = Object.keys(this.#skip).filter((title) => !this.#titles.has(title));
    if (unknown.length > 0) throw new Error(`the kit has no checks of these titles: ${unknown.join('; ')}`);
  }
}
