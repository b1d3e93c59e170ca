import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { gateway, startCloudMachines, type CloudMachines } from '#test/cloud-machines/cloud-machines.ts';
import { addressOfName } from '#test/cloud-machines/doors.ts';
import { launchAws, launchGcp, type Launched } from '#test/cloud-machines/launch.ts';
import { startAwsEmulator, type AwsEmulator } from '#test/emulators/aws/emulator.ts';
import { writeCredentials } from '#test/emulators/gcp/credentials.ts';
import { startGcpEmulator, type GcpEmulator } from '#test/emulators/gcp/emulator.ts';
import { containers, makeBusyboxImage } from '#test/fixtures/busybox-image.ts';
import { keelsonProgram } from '#test/fixtures/keelson-program.ts';
import { mountingImages, program, requires, root as asRoot } from '#test/fixtures/requires.ts';
import { root, Sandbox, until, type Running } from './harness.ts';
import { oldestAndNewest, type Kubectl } from './kubectl.ts';
import { containersOf, traces } from './node-traces.ts';

const project = 'examples-project';
const clouds = ['aws', 'gcp'] as const;
/** What the examples' pods run; registries cannot be reached from every test machine. */
const image = 'busybox:1.36';
const passing = new Set(['vpcs', 'subnets', 'routeTables', 'instances', 'modifications']);

