import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { AgentLab } from '#test/fixtures/agent-lab.ts';
import { program, requires, skipBecause } from '#test/fixtures/requires.ts';
import { Sandbox, until, type Running } from './harness.ts';
import { oldestAndNewest, type Kubectl } from './kubectl.ts';

/** Since then kubectl lets go of the stream of a connection that broke off; before, it waits for somebody to read it. */
const resetsStreams = 32;
const kubectls = await oldestAndNewest();
const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

for (const binary of kubectls) {
  describe(`logs, commands and ports of pods, by kubectl 1.${binary.minor}`, () => {
    before(requires(program('kubectl', 'kubernetes-client')));
    let sandbox: Sandbox;
    let keelson: Running;
    let kubectl: Kubectl;
    let lab: AgentLab;
    let dir: string;

    before(async () => {
      sandbox = await Sandbox.make();
      keelson = await sandbox.up();
      kubectl = keelson.kubectl(binary);
      dir = await mkdtemp(join(sandbox.dir, 'files-'));
      lab = await AgentLab.start({ clientCa: await readFile(join(sandbox.dataDir, 'pki', 'ca.crt'), 'utf8') });
      await keelson.request('POST', '/api/v1/nodes', { body: lab.node('n1') });
      const pods = '/api/v1/namespaces/default/pods';
      const containers = [{ name: 'main', image: 'i', stdin: true }, { name: 'side', image: 'i' }, { name: 'late', image: 'i' }];
      const body = { metadata: { name: 'web' }, spec: { nodeName: 'n1', containers } };
      await until(async () => (await keelson.request('POST', pods, { body })).status === 201, 'the pod to be made');
      await keelson.request('PATCH', `${pods}/web/status`, { body: JSON.stringify({ status: { phase: 'Running' } }), headers: { 'Content-Type': 'application/merge-patch+json' } });
      const pod = lab.pods.put('default', 'web', { containers }, { containerStatuses: [{ name: 'late', state: { waiting: { reason: 'ContainerCreating' } } }] });
      lab.pods.putContainer(pod, 'main', 'c-main');
      lab.pods.putContainer(pod, 'side', 'c-side');
      lab.pods.putContainer(pod, 'side', 'c-side-before', { previous: true, state: 'Exited' });
      lab.runtime.start('c-main', ['cat']);
      for (let i = 1; i <= 20; i++) lab.runtime.say('c-side', `line ${i}\n`, i % 2 === 0 ? 'stderr' : 'stdout', `2026-01-02T03:04:${String(i).padStart(2, '0')}.123456789Z`);
      lab.runtime.say('c-side-before', 'before\n');
    });
    after(async () => {
      await lab?.stop();
      await keelson?.stop();
      await sandbox?.remove();
    });

    const exec = (...command: string[]): string[] => ['exec', '-i', 'web', '-c', 'main', '--', ...command];

    describe('logs', () => {
      it('as they are, from their end, since a time, with times, and so many bytes', async () => {
        const logs = (...flags: string[]) => kubectl.run('logs', 'web', '-c', 'side', ...flags);
        expect((await logs()).split('\n')).to.have.length(20);
        expect(await logs('--tail=2')).to.equal('line 19\nline 20');
        expect(await logs('--since-time=2026-01-02T03:04:19Z', '--timestamps')).to.equal('2026-01-02T03:04:19.123456789Z line 19\n2026-01-02T03:04:20.123456789Z line 20');
        expect(await logs('--since=1s')).to.equal('');
        expect(await logs('--limit-bytes=10')).to.equal('line 1\nlin');
        expect(await logs('--previous')).to.equal('before');
      });

      it('that grow, until the reader leaves or the container ends', async () => {
        lab.runtime.say('c-grows', 'first\n');
        lab.pods.putContainer(lab.pods.pod('default', 'web')!, 'late', 'c-grows');
        const following = kubectl.spawn(['logs', '-f', 'web', '-c', 'late']);
        let text = '';
        following.stdout?.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        await until(() => text === 'first\n', 'what was there');
        lab.runtime.say('c-grows', 'second\n');
        await until(() => text === 'first\nsecond\n', 'what came');
        await lab.runtime.end('c-grows');
        expect((await following).exitCode).to.equal(0);
      });

      it('that are not there', async () => {
        lab.pods.putContainer(lab.pods.pod('default', 'web')!, 'late', 'c-late', { state: 'Created' });
        expect(await kubectl.refused('', 'logs', 'web', '-c', 'late')).to.equal('Error from server (BadRequest): container "late" in pod "web" is waiting to start: ContainerCreating');
        expect(await kubectl.refused('', 'logs', 'web', '-c', 'main', '--previous')).to.equal('Error from server (BadRequest): previous terminated container "main" in pod "web" not found');
        expect(await kubectl.refused('', 'logs', 'web', '-c', 'none')).to.match(/container none is not valid for pod web/);
      });
    });

    describe('commands', () => {
      it('say what they have to say, and how they ended', async () => {
        const { exitCode, stdout, stderr } = await kubectl.attempt(['exec', 'web', '-c', 'main', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3']);
        expect({ exitCode, stdout, stderr }).to.deep.equal({ exitCode: 3, stdout: 'out', stderr: 'err\ncommand terminated with exit code 3' });
        expect(await kubectl.run('exec', 'web', '-c', 'main', '--', 'echo', 'a  b', '$HOME', 'ü')).to.equal('a  b $HOME ü');
      });

      it('are told when their input ends', async () => {
        const { exitCode, stdout } = await kubectl.attempt(exec('sh', '-c', 'wc -c; echo done'), { input: 'hello\n' });
        expect([exitCode, stdout.replaceAll(/\s+/g, ' ')]).to.deep.equal([0, '6 done']);
      });

      it('that do not exist, or would run where nothing runs', async () => {
        expect(await kubectl.refused('', 'exec', 'web', '-c', 'main', '--', 'no-such-program')).to.match(/error executing command in container: exec: "no-such-program": executable file not found in \$PATH/);
        expect(await kubectl.refused('', 'exec', 'web', '-c', 'late', '--', 'true')).to.match(/unable to upgrade connection: container not found \("late"\)/);
      });

      it('take and give a hundred megabytes as they are', async () => {
        const bytes = randomBytes(100 << 20);
        await writeFile(join(dir, 'big'), bytes);
        const { stdout, exitCode, stderr } = await execa('sh', ['-c', '"$0" exec -i web -c main -- cat < "$1" | sha256sum', binary.path, join(dir, 'big')], { env: kubectl.env, reject: false, timeout: 60_000 });
        expect([exitCode, stdout.split(' ')[0], stderr]).to.deep.equal([0, sha(bytes), '']);
      }).timeout(60_000);

      it('end with their client, also when they do not read', async () => {
        for (const command of [['sleep', '1000'], ['cat']]) {
          const running = kubectl.spawn(['exec', '-i', 'web', '-c', 'main', '--', ...command], { input: 'x'.repeat(20 << 20) });
          await until(() => lab.runtime.running.size === 1, 'it to run');
          running.kill('SIGKILL');
          await running;
          await until(() => lab.runtime.running.size === 0, 'it to end', 30_000);
        }
      }).timeout(60_000);

      it('are waited for by slow readers, who get all', async () => {
        const { stdout } = await execa('sh', ['-c', '"$0" exec web -c main -- sh -c "head -c 30000000 /dev/zero; echo end" | (sleep 2; wc -c)', binary.path], { env: kubectl.env, timeout: 60_000 });
        expect(Number(stdout)).to.equal(30_000_004);
      }).timeout(60_000);
    });

    it('copies', async () => {
      const from = join(dir, 'from');
      await mkdir(join(from, 'sub'), { recursive: true });
      const bytes = randomBytes(3 << 20);
      await writeFile(join(from, 'sub', 'file'), bytes);
      const there = join(dir, 'there');
      await kubectl.run('cp', '-c', 'main', from, `web:${there}`);
      expect(sha(await readFile(join(there, 'sub', 'file')))).to.equal(sha(bytes));
      await kubectl.run('cp', '-c', 'main', `web:${there}/sub/file`, join(dir, 'back'));
      expect(sha(await readFile(join(dir, 'back')))).to.equal(sha(bytes));
      await rm(there, { recursive: true });
    }).timeout(20_000);

    it('attaches to what runs already', async () => {
      const { stdout, exitCode } = await kubectl.attempt(['attach', '-i', 'web', '-c', 'main'], { input: 'to the program\n' });
      expect([stdout, exitCode]).to.deep.equal(['to the program', 0]);
    });

    describe('ports', () => {
      let echo: Server;
      let forwarding: ReturnType<Kubectl['spawn']>;
      let port: number;
      let complaint: string;
      let closedPort: number;
      let refusing: number;

      before(async () => {
        const spare = createServer().listen(0, '127.0.0.1');
        await once(spare, 'listening');
        closedPort = (spare.address() as AddressInfo).port;
        spare.close();
        echo = createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
        await once(echo, 'listening');
      });
      after(() => void echo.close());
      beforeEach(async () => {
        forwarding = kubectl.spawn(['port-forward', 'pod/web', `:${(echo.address() as AddressInfo).port}`, `:${closedPort}`]);
        let text = '';
        complaint = '';
        forwarding.stdout?.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        forwarding.stderr?.on('data', (chunk: Buffer) => {
          complaint += chunk.toString();
        });
        await until(() => new RegExp(`127\\.0\\.0\\.1:\\d+ -> ${closedPort}`).test(text), 'ports to be forwarded');
        port = Number(/127\.0\.0\.1:(\d+) -> /.exec(text)![1]);
        refusing = Number(new RegExp(`127\\.0\\.0\\.1:(\\d+) -> ${closedPort}`).exec(text)![1]);
      });
      afterEach(async () => {
        forwarding.kill('SIGKILL');
        await forwarding;
      });

      const dial = (to = port): Socket => connect({ port: to, host: '127.0.0.1' }).on('error', () => undefined);
      const roundTrip = async (bytes: Buffer): Promise<string> => {
        const socket = dial();
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
      };

      it('are reached by many at once, byte for byte', async () => {
        const all = Array.from({ length: 60 }, (_, i) => randomBytes(i === 0 ? 20 << 20 : 100_000 + i));
        expect(await Promise.all(all.map(roundTrip))).to.deep.equal(all.map(sha));
      }).timeout(60_000);

      it('go on when some connections break off', async function () {
        if (binary.minor < resetsStreams) skipBecause(this, `kubectl 1.${binary.minor} stops reading then`);
        const bytes = randomBytes(1 << 20);
        for (let i = 0; i < 5; i++) {
          const socket = dial();
          socket.write(bytes);
          await once(socket, 'data');
          socket.resetAndDestroy();
          expect(await roundTrip(bytes)).to.equal(sha(bytes));
        }
      }).timeout(20_000);

      it('where nothing listens', async () => {
        await once(dial(refusing), 'close');
        await until(() => complaint.includes('error forwarding port'), 'the reason');
        expect(complaint).to.match(/error forwarding port \d+ to pod web, uid uid-of-web: failed to connect to localhost:\d+, IPv4: dial tcp4 127\.0\.0\.1:\d+: connect: connection refused/);
      });
    });
  });
}
