import { expect } from 'chai';
import type { ContainerConfig, LogLine, SandboxConfig } from '#core/spi/container-runtime.ts';
import { ProviderError, type ProviderErrorReason } from '#core/spi/errors.ts';
import { containers } from '#test/fixtures/busybox-image.ts';
import { DockerNode } from '#test/fixtures/docker-node.ts';
import { EngineProxy } from '#test/fixtures/engine-proxy.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { requires, root } from '#test/fixtures/requires.ts';
import type { DockerRuntime } from './docker-runtime.ts';

const never = new AbortController().signal;

const sandboxConfig: SandboxConfig = {
  pod: { namespace: 'default', name: 'web', uid: 'c0ffee' }, attempt: 0, hostname: 'web', namespaces: { network: 'pod', pid: 'pod', ipc: 'pod' }, sharedPid: false, sysctls: {}, labels: {},
};

const reasonOf = (promise: Promise<unknown>): Promise<ProviderErrorReason | undefined> => promise.then(() => undefined, (error: unknown) => {
  if (ProviderError.is(error)) return error.reason;
  throw error;
});

describe('DockerRuntime with an engine that fails', function () {
  this.timeout(120_000);
  let node: DockerNode;
  let proxy: EngineProxy;
  let runtime: DockerRuntime;

  before(requires(root, ...containers));
  beforeEach(async () => {
    node = await DockerNode.make();
    proxy = await EngineProxy.start();
    runtime = node.runtime({ host: proxy.socketPath });
  });
  afterEach(async () => {
    await proxy.stop();
    await node.remove();
  });

  async function config(change: Partial<ContainerConfig> = {}): Promise<ContainerConfig> {
    const { Id } = await node.docker.getImage(node.image).inspect();
    return {
      name: 'main', attempt: 0, imageId: Id, image: node.image, command: ['sleep', '1000'], env: [], mounts: [], devices: [], resources: {}, stdin: false, stdinOnce: false, tty: false, labels: {},
      security: { privileged: false, supplementalGroups: [], readOnlyRootFilesystem: false, noNewPrivileges: false, capabilities: { add: [], drop: [] }, seccomp: 'runtime/default' },
      ...change,
    };
  }

  async function run(change: Partial<ContainerConfig> = {}): Promise<string> {
    const sandbox = await runtime.runSandbox(sandboxConfig, never);
    const id = await runtime.createContainer(sandbox.id, await config(change), never);
    await runtime.startContainer(id, never);
    return id;
  }

  it('says that there is no engine, in all calls', async () => {
    await proxy.die();
    const calls = [runtime.version(never), runtime.listSandboxes(never), runtime.listContainers(never), runtime.runSandbox(sandboxConfig, never), runtime.removeSandbox('0a1b2c3d4e5f', never), runtime.imageStatus('busybox', never), runtime.usage(never)];
    expect(await Promise.all(calls.map(reasonOf))).to.deep.equal(calls.map(() => 'Unavailable'));
    const { message } = await runtime.version(never).then(() => new Error('it answered'), (error: Error) => error);
    expect(message).to.contain('the container engine does not run').and.contain(proxy.socketPath);
  });

  it('gives up on an engine that hangs: with the signal, and with its own time limit', async () => {
    await runtime.version(never);
    proxy.hang();
    const begun = performance.now();
    const calls = (signal: AbortSignal, of: DockerRuntime): Promise<unknown>[] => [of.version(signal), of.listSandboxes(signal), of.listContainers(signal), of.runSandbox(sandboxConfig, signal), of.runSandbox({ ...sandboxConfig, attempt: 1 }, signal), of.imageStatus('busybox', signal), of.pullImage('busybox', undefined, signal), of.imageFileSystem(signal)];
    const ours = calls(AbortSignal.timeout(300), runtime);
    expect(await Promise.all(ours.map(reasonOf))).to.deep.equal(ours.map(() => 'Unavailable'));
    expect(performance.now() - begun).to.be.within(290, 5000);
    const impatient = node.runtime({ host: proxy.socketPath, timeoutMs: 200 });
    expect(await Promise.all([impatient.listSandboxes(never), impatient.imageStatus('busybox', never), impatient.runSandbox(sandboxConfig, never)].map(reasonOf))).to.deep.equal(['Unavailable', 'Unavailable', 'Unavailable']);
    expect(performance.now() - begun).to.be.lessThan(20_000);
    proxy.mend();
    expect(await runtime.listSandboxes(never)).to.deep.equal([]);
  });

  it('finds what an engine made whose answers were lost, and makes nothing twice', async () => {
    await runtime.imageStatus(node.image, never);
    proxy.loseAnswers(/^POST \/containers\/create/);
    expect(await reasonOf(runtime.runSandbox(sandboxConfig, never))).to.equal('Unavailable');
    proxy.loseAnswers(/^POST \/containers\/[0-9a-f]+\/start/);
    expect(await reasonOf(runtime.runSandbox(sandboxConfig, never))).to.equal('Unavailable');
    proxy.mend();
    const sandbox = await runtime.runSandbox(sandboxConfig, never);
    expect(sandbox.state).to.equal('Ready');
    proxy.loseAnswers(/^POST \/containers\/create/);
    expect(await reasonOf(runtime.createContainer(sandbox.id, await config(), never))).to.equal('Unavailable');
    proxy.mend();
    const id = await runtime.createContainer(sandbox.id, await config(), never);
    proxy.loseAnswers(/^POST \/containers\/[0-9a-f]+\/start/);
    expect(await reasonOf(runtime.startContainer(id, never))).to.equal('Unavailable');
    proxy.mend();
    await runtime.startContainer(id, never);
    expect((await runtime.containerStatus(id, never)).state).to.equal('Running');
    expect((await node.containers()).map(({ Id }) => Id)).to.have.members([sandbox.id, id]);
    proxy.loseAnswers(/^(DELETE|POST) /);
    expect(await reasonOf(runtime.removeSandbox(sandbox.id, never))).to.equal('Unavailable');
    proxy.mend();
    await runtime.removeSandbox(sandbox.id, never);
    expect(await node.containers()).to.deep.equal([]);
  });

  it('ends streams with an error when the engine dies, and works again when it is back', async () => {
    const id = await run({ command: ['/bin/sh', '-c', 'echo begin; sleep 1000'] });
    const lines: LogLine[] = [];
    const following = (async () => {
      for await (const line of runtime.logs(id, { follow: true }, never)) lines.push(line);
    })();
    const watching = (async () => {
      for await (const event of runtime.events(never)) expect(event.podUid).to.equal('c0ffee');
    })();
    const session = await runtime.exec(id, ['sleep', '1000'], { stdin: true, stdout: true, stderr: true, tty: false }, never);
    const command = runtime.execSync(id, ['sleep', '1000'], 60_000, never);
    const attached = await runtime.attach(id, { stdin: false, stdout: true, stderr: true, tty: false }, never);
    const ends = Promise.all([following, watching, session.ended, command, attached.ended].map(reasonOf));
    await eventually(() => lines.length > 0 && proxy.requests.some((request) => request.startsWith('GET /events')) && proxy.requests.filter((request) => request.includes('/exec/')).length >= 2, 'the streams');
    await proxy.die();
    expect(await ends).to.deep.equal(['Unavailable', 'Unavailable', 'Unavailable', 'Unavailable', 'Unavailable']);
    expect(lines.map(({ content }) => content.toString())).to.deep.equal(['begin\n']);
    session.stdin?.write('nobody hears this');
    await proxy.run();
    expect((await runtime.containerStatus(id, never)).state).to.equal('Running');
    expect((await runtime.execSync(id, ['echo', 'again'], 10_000, never)).stdout).to.equal('again\n');
  });

  it('says that a command timed out also when the engine hangs', async () => {
    const id = await run();
    const command = runtime.execSync(id, ['sleep', '1000'], 500, never);
    await eventually(() => proxy.requests.some((request) => request.includes('/exec/')), 'the command');
    proxy.hang();
    const begun = performance.now();
    expect(await reasonOf(command)).to.equal('Unavailable');
    expect(performance.now() - begun).to.be.lessThan(15_000);
  });

  it('kills a program whose start was not answered', async () => {
    const id = await run();
    proxy.loseAnswers(/^POST \/exec\/[0-9a-f]+\/start/);
    expect(await reasonOf(runtime.execSync(id, ['sleep', '8765'], 60_000, never))).to.equal('Unavailable');
    proxy.mend();
    await eventually(async () => !(await runtime.execSync(id, ['ps'], 10_000, never)).stdout.includes('8765'), 'the end of the program', 20_000);
  });
});
