import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Container, ContainerConfig, ContainerRuntime, ContainerSecurity, ExecResult, LogLine, LogOptions, Sandbox, SandboxConfig } from '#core/spi/container-runtime.ts';
import type { ProviderErrorReason } from '#core/spi/errors.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { skipBecause } from '#test/fixtures/requires.ts';

/** What a runtime's author hands to the kit. */
export interface ContainerRuntimeUnderTest {
  readonly runtime: ContainerRuntime;
  /** The same node's runtime again, as an agent that has started anew would have it. */
  reopen(): Promise<ContainerRuntime>;
  /** That of another node's agent in the same engine; undefined when engines cannot be shared. */
  readonly neighbour?: ContainerRuntime;
  /** Path of the network namespace that is the node's; undefined where that is not known. */
  readonly nodeNetns?: string;
  /** An image that the engine has, with busybox's tools in its path, a shell `/bin/sh`, and the user `web` (1000). */
  readonly image: string;
  /** Called once, also after failures; leaves nothing behind. */
  cleanup(): Promise<void>;
}

export const never: AbortSignal = new AbortController().signal;

export const plain: ContainerSecurity = {
  privileged: false, supplementalGroups: [], readOnlyRootFilesystem: false, noNewPrivileges: false, capabilities: { add: [], drop: [] }, seccomp: 'runtime/default',
};

/** Ids that no runtime gives. */
export const hostileIds: readonly string[] = ['', '.', '../../etc', 'a/b', '../images', '0a1b2c?force=1', '0a1b2c\r\n', '__proto__', 'constructor', '--help', '*', 'f'.repeat(64), 'x'.repeat(5000)];

/** A runtime under test, with what checks need to ask of it. */
export class Subject {
  readonly given: ContainerRuntimeUnderTest;
  readonly runtime: ContainerRuntime;

  constructor(given: ContainerRuntimeUnderTest) {
    this.given = given;
    this.runtime = given.runtime;
  }

  sandboxConfig(change: Partial<SandboxConfig> = {}): SandboxConfig {
    return {
      pod: { namespace: 'default', name: 'web', uid: randomUUID() }, attempt: 0, hostname: 'web', namespaces: { network: 'pod', pid: 'pod', ipc: 'pod' }, sharedPid: false,
      sysctls: {}, labels: { app: 'web' }, ...change,
    };
  }

  sandbox(change: Partial<SandboxConfig> = {}): Promise<Sandbox> {
    return this.runtime.runSandbox(this.sandboxConfig(change), never);
  }

  async config(change: Partial<ContainerConfig> = {}): Promise<ContainerConfig> {
    const image = await this.runtime.imageStatus(this.given.image, never);
    if (image === undefined) throw new Error(`the engine does not have ${this.given.image}`);
    return {
      name: 'main', attempt: 0, imageId: image.id, image: this.given.image, command: ['sleep', '1000'], env: [], mounts: [], devices: [], resources: {}, security: plain,
      stdin: false, stdinOnce: false, tty: false, labels: { role: 'test' }, ...change,
    };
  }

  async create(sandbox: Sandbox, change: Partial<ContainerConfig> = {}): Promise<string> {
    return this.runtime.createContainer(sandbox.id, await this.config(change), never);
  }

  /** Created and started, in a sandbox of its own unless one is given. */
  async run(change: Partial<ContainerConfig> = {}, sandbox?: Sandbox): Promise<string> {
    const id = await this.create(sandbox ?? (await this.sandbox()), change);
    await this.runtime.startContainer(id, never);
    return id;
  }

  /** A script of the shell, as a container. */
  script(text: string, change: Partial<ContainerConfig> = {}, sandbox?: Sandbox): Promise<string> {
    return this.run({ command: ['/bin/sh', '-c', text], ...change }, sandbox);
  }

  /** What a script that ends by itself has written, line ends included. */
  async output(text: string, change: Partial<ContainerConfig> = {}, sandbox?: Sandbox): Promise<string> {
    const id = await this.script(text, change, sandbox);
    await this.ended(id);
    return (await this.lines(id)).map(({ content }) => content.toString()).join('');
  }

  async lines(id: string, options: Partial<LogOptions> = {}): Promise<LogLine[]> {
    return collected(this.runtime.logs(id, { follow: false, ...options }, never));
  }

  sh(id: string, text: string): Promise<ExecResult> {
    return this.runtime.execSync(id, ['/bin/sh', '-c', text], 20_000, never);
  }

  status(id: string): Promise<Container> {
    return this.runtime.containerStatus(id, never);
  }

  async ended(id: string): Promise<Container> {
    await eventually(async () => (await this.status(id)).state === 'Exited', `the end of container ${id}`, 30_000);
    return this.status(id);
  }

  async sandboxIds(runtime: ContainerRuntime = this.runtime): Promise<string[]> {
    return (await runtime.listSandboxes(never)).map(({ id }) => id).sort();
  }

  async containerIds(runtime: ContainerRuntime = this.runtime): Promise<string[]> {
    return (await runtime.listContainers(never)).map(({ id }) => id).sort();
  }
}

export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function expectFailure(promise: Promise<unknown>, ...reasons: readonly ProviderErrorReason[]): Promise<ProviderError> {
  const outcome = await promise.then((value) => ({ value }), (error: unknown) => ({ error }));
  if (!('error' in outcome)) throw new Error(`expected ${reasons.join(' or ')}, but it resolved`);
  if (!ProviderError.is(outcome.error)) throw new Error(`expected a ProviderError ${reasons.join(' or ')}`, { cause: outcome.error });
  expect(reasons, outcome.error.message).to.include(outcome.error.reason);
  expect(outcome.error.message.trim(), 'the message of the error').not.to.equal('');
  return outcome.error;
}

/** Defines checks, each with a runtime of its own. */
export class Checks {
  readonly #make: () => Promise<ContainerRuntimeUnderTest>;
  readonly #skip: Readonly<Record<string, string>>;
  readonly #titles = new Set<string>();

  constructor(make: () => Promise<ContainerRuntimeUnderTest>, skip: Readonly<Record<string, string>>) {
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
      try {
        await check(new Subject(given), (why) => skipBecause(this, why));
      } finally {
        await given.cleanup();
      }
    }).timeout(240_000);
  }

  expectAllSkipsKnown(): void {
    const unknown = Object.keys(this.#skip).filter((title) => !this.#titles.has(title));
    if (unknown.length > 0) throw new Error(`the kit has no checks of these titles: ${unknown.join('; ')}`);
  }
}