/** Two instances in each cloud are nodes; the examples do with them what their READMEs say. */
describe('the examples for clouds', function () {
  this.timeout(300_000);
  let sandbox: Sandbox;
  let keelson: Running | undefined;
  let kubectl: Kubectl;
  let aws: AwsEmulator;
  let gcp: GcpEmulator;
  let machines: CloudMachines | undefined;
  let launched: readonly Launched[] = [];
  let madeImage = false;
  let before_: Awaited<ReturnType<typeof traces>>;
  const problems: string[] = [];

  before(requires(asRoot, ...mountingImages, ...containers, program('kubectl', 'kubernetes-client'), program('iptables', 'iptables'), program('ip', 'iproute2'), program('nsenter', 'util-linux')));
  before(async () => {
    const made = await makeBusyboxImage();
    madeImage = (await execa('docker', ['image', 'inspect', image], { reject: false })).failed;
    if (madeImage) await execa('docker', ['tag', made, image]);
    before_ = await traces();
    sandbox = await Sandbox.make();
    aws = await startAwsEmulator({ time: { scale: 10 } });
    gcp = await startGcpEmulator({ speed: 10 });
    const [config, keyFile, folder] = ['providers.yaml', 'gcp.json', 'clouds'].map((name) => join(sandbox.dir, name)) as [string, string, string];
    writeCredentials(keyFile, gcp.url);
    await writeFile(config, JSON.stringify({ aws: { region: 'us-west-2', endpoint: aws.url }, gcp: { project, zone: 'us-central1-a', endpoint: gcp.url, keyFile } }));
    const address = await gateway(folder);
    keelson = await sandbox.up(['--host', '0.0.0.0', '--advertise-address', address, ...['local', ...clouds].flatMap((name) => ['--provider', name]), '--provider-config', config], {
      env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_EC2_METADATA_DISABLED: 'true', METADATA_SERVER_DETECTION: 'none', KEELSON_LOCAL_LOAD_BALANCERS: 'true' },
    });
    const [newest] = (await oldestAndNewest()).slice(-1);
    kubectl = keelson.kubectl(newest!);
    machines = await startCloudMachines({
      aws, gcp, folder, join: { program: await keelsonProgram(), server: `https://${address}:${new URL(keelson.url).port}`, kubeconfig: keelson.kubeconfig }, report: (problem) => problems.push(problem),
    });
    const options = { aws: aws.url, gcp: gcp.url, launch: 2, zone: 'us-west-2a', gcpZone: 'us-central1-a', project, dataDir: '' };
    launched = [await launchAws(aws.url, options), await launchGcp(gcp.url, options)];
  });
  after(async () => {
    await machines?.stop();
    await keelson?.kill();
    await aws?.stop();
    await gcp?.stop();
    if (madeImage) await execa('docker', ['rmi', image], { reject: false });
    if (before_ !== undefined) expect(await traces(), 'what is left on this computer').to.deep.equal(before_);
    await sandbox?.remove();
  });

  const get = (...args: string[]): Promise<string> => kubectl.run('get', ...args);
  const example = (name: string): string => join(root, 'examples', name);
  /** Of a service: an address of this computer in place of a name that no name server knows. */
  async function doorOf(name: string): Promise<string> {
    let found = '';
    await until(async () => {
      const [ip = '', hostname = ''] = (await get('service', name, '-o', 'jsonpath={.status.loadBalancer.ingress[0].ip},{.status.loadBalancer.ingress[0].hostname}')).split(',');
      found = ip || (hostname === '' ? '' : addressOfName(hostname));
      return found !== '';
    }, `the load balancer of ${name}`, 60_000);
    return found;
  }
  let lastPage = '';
  const page = async (url: string): Promise<string> => (lastPage = await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5_000) }).then((answer) => answer.text(), (error: Error) => `${error.message}: ${String(error.cause)}`));
  async function expectPage(url: string, text: string): Promise<void> {
    await until(async () => (await page(url)) === text, '', 60_000).catch(async () => expect.fail(`${url} shows ${JSON.stringify(lastPage)}, not ${JSON.stringify(text)}; ${problems.join('; ')}; ${await get('pods,endpointslices', '-o', 'wide')}`));
  }

  it('have two nodes in each cloud', async () => {
    for (const name of clouds.flatMap((cloud) => [`${cloud}-1`, `${cloud}-2`])) await until(async () => new RegExp(`^${name} +Ready `, 'm').test(await get('nodes')), `${name} to be Ready (${problems.join('; ')})`, 120_000);
  });

  it('are told what their clouds know of them, and which volumes they can have', async () => {
    const instance = [...aws.state.region('us-west-2').instances.rows()].find(({ tags }) => tags.get('Name') === 'aws-1');
    const fields = 'jsonpath={.spec.providerID} {.status.addresses[?(@.type=="InternalIP")].address} {.metadata.labels.topology\\.kubernetes\\.io/zone}';
    expect(await get('node', 'aws-1', '-o', fields)).to.equal(`aws:///us-west-2a/${instance?.id} ${instance?.privateIp} us-west-2a`);
    expect(await get('node', 'gcp-1', '-o', fields)).to.match(new RegExp(`^gce://${project}/us-central1-a/gcp-1 10\\.128\\.[0-9.]+ us-central1-a$`));
    for (const [name, driver, id] of [['aws-1', 'ebs.csi.aws.com', instance?.id], ['gcp-1', 'pd.csi.storage.gke.io', `projects/${project}/zones/us-central1-a/instances/gcp-1`]] as const) {
      await until(async () => (await get('csinode', name, '-o', 'jsonpath={.spec.drivers[*].name} {.spec.drivers[*].nodeID}')) === `${driver} ${id}`, `the drivers of ${name}`, 20_000);
    }
  });

  for (const cloud of clouds) {
    it(`${cloud}: a diary on a volume moves from one instance to the other, and is read through a load balancer`, async () => {
      await kubectl.run('apply', '-f', example(cloud));
      await kubectl.run('wait', '--for=condition=Available', `deployment/diary-${cloud}`, '--timeout=120s');
      const nodeOf = (): Promise<string> => get('pods', '-l', `app=diary-${cloud}`, '-o', 'jsonpath={.items[0].spec.nodeName}');
      const first = await nodeOf();
      const url = `http://${await doorOf(`diary-${cloud}`)}/`;
      await expectPage(url, `written on ${first}\n`);

      await kubectl.run('cordon', first);
      await kubectl.run('delete', 'pods', '-l', `app=diary-${cloud}`);
      const second = first === `${cloud}-1` ? `${cloud}-2` : `${cloud}-1`;
      await expectPage(url, `written on ${first}\nwritten on ${second}\n`);
      expect(await nodeOf()).to.equal(second);
      await kubectl.run('uncordon', first);
    });

    it(`${cloud}: the volume grows, and its file system with it`, async () => {
      await kubectl.run('patch', 'pvc', `diary-${cloud}`, '--type=merge', '-p', '{"spec":{"resources":{"requests":{"storage":"6Gi"}}}}');
      const volume = await get('pvc', `diary-${cloud}`, '-o', 'jsonpath={.spec.volumeName}');
      await until(async () => (await get('pv', volume, '-o', 'jsonpath={.spec.capacity.storage}')) === '6Gi', 'the volume to have its new size', 90_000);
      // A kernel may not let a file system grow while it is mounted; then it does when it is mounted again.
      await kubectl.run('delete', 'pods', '-l', `app=diary-${cloud}`);
      await until(async () => (await get('pvc', `diary-${cloud}`, '-o', 'jsonpath={.status.capacity.storage}')) === '6Gi', 'the claim to have its new size', 90_000);
      await kubectl.run('wait', '--for=condition=Available', `deployment/diary-${cloud}`, '--timeout=60s');
      const [, line = ''] = (await kubectl.run('exec', `deployment/diary-${cloud}`, '--', 'df', '-k', '/diary')).split('\n');
      expect(Number(line.split(/ +/)[1])).to.be.greaterThan(5 * 1024 * 1024);
    });
  }

  it('hybrid: pods on all nodes are reached by one address of this computer', async () => {
    await kubectl.run('apply', '-f', example('hybrid'));
    await kubectl.run('rollout', 'status', 'daemonset/everywhere', '--timeout=120s');
    const url = `http://${await doorOf('everywhere')}:8000/`;
    const answers = new Set<string>();
    await until(async () => {
      answers.add(await page(url));
      return clouds.every((cloud) => [1, 2].every((number) => answers.has(`hello from ${cloud}-${number}\n`)));
    }, 'answers of all four nodes', 60_000);
  });

  it('lose what runs on an instance when that is stopped, and have it again when it is started', async () => {
    const folder = machines?.machine(`gce://${project}/us-central1-a/gcp-1`)?.folder ?? '';
    const path = `projects/${project}/zones/us-central1-a/instances/gcp-1`;
    expect((await containersOf(folder)).length).to.be.greaterThan(0);
    gcp.state.stopInstance(path);
    await until(async () => (await containersOf(folder)).length === 0, 'the containers of the stopped instance to go', 30_000);
    gcp.state.startInstance(path);
    await until(async () => (await containersOf(folder)).length > 0, 'what was to run on it to run again', 60_000);
  });

  it('leave both clouds empty when all is deleted', async () => {
    for (const name of ['hybrid', ...clouds]) await kubectl.run('delete', '-f', example(name), '--timeout=120s');
    await until(async () => (await get('pv', '-o', 'name')) === '', 'the volumes to go', 120_000);
    const left = (): string[] => [
      ...Object.entries(aws.state.view()['us-west-2'] ?? {}).flatMap(([kind, rows]) => (passing.has(kind) ? [] : rows.map((row) => `${kind} ${JSON.stringify(row)}`))).filter((text) => !text.includes('"deleteOnTermination":true') && !text.includes('"name":"default"')),
      ...gcp.state.leftovers().filter((path) => !/\/instances\/gcp-|\/disks\/gcp-/.test(path)),
    ];
    await until(() => left().length === 0, `nothing to be left: ${left().join(', ')}`, 60_000);
    for (const one of launched) await one.terminate();
    await until(async () => (await get('nodes', '-o', 'name')) === '', 'the nodes of terminated instances to be removed', 180_000);
  });
});
