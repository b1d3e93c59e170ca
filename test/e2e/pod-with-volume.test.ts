import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { containers, makeBusyboxImage } from '#test/fixtures/busybox-image.ts';
import { program, requires, root as asRoot, skipBecause } from '#test/fixtures/requires.ts';
import { root, Sandbox, until, type Running } from './harness.ts';
import { oldestAndNewest, type Kubectl } from './kubectl.ts';
import { containersOf, traces } from './node-traces.ts';

const example = join(root, 'examples', 'pod-with-volume');
const kubectls = await oldestAndNewest();
/** What the example's pods run; registries cannot be reached from every test machine. */
const image = 'busybox:1.36';

/** A node in the computer's own network, as `npm start` has it. */
describe('a pod with a volume on this computer', function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  let keelson: Running;
  let kubectl: Kubectl;
  let before_: Awaited<ReturnType<typeof traces>>;
  let madeImage = false;

  before(requires(asRoot, ...containers, program('kubectl', 'kubernetes-client'), program('iptables', 'iptables'), program('conntrack', 'conntrack'), program('ip', 'iproute2')));
  before(async () => {
    const made = await makeBusyboxImage();
    madeImage = (await execa('docker', ['image', 'inspect', image], { reject: false })).failed;
    if (madeImage) await execa('docker', ['tag', made, image]);
    before_ = await traces();
    sandbox = await Sandbox.make();
    keelson = await sandbox.up(['--nodes', '1']);
    kubectl = keelson.kubectl(kubectls.at(-1)!);
    await until(async () => (await kubectl.run('get', 'nodes')).includes(' Ready'), 'the node to be Ready', 30_000);
  });
  after(async () => {
    await keelson?.kill();
    if (sandbox) await sandbox.keelson(['down', '--data-dir', sandbox.dataDir], { timeout: 60_000 });
    if (madeImage) await execa('docker', ['rmi', image], { reject: false });
    await sandbox?.remove();
  });

  const restart = async (): Promise<void> => {
    keelson = await sandbox.up(['--nodes', '1']);
    kubectl = keelson.kubectl(kubectls.at(-1)!);
  };
  const idOf = (pod: string): Promise<string> => kubectl.run('get', 'pod', pod, '-o', 'jsonpath={.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}');

  it('runs, and writes into its claim', async () => {
    await kubectl.run('apply', '-f', example);
    await kubectl.run('wait', '--for=condition=Ready', 'pod/writer', '--timeout=60s');
    expect(await kubectl.run('get', 'pod', 'writer', '-o', 'wide')).to.match(/writer +1\/1 +Running +0 .* 10\.244\.0\.\d+ /);
    expect(await kubectl.run('describe', 'pod', 'writer')).to.match(/Normal +Started .*Started container writer/).and.to.include('Successfully assigned default/writer');
  });

  for (const binary of kubectls) {
    it(`is reached by kubectl 1.${binary.minor}: logs, exec, cp, port-forward`, async () => {
      const old = keelson.kubectl(binary);
      await until(async () => (await old.run('logs', 'writer')).includes('written by writer'), 'the log');
      expect(await old.run('logs', 'writer', '--tail=1', '--timestamps')).to.match(/^\d{4}-\d\d-\d\dT\S+Z written by writer/);
      const { exitCode, stdout } = await old.attempt(['exec', '-i', 'writer', '--', 'sh', '-c', 'cat; exit 7'], { input: 'through the pod' });
      expect([exitCode, stdout]).to.deep.equal([7, 'through the pod']);
      const [there, back] = [join(sandbox.dir, 'there'), join(sandbox.dir, `back-${binary.minor}`)];
      await writeFile(there, 'x'.repeat(300_000));
      await old.run('cp', there, 'writer:/tmp/there');
      await old.run('cp', 'writer:/tmp/there', back);
      expect((await readFile(back, 'utf8')).length).to.equal(300_000);

      const inside = 8000 + binary.minor;
      const server = old.spawn(['exec', 'writer', '--', 'sh', '-c', `mkdir -p /www; echo hello > /www/index.html; httpd -f -p 127.0.0.1:${inside} -h /www`]);
      // kubectl gives up a tunnel whose first connection is refused.
      await until(async () => (await old.attempt(['exec', 'writer', '--', 'sh', '-c', `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 127.0.0.1 ${inside}`])).stdout.includes('hello'), 'the program that is forwarded to');
      const forward = old.spawn(['port-forward', 'pod/writer', `:${inside}`]);
      let said = '';
      forward.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      try {
        await until(() => /127\.0\.0\.1:(\d+) ->/.test(said), 'the port');
        const [, port = ''] = /127\.0\.0\.1:(\d+) ->/.exec(said) ?? [];
        await until(async () => (await fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.text(), () => '')) === 'hello\n', 'an answer through the tunnel');
      } finally {
        forward.kill('SIGKILL');
        await old.attempt(['exec', 'writer', '--', 'killall', 'httpd']);
        server.kill('SIGKILL');
        await Promise.all([forward, server]);
      }
    });
  }

  it('finds names, the API and the world outside of pods', async () => {
    const inPod = (script: string) => kubectl.run('exec', 'writer', '--', 'sh', '-c', script);
    expect(await inPod('nslookup kubernetes.default.svc.cluster.local')).to.include('Address: 10.96.0.1');
    expect(await inPod('cat /etc/resolv.conf')).to.include('search default.svc.cluster.local svc.cluster.local cluster.local');
    // Its certificate is for TLS only: that it answers at all is what counts.
    expect(await inPod('printf "GET / HTTP/1.0\\r\\n\\r\\n" | nc -w 3 10.96.0.1 443; echo "ended with $?"')).to.include('ended with 0');
  });

  it('is joined by pods behind a load balancer at this computer\'s own address, also after a restart', async function () {
    const [, own] = /src (\S+)/.exec((await execa('ip', ['route', 'get', '192.0.2.1'], { reject: false })).stdout) ?? [];
    if (own === undefined) skipBecause(this, 'needs a way out of this computer');
    const answer = (): Promise<string> => fetch(`http://${own}:8000/`).then((response) => response.text(), () => '');
    const answersOfBoth = async (): Promise<void> => {
      const heard = new Set<string>();
      await until(async () => [...heard.add(await answer())].filter((text) => /^hello from hello-\w{5}\n$/.test(text)).length === 2, 'both pods to answer', 30_000);
    };
    await kubectl.run('apply', '-f', join(root, 'examples', 'load-balancer'));
    await kubectl.run('wait', '--for=condition=Ready', 'pod', '-l', 'app=hello', '--timeout=60s');
    expect(await kubectl.run('get', 'service', 'hello')).to.match(new RegExp(`hello +LoadBalancer +\\S+ +${own} +8000:\\d+/TCP `));
    await answersOfBoth();
    await keelson.kill();
    expect(await answer()).to.equal('');
    await restart();
    await answersOfBoth();
    await kubectl.run('delete', '-f', join(root, 'examples', 'load-balancer'));
    expect(await answer()).to.equal('');
    await kubectl.run('wait', '--for=delete', 'pod', '-l', 'app=hello', '--timeout=60s');
  });

  it('outlives a stop and a kill -9 of Keelson, restarted by neither', async () => {
    const was = await idOf('writer');
    await keelson.stop();
    expect(await containersOf(sandbox.dataDir)).to.have.length(2);
    await restart();
    await until(async () => (await kubectl.run('get', 'pod', 'writer')).includes('1/1'), 'the pod to be adopted');
    await keelson.kill();
    await restart();
    await kubectl.run('wait', '--for=condition=Ready', 'pod/writer', '--timeout=60s');
    expect(await idOf('writer')).to.equal(was);
  });

  it('leaves its data to the next pod', async () => {
    await kubectl.run('delete', 'pod', 'writer');
    await until(async () => (await containersOf(sandbox.dataDir)).length === 0, 'the containers to go', 30_000);
    await kubectl.run('apply', '-f', join(example, 'later'));
    await until(async () => (await kubectl.run('get', 'pod', 'reader', '-o', 'jsonpath={.status.phase}')) === 'Succeeded', 'the reader to end', 60_000);
    expect(await kubectl.run('logs', 'reader')).to.equal('written by writer');
  });

  it('leaves nothing on the computer after keelson down', async () => {
    const refused = await sandbox.keelson(['down', '--data-dir', sandbox.dataDir]);
    expect(refused.stderr).to.include('in use by process');
    await keelson.stop();
    const { exitCode, stdout, stderr } = await sandbox.keelson(['down', '--data-dir', sandbox.dataDir], { timeout: 60_000 });
    expect([exitCode, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.match(/^Removed what 1 node had here: 1 pod\. Objects and volumes are still in /);
    expect(await containersOf(sandbox.dataDir)).to.deep.equal([]);
    expect(await traces()).to.deep.equal(before_);
    expect((await sandbox.keelson(['down', '--data-dir', sandbox.dataDir])).stdout).to.equal('There is nothing to remove.');
  });
});
