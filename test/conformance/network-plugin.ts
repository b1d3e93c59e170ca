import { namespaceTools } from '#test/fixtures/namespaces.ts';
import { requires } from '#test/fixtures/requires.ts';
import { attachmentChecks } from './network-plugin-attachments.ts';
import { collectionChecks } from './network-plugin-collection.ts';
import { refusalChecks } from './network-plugin-refusals.ts';
import { Checks, type NetworkPluginUnderTest } from './network-plugin-subject.ts';

export type { NetworkPluginUnderTest } from './network-plugin-subject.ts';

export interface NetworkConformanceOptions {
  /** Checks that this plugin is known not to pass, by their titles, each with the reason. A title that no check has is an error. */
  readonly skip?: Readonly<Record<string, string>>;
}

/**
 * The laws of `core/spi/network-plugin.ts` as a mocha suite. In a plugin's test file one line runs it:
 *
 *     networkPluginConformance('acme', async () => ({ plugin: new AcmeNetwork(…), cleanup: async () => … }));
 *
 * `make` is called for each check, and `cleanup` after it. The kit makes the pods' namespaces; what is the node's side is the plugin's affair.
 */
export function networkPluginConformance(name: string, make: () => Promise<NetworkPluginUnderTest>, options: NetworkConformanceOptions = {}): void {
  describe(`NetworkPlugin conformance: ${name}`, () => {
    before(requires(...namespaceTools));
    const checks = new Checks(make, options.skip ?? {});
    describe('add, del and check', () => attachmentChecks(checks));
    describe('garbage collection', () => collectionChecks(checks));
    describe('refusals', () => refusalChecks(checks));
    checks.expectAllSkipsKnown();
  });
}
