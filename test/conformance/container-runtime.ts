import { containerChecks } from './container-runtime-containers.ts';
import { imageChecks } from './container-runtime-images.ts';
import { isolationChecks } from './container-runtime-isolation.ts';
import { logChecks } from './container-runtime-logs.ts';
import { monitorChecks } from './container-runtime-monitor.ts';
import { repetitionChecks } from './container-runtime-repetition.ts';
import { sandboxChecks } from './container-runtime-sandboxes.ts';
import { streamChecks } from './container-runtime-streams.ts';
import { Checks, type ContainerRuntimeUnderTest } from './container-runtime-subject.ts';

export type { ContainerRuntimeUnderTest } from './container-runtime-subject.ts';

export interface ConformanceOptions {
  /** Checks that this runtime is known not to pass, by their titles, each with the reason. A title that no check has is an error. */
  readonly skip?: Readonly<Record<string, string>>;
}

/**
 * The laws of `core/spi/container-runtime.ts` as a mocha suite. In a runtime's test file one line runs it:
 *
 *     containerRuntimeConformance('acme', async () => ({ runtime: new AcmeRuntime(…), reopen: …, image: 'acme-test/busybox:1', cleanup: async () => … }));
 *
 * `make` is called for each check, and `cleanup` after it. It needs Linux: what a container may do is looked at from inside, in `/proc`.
 */
export function containerRuntimeConformance(name: string, make: () => Promise<ContainerRuntimeUnderTest>, options: ConformanceOptions = {}): void {
  describe(`ContainerRuntime conformance: ${name}`, () => {
    const checks = new Checks(make, options.skip ?? {});
    describe('sandboxes', () => sandboxChecks(checks));
    describe('containers', () => containerChecks(checks));
    describe('what a container sees and may do', () => isolationChecks(checks));
    describe('repeated and interrupted calls', () => repetitionChecks(checks));
    describe('exec and attach', () => streamChecks(checks));
    describe('logs', () => logChecks(checks));
    describe('images', () => imageChecks(checks));
    describe('monitor', () => monitorChecks(checks));
    checks.expectAllSkipsKnown();
  });
}
