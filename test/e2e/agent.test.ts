import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { execa } from 'execa';
import { keelsonProgram } from '#test/fixtures/keelson-program.ts';
import { root, Sandbox, until, type Running } from './harness.ts';

const main = await keelsonProgram();

/** A runtime and a network in memory, as modules of somebody else. */
const modules: Readonly<Record<string, string>> = {
  'runtime.ts': `
    import { systemClock } from '${root}/core/kernel/clock.ts';
    import { ContainerRuntime } from '${root}/core/spi/container-runtime.ts';
    import { FakeContainerRuntime } from '${root}/test/fixtures/fake-container-runtime.ts';
    import { ContainerModule } from '${root}/node_modules/inversify/lib/index.js';
    export const keelsonModule = { name: 'fake-runtime', create: () => new ContainerModule(({ bind }) => { bind(ContainerRuntime).toConstantValue(new FakeContainerRuntime(systemClock)); }) };
  `,
  'network.ts': `
    import { NetworkPlugin } from '${root}/core/spi/network-plugin.ts';
    import { ContainerModule } from '${root}/node_modules/inversify/lib/index.js';
    const nothing = async () => undefined;
    const network = { add: async () => ({ interfaces: [], ips: [{ address: '10.244.0.2/24' }], routes: [], dns: {} }), del: nothing, check: nothing, gc: nothing, status: nothing };
    export const keelsonModule = { name: 'fake-network', create: () => new ContainerModule(({ bind }) => { bind(NetworkPlugin).toConstantValue(network); }) };
  `,
};

describe('keelson agent and keelson token', function () {
  this.timeout(90_000);

  let sandbox: Sandbox;
  let running: Running;
  before(async () => {
    sandbox = await Sandbox.make();
    for (const [name, text] of Object.entries(modules)) await writeFile(join(sandbox.dir, name), text);
    running = await sandbox.up();
  });
  after(async () => {
    await running.stop();
    await sandbox.remove();
  });

  const token = async (...args: string[]) => sandbox.keelson(['token', ...args, '--data-dir', sandbox.dataDir]);
  const agentArgs = (name: string, ...args: string[]): string[] => [
    'agent', '--server', running.url, '--node-name', name, '--node-ip', '192.0.2.7', '--data-dir', join(sandbox.dir, name), '--port', String(20_000 + (process.pid % 10_000)), '--host', '127.0.0.1',
    '--runtime', join(sandbox.dir, 'runtime.ts'), '--network', join(sandbox.dir, 'network.ts'), '--proxy', 'none', '--dns', 'none', '--log-level', 'warn', ...args,
  ];
  const start = (...args: string[]) => execa(process.execPath, [main, ...args], { env: { HOME: sandbox.home }, reject: false, stdin: 'ignore', all: true });
  const joined = async (agent: ReturnType<typeof start>): Promise<void> => {
    let said = '';
    agent.all.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await until(() => said.includes(`The node n1 has joined ${running.url}.\n`), 'the agent to join');
  };
  const get = async (path: string) => (await running.request('GET', path)).body;
  const isReady = async (name: string): Promise<boolean> => {
    const node = await get(`/api/v1/nodes/${name}`);
    return node.status?.conditions?.some(({ type, status }: { type: string; status: string }) => type === 'Ready' && status === 'True') === true;
  };

  it('makes, lists and deletes tokens', async () => {
    const made = await token('create', '--ttl', '30m', '--description', 'for the test');
    expect(made.stdout).to.match(/^[a-z0-9]{6}\.[a-z0-9]{16}$/);
    const { stdout } = await token('list');
    expect(stdout.split('\n')[0]).to.match(/^TOKEN +EXPIRES +USAGES +DESCRIPTION +EXTRA GROUPS$/);
    expect(stdout).to.include(`${made.stdout}   `).and.to.include('authentication,signing   for the test   system:bootstrappers:kubeadm:default-node-token');
    expect((await token('delete', made.stdout.slice(0, 6))).stdout).to.equal(`bootstrap token "${made.stdout.slice(0, 6)}" deleted`);
    const again = await token('delete', made.stdout);
    expect([again.exitCode, again.stderr]).to.deep.equal([2, `keelson: there is no token with the id "${made.stdout.slice(0, 6)}"`]);
    expect((await token('forget')).stderr).to.equal('keelson: keelson token does not understand "forget": it must be create, list, delete');
  });

  it('says what is wrong, and joins nothing then', async () => {
    const { stdout, stderr } = await token('create', '--print-join-command');
    expect(stderr).to.equal(`keelson: ${running.url} is reached from this machine only; "keelson up --host ADDRESS" serves others too`);
    const [, given = '', hash = ''] = /^keelson agent --server \S+ --token (\S+) --ca-hash (\S+)$/.exec(stdout) ?? [];
    const wrong = `sha256:${'0'.repeat(64)}`;
    const run = async (...args: string[]): Promise<[number | undefined, string]> => {
      const { exitCode, stderr } = await sandbox.keelson(agentArgs('bad', ...args));
      return [exitCode, stderr.split('\n').at(-1) ?? ''];
    };
    await until(async () => `jws-kubeconfig-${given.slice(0, 6)}` in ((await get('/api/v1/namespaces/kube-public/configmaps/cluster-info')).data ?? {}), 'the signature');
    expect(await run('--token', given, '--ca-hash', wrong)).to.deep.equal([1, `keelson: the cluster at ${running.url} has the authority ${hash}, not ${wrong}: either --ca-hash is wrong, or somebody else answers in the cluster's name`]);
    expect((await run('--token', `zzzzzz.${given.slice(7)}`, '--ca-hash', hash))[1]).to.match(/has no bootstrap token "zzzzzz" to sign with: it was never made, or has expired; "keelson token create" there makes one$/);
    expect((await run())[1]).to.match(/--token is needed/);
    expect((await get('/apis/certificates.k8s.io/v1/certificatesigningrequests')).items).to.deep.equal([]);
  });

  it('joins by the command that was printed, and outlives being killed at any time', async () => {
    const { stdout } = await token('create', '--print-join-command');
    const [given = '', hash = ''] = [...stdout.matchAll(/(?:--token|--ca-hash) (\S+)/g)].map(([, value]) => value);
    const credentials = ['--token', given, '--ca-hash', hash];
    for (const afterMs of [300, 700, 1000, 1300, 1700, 2200]) {
      const child = start(...agentArgs('n1', ...credentials));
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      child.kill('SIGKILL');
      await child;
    }
    const agent = start(...agentArgs('n1', ...credentials));
    await joined(agent);
    await until(() => isReady('n1'), 'the node to be ready');
    await until(async () => (await get('/apis/certificates.k8s.io/v1/certificatesigningrequests')).items.length === 2, 'the certificates');
    const { items } = await get('/apis/certificates.k8s.io/v1/certificatesigningrequests');
    expect(items.map(({ spec }: { spec: { signerName: string } }) => spec.signerName).toSorted()).to.deep.equal(['kubernetes.io/kube-apiserver-client-kubelet', 'kubernetes.io/kubelet-serving']);
    agent.kill('SIGTERM');
    const { exitCode, all } = await agent;
    expect(exitCode, all).to.equal(0);
  });

  it('needs no token again', async () => {
    const agent = start(...agentArgs('n1'));
    await joined(agent);
    agent.kill('SIGTERM');
    expect((await agent).exitCode).to.equal(0);
  });
});
