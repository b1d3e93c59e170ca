import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import type { ContainerConfig, Sandbox as PodSandbox } from '#core/spi/container-runtime.ts';
import { Subject } from '#test/conformance/container-runtime-subject.ts';
import { AgentLab } from '#test/fixtures/agent-lab.ts';
import { containers } from '#test/fixtures/busybox-image.ts';
import { DockerNode } from '#test/fixtures/docker-node.ts';
import { program, requires, root } from '#test/fixtures/requires.ts';
import { Sandbox, until, type Running } from './harness.ts';
import { oldestAndNewest, type Kubectl } from './kubectl.ts';

const kubectls = await oldestAndNewest();
const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

for (const binary of kubectls) {
  describe(`logs, commands and ports of pods in Docker, by kubectl 1.${binary.minor}`, () => {
    before(requires(root, ...containers, program('kubectl', 'kubernetes-client'), program('nsenter', 'util-linux')));
    let sandbox: Sandbox;
    let keelson: Running;
    let kubectl: Kubectl;
    let node: DockerNode;
    let subject: Subject;
    let lab: AgentLab;
    let dir: string;

    before(async function () {
      this.timeout(60_000);
      sandbox = await Sandbox.make();
      keelson = await sandbox.up();
      kubectl = keelson.kubectl(binary);
      dir = await mkdtemp(join(sandbox.dir, 'files-'));
      node = await DockerNode.make();
      const runtime = node.runtime();
      subject = new Subject({ runtime, reopen: async () => node.runtime(), image: node.image, cleanup: () => node.remove() });
      lab = await AgentLab.start({ clientCa: await readFile(join(sandbox.dataDir, 'pki', 'ca.crt'), 'utf8'), runtime });
      await keelson.request('POST', '/api/v1/nodes', { body: lab.node('n1') });
    });
    after(async function () {
      this.timeout(60_000);
      await lab?.stop();
      await node?.remove();
      await keelson?.stop();
      await sandbox?.remove();
    });

    /** A pod of one container, at the API and in Docker. */
    async function pod(name: string, command: readonly string[], change: Partial<ContainerConfig> = {}): Promise<{ id: string; sandbox: PodSandbox }> {
      const spec = { containers: [{ name: 'main', image: 'i', stdin: change.stdin ?? false, tty: change.tty ?? false }] };
      await until(async () => (await keelson.request('POST', '/api/v1/namespaces/default/pods', { body: { metadata: { name }, spec: { nodeName: 'n1', ...spec } } })).status === 201, 'the pod to be made');
      await keelson.request('PATCH', `/api/v1/namespaces/default/pods/${name}/status`, { body: JSON.stringify({ status: { phase: 'Running' } }), headers: { 'Content-Type': 'application/merge-patch+json' } });
      const made = await subject.sandbox();
      const id = await subject.run({ command, ...change }, made);
      const there = lab.pods.put('default', name, spec);
      lab.pods.putContainer(there, 'main', id);
      lab.pods.namespaces.set(there.metadata.uid, made.netns!);
      return { id, sandbox: made };
    }

    it('logs', async () => {
      await pod('talks', ['sh', '-c', 'for i in 1 2 3; do echo out $i; echo err $i >&2; sleep 0.02; done; sleep 1; echo last']);
      const following = kubectl.spawn(['logs', '-f', 'talks']);
      let text = '';
      following.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      const { exitCode } = await following;
      expect([exitCode, text.split('\n').toSorted()]).to.deep.equal([0, ['', 'err 1', 'err 2', 'err 3', 'last', 'out 1', 'out 2', 'out 3']]);
      expect(await kubectl.run('logs', 'talks', '--tail=1')).to.equal('last');
      expect(await kubectl.run('logs', 'talks', '--tail=1', '--timestamps')).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z last$/);
      expect(await kubectl.run('logs', 'talks', '--limit-bytes=7')).to.match(/^(out 1\ne|err 1\no|out 1\no)$/);
      expect(await kubectl.run('logs', 'talks', '--since=1h')).to.include('out 2');
    }).timeout(30_000);

    describe('commands', () => {
      before(() => pod('shell', ['sleep', '1000']));

      it('with exit codes, input and both outputs', async () => {
        const { exitCode, stdout, stderr } = await kubectl.attempt(['exec', '-i', 'shell', '--', 'sh', '-c', 'cat; echo oops >&2; exit 42'], { input: 'in\n' });
        expect([exitCode, stdout, stderr.split('\n')[0]]).to.deep.equal([42, 'in', 'oops']);
        const missing = await kubectl.attempt(['exec', 'shell', '--', 'no-such-program']);
        expect(missing.exitCode).to.not.equal(0);
        expect(missing.stdout + missing.stderr).to.include('no-such-program');
      }).timeout(30_000);

      it('at a terminal whose size changes', async () => {
        // The size is known a moment after the program has begun, as everywhere.
        const inside = 'sleep 0.5; stty size; sleep 2; stty size; exit 7';
        const script = `stty rows 31 cols 101; (sleep 2; stty rows 40 cols 140 < /dev/tty) & "$KUBECTL" exec -it shell -- sh -c '${inside}'; echo "ended with $?"`;
        const { stdout } = await execa('script', ['-qec', script, '/dev/null'], { env: { ...kubectl.env, KUBECTL: binary.path, SHELL: '/bin/sh' }, timeout: 20_000, reject: false, stdin: 'ignore' });
        expect(stdout.replaceAll('\r', '')).to.match(/31 101\n40 140\n(.*\n)?ended with 7$/);
      }).timeout(30_000);

      it('take and give a hundred megabytes as they are', async () => {
        const bytes = randomBytes(100 << 20);
        await writeFile(join(dir, 'big'), bytes);
        const { stdout, stderr } = await execa('sh', ['-c', '"$0" exec -i shell -- cat < "$1" | sha256sum', binary.path, join(dir, 'big')], { env: kubectl.env, reject: false, timeout: 120_000 });
        expect([stdout.split(' ')[0], stderr]).to.deep.equal([sha(bytes), '']);
      }).timeout(120_000);

      it('that copy', async () => {
        const bytes = randomBytes(2 << 20);
        await writeFile(join(dir, 'file'), bytes);
        await kubectl.run('cp', join(dir, 'file'), 'shell:/tmp/there');
        expect((await kubectl.run('exec', 'shell', '--', 'sha256sum', '/tmp/there')).split(' ')[0]).to.equal(sha(bytes));
        await kubectl.run('cp', 'shell:/tmp/there', join(dir, 'back'));
        expect(sha(await readFile(join(dir, 'back')))).to.equal(sha(bytes));
      }).timeout(30_000);

      it('end with their client', async () => {
        const { id } = await pod('left', ['sleep', '1000']);
        const running = kubectl.spawn(['exec', 'left', '--', 'sleep', '777']);
        const sleeps = async (): Promise<boolean> => (await subject.sh(id, 'ps')).stdout.includes('sleep 777');
        await until(sleeps, 'the command to run');
        running.kill('SIGKILL');
        await running;
        await until(async () => !(await sleeps()), 'the command to end');
      }).timeout(40_000);

      it('end with their container', async () => {
        const { id } = await pod('short', ['sleep', '1000']);
        const running = kubectl.spawn(['exec', 'short', '--', 'sh', '-c', 'echo begun; sleep 1000']);
        let text = '';
        running.stdout?.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        await until(() => text === 'begun\n', 'the command to run');
        await subject.runtime.stopContainer(id, 0, new AbortController().signal);
        const { exitCode } = await running;
        expect(exitCode).to.not.equal(0);
      }).timeout(40_000);
    });

    it('attaches to what runs, and to nothing else', async () => {
      await pod('reads', ['sh', '-c', 'read line; echo "heard $line"; sleep 1000'], { stdin: true });
      const attached = execa(binary.path, ['attach', '-i', 'reads'], { env: kubectl.env, extendEnv: false, stdin: 'pipe', reject: false });
      attached.stdin.write('hello\n');
      let text = '';
      attached.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      await until(() => text === 'heard hello\n', 'an answer');
      attached.kill();
      await attached;
      const { id } = await pod('ended', ['sleep', '1000'], { stdin: true });
      await subject.runtime.stopContainer(id, 0, new AbortController().signal);
      expect(await kubectl.refused('', 'attach', '-i', 'ended')).to.match(/Internal error occurred: error attaching to container: .*it is not running/);
    }).timeout(40_000);

    it('reaches ports that are open on the pod\'s loopback only, by many at once', async () => {
      const { sandbox: { netns = '' } } = await pod('serves', ['sleep', '1000']);
      const echo = `require('net').createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => 0).pipe(socket)).listen(8080, '127.0.0.1', () => console.log('listening'))`;
      const server = execa('nsenter', [`--net=${netns}`, process.execPath, '-e', echo], { reject: false });
      await once(server.stdout, 'data');
      const forwarding = kubectl.spawn(['port-forward', 'pod/serves', ':8080', ':8081']);
      let text = '';
      let complaint = '';
      forwarding.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      forwarding.stderr?.on('data', (chunk: Buffer) => {
        complaint += chunk.toString();
      });
      await until(() => /127\.0\.0\.1:\d+ -> 8081/.test(text), 'ports to be forwarded');
      const [port, closed] = [8080, 8081].map((to) => Number(new RegExp(`127\\.0\\.0\\.1:(\\d+) -> ${to}`).exec(text)![1]));
      const all = Array.from({ length: 40 }, (_, i) => randomBytes(i === 0 ? 10 << 20 : 100_000 + i));
      const answers = await Promise.all(all.map(async (bytes) => {
        const socket = connect({ host: '127.0.0.1', port: port! });
        const chunks: Buffer[] = [];
        let size = 0;
        socket.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size === bytes.length) socket.end();
        });
        socket.write(bytes);
        await once(socket, 'close');
        return sha(Buffer.concat(chunks));
      }));
      expect(answers).to.deep.equal(all.map(sha));
      await once(connect({ host: '127.0.0.1', port: closed! }).on('error', () => undefined), 'close');
      await until(() => complaint.includes('connection refused'), 'the reason');
      expect(complaint).to.match(/error forwarding port 8081 to pod serves, uid uid-of-serves: failed to connect to localhost:8081 inside namespace \\?"\/proc\/\d+\/ns\/net\\?", IPv4: dial tcp4 127\.0\.0\.1:8081: connect: connection refused/);
      forwarding.kill();
      await forwarding;
      server.kill();
      await server;
    }).timeout(60_000);
  });
}
