import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { containers, makeBusyboxImage } from '#test/fixtures/busybox-image.ts';
import { program, requires, root as asRoot } from '#test/fixtures/requires.ts';
import { Sandbox, until, type Running } from './harness.ts';
import { oldestAndNewest, type Kubectl } from './kubectl.ts';
import { containersOf } from './node-traces.ts';
import { podLifeManifests } from './pod-life-manifests.ts';

const kubectls = await oldestAndNewest();

describe('what people see of pods on this computer', function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  let keelson: Running;
  let kubectl: Kubectl;

  before(requires(asRoot, ...containers, program('kubectl', 'kubernetes-client'), program('iptables', 'iptables'), program('conntrack', 'conntrack'), program('ip', 'iproute2')));
  before(async () => {
    const image = await makeBusyboxImage();
    sandbox = await Sandbox.make();
    keelson = await sandbox.up(['--nodes', '1']);
    kubectl = keelson.kubectl(kubectls.at(-1)!);
    await until(async () => (await kubectl.run('get', 'nodes')).includes(' Ready'), 'the node to be Ready', 30_000);
    await kubectl.apply({ apiVersion: 'v1', kind: 'List', items: podLifeManifests(image, join(sandbox.dir, 'hooks')) });
  });
  after(async () => {
    await keelson?.kill();
    if (sandbox) await sandbox.keelson(['down', '--data-dir', sandbox.dataDir], { timeout: 60_000 });
    await sandbox?.remove();
  });

  /** As `kubectl get` and `describe` show it, and its log. */
  const shown = (pod: string): Promise<string> => kubectl.run('get', 'pod', pod, '--no-headers');
  const described = (pod: string): Promise<string> => kubectl.run('describe', 'pod', pod);
  const said = async (...args: readonly string[]): Promise<string> => (await kubectl.attempt(['logs', ...args])).stdout;
  const untilShown = async (pod: string, what: RegExp): Promise<void> => {
    await until(async () => what.test(await shown(pod)), `${pod} to be ${String(what)}`, 60_000).catch(async (error: unknown) => {
      throw new Error(`it is this: ${await described(pod)}`, { cause: error });
    });
  };
  const untilDescribed = async (pod: string, what: RegExp): Promise<void> => until(async () => what.test((await described(pod)).replaceAll(/ +/g, ' ')), `${pod} to be described with ${String(what)}`, 60_000);
  const untilSaid = async (what: string, ...args: readonly string[]): Promise<string> => {
    await until(async () => (await said(...args)).includes(what), `the log of ${args.join(' ')}`, 60_000);
    return said(...args);
  };

  it('variables of every source, and arguments made of them', async () => {
    const text = await untilSaid('args ', 'variables');
    const { podIP } = JSON.parse(await kubectl.run('get', 'pod', 'variables', '-o', 'jsonpath={.status}')) as { podIP: string };
    expect(text.split('\n')).to.include.members([
      'LITERAL=said', 'COMPOSED=<said 80>', 'FROM_MAP=one', 'FROM_SECRET=hunter2', 'ALL_alpha=one', 'ALL_beta=two', 'password=hunter2', 'POD=variables', 'LABEL=shown', `IP=${podIP}`,
      'MILLICORES=500', 'MEBIBYTES=64', 'args said-$(MISSING)-$(LITERAL)',
    ]);
    await untilShown('variables', / 0\/1 +Error /);
  });

  it('init containers one after the other, and those that stay beside', async () => {
    await untilShown('stages', / 0\/2 +Completed /);
    expect(await said('stages', '-c', 'main')).to.equal('first\nfirst\nbeside\nlast');
    expect(await said('stages', '-c', 'beside')).to.equal('asked to stop');
  });

  it('a container that crashes, and what it said before', async () => {
    await untilShown('crashes', / CrashLoopBackOff /);
    for (const binary of kubectls) expect(await keelson.kubectl(binary).run('logs', 'crashes', '--previous'), `by kubectl 1.${binary.minor}`).to.equal('attempt');
    await untilDescribed('crashes', /Last State: Terminated\n Reason: Error\n Message: attempt\n+ Exit Code: 3\n[^]*BackOff .*Back-off restarting failed container main in pod crashes_default/);
  });

  // An engine may miss that the kernel killed a container: one of several runs is told.
  it('a container that took too much memory', () => untilDescribed('greedy', /Reason: OOMKilled\n+ Exit Code: 137/));

  it('probes that succeed and fail', async () => {
    await untilShown('probed', / [12]\/4 .* [1-9]\d* \(/);
    await untilDescribed('probed', /Liveness probe failed: no life/);
    await untilDescribed('probed', /Container stuck failed liveness probe, will be restarted/);
    await untilDescribed('probed', /Readiness probe failed: HTTP probe failed with statuscode: 404/);
    await untilDescribed('probed', /Readiness probe failed: .*connect/);
  });

  it('what a pod may and may not do', async () => {
    const text = await untilSaid('touch', 'confined');
    expect(text.split('\n')).to.include.members([
      'uid=1000(web) gid=3000 groups=2000,3000,4000', 'CapBnd:\t0000000000000400', 'NoNewPrivs:\t1', 'Seccomp:\t2', '192.0.2.7\twarden.test', 'search block.test', 'nameserver 192.0.2.53', 'options ndots:3', '1000:2000',
      'touch: /root-is-closed: Read-only file system',
    ]);
    expect(text).to.match(/tmpfs +8192 .* \/memory/).and.to.match(/\tcell\.block\.default\.svc\.cluster\.local\tcell\n/);
    await untilShown('rootless', / CreateContainerConfigError /);
    await untilDescribed('rootless', /container has runAsNonRoot and image will run as root/);
  });

  it('processes of each other, where they share them', async () => {
    expect(await untilSaid('sleep 1111', 'family', '-c', 'other')).to.include('/pause');
  });

  it('volumes of all kinds of files', async () => {
    const text = await untilSaid('touch', 'files');
    expect(text).to.match(/^one400\nhunter2app="files"two\d{3,}\n/).and.to.include('/scratch/deep:\nx').and.to.include('/scratch/of-files:\ny').and.to.include('touch: /closed/z: Read-only file system');
  });

  it('images and volumes that are not there', async () => {
    await untilDescribed('pictureless', /ErrImageNeverPull .*Container image "no-such-image:1" is not present with pull policy of Never/);
    await untilDescribed('pictureless', /Failed to pull image "localhost:1\/none:1": .*connection refused/);
    await untilShown('pictureless', / (ErrImagePull|ImagePullBackOff|ErrImageNeverPull) /);
    await untilDescribed('lacking', /FailedMount .*MountVolume\.SetUp failed for volume "data" : configmap "none" not found/);
    expect(await shown('lacking')).to.match(/ 0\/1 +ContainerCreating /);
  });

  it('several logs at once', async () => {
    await untilShown('probed', / (Running|CrashLoopBackOff) /);
    const text = await kubectl.run('logs', 'family', '--all-containers', '--prefix', '--tail=1');
    expect(text).to.match(/^\[pod\/family\/other\] /);
    const after = new Date(Date.now() + 60_000).toISOString();
    expect(await said('family', '-c', 'other', '--since-time', after)).to.equal('');
    expect(await said('family', '-c', 'other', '--since', '1h', '--limit-bytes', '3')).to.equal('PID');
  });

  for (const { minor, path } of kubectls) {
    it(`a container for debugging, by kubectl 1.${minor}`, async () => {
      const old = keelson.kubectl({ minor, path });
      const name = `debug-${minor}`;
      await old.attempt(['debug', 'family', '--image=keelson-test/busybox:1', '--image-pull-policy=Never', '--target=one', '-c', name, '--', 'sh', '-c', 'ps; sleep 1']);
      await until(async () => (await said('family', '-c', name)).includes('sleep 1111'), 'it to see its target', 30_000);
      await untilDescribed('family', new RegExp(`Ephemeral Containers:\\n( .*\\n)* ${name}:\\n`));
    });
  }

  it('how a pod ends', async () => {
    const log = join(sandbox.dir, 'hooks', 'log');
    await until(async () => (await readFile(log, 'utf8').catch(() => '')) === 'begun\n', 'it to begin', 60_000);
    await kubectl.run('delete', 'pod', 'hooked');
    expect(await readFile(log, 'utf8')).to.equal('begun\nleaving\nleft\nasked\n');
    await untilDescribed('late', /Status: Failed\nReason: DeadlineExceeded\nMessage: Pod was active on the node longer than the specified deadline/);
  });

  it('nothing, when they are deleted', async () => {
    await kubectl.run('delete', 'pods', '--all', '--timeout=60s');
    expect(await containersOf(sandbox.dataDir)).to.deep.equal([]);
    expect((await readFile('/proc/self/mounts', 'utf8')).split('\n').filter((line) => line.includes(sandbox.dir))).to.deep.equal([]);
    expect(await readdir(join(sandbox.dataDir, 'agent', 'node', 'pods'))).to.deep.equal([]);
  });
});
