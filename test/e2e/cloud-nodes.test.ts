import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { containers, makeBusyboxImage } from '#test/fixtures/busybox-image.ts';
import { keelsonProgram } from '#test/fixtures/keelson-program.ts';
import { mountingImages, program, requires, root as asRoot } from '#test/fixtures/requires.ts';
import { gateway, startCloudMachines, type CloudMachines } from '#test/cloud-machines/cloud-machines.ts';
import { launchAws, launchGcp, type Launched } from '#test/cloud-machines/launch.ts';
import { startAwsEmulator, type AwsEmulator } from '#test/emulators/aws/emulator.ts';
import { writeCredentials } from '#test/emulators/gcp/credentials.ts';
import { startGcpEmulator, type GcpEmulator } from '#test/emulators/gcp/emulator.ts';
import { Sandbox, until, type Running } from './harness.ts';
import { oldestAndNewest, type Kubectl } from './kubectl.ts';
import { containersOf, traces } from './node-traces.ts';

const [awsZone, gcpZone, project] = ['us-west-2a', 'us-central1-a', 'nodes-project'];

describe('instances of emulated clouds as nodes', function () {
  this.timeout(240_000);
  let sandbox: Sandbox;
  let keelson: Running | undefined;
  let kubectl: Kubectl;
  let aws: AwsEmulator;
  let gcp: GcpEmulator;
  let machines: CloudMachines | undefined;
  let launched: readonly Launched[] = [];
  let image: string;
  let before_: Awaited<ReturnType<typeof traces>>;
  const problems: string[] = [];

  before(requires(asRoot, ...mountingImages, ...containers, program('kubectl', 'kubernetes-client'), program('iptables', 'iptables'), program('ip', 'iproute2'), program('nsenter', 'util-linux')));
  before(async () => {
    image = await makeBusyboxImage();
    before_ = await traces();
    sandbox = await Sandbox.make();
    aws = await startAwsEmulator({ time: { scale: 10 } });
    gcp = await startGcpEmulator({ speed: 10 });
    const [config, keyFile, folder] = ['providers.yaml', 'gcp.json', 'clouds'].map((name) => join(sandbox.dir, name)) as [string, string, string];
    writeCredentials(keyFile, gcp.url);
    await writeFile(config, JSON.stringify({
      aws: { region: 'us-west-2', endpoint: aws.url, clusterId: 'nodes', loadBalancers: false }, gcp: { project, zone: gcpZone, endpoint: gcp.url, keyFile, clusterId: 'nodes', loadBalancers: false },
    }));
    const address = await gateway(folder);
    keelson = await sandbox.up(['--host', '0.0.0.0', '--advertise-address', address, '--provider', 'aws', '--provider', 'gcp', '--provider-config', config], {
      env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_EC2_METADATA_DISABLED: 'true', METADATA_SERVER_DETECTION: 'none' },
    });
    const [newest] = (await oldestAndNewest()).slice(-1);
    kubectl = keelson.kubectl(newest!);
    machines = await startCloudMachines({
      aws, gcp, folder, join: { program: await keelsonProgram(), server: `https://${address}:${new URL(keelson.url).port}`, kubeconfig: keelson.kubeconfig }, report: (problem) => problems.push(problem),
    });
    const options = { aws: aws.url, gcp: gcp.url, launch: 1, zone: awsZone, gcpZone, project, dataDir: '' };
    launched = [await launchAws(aws.url, options), await launchGcp(gcp.url, options)];
  });
  after(async () => {
    await machines?.stop();
    await keelson?.kill();
    await aws?.stop();
    await gcp?.stop();
    if (before_ !== undefined) expect(await traces(), 'what is left on this computer').to.deep.equal(before_);
    await sandbox?.remove();
  });

  const isReady = async (name: string): Promise<boolean> => (await kubectl.run('get', 'nodes')).match(new RegExp(`^${name} +Ready `, 'm')) !== null;
  const pod = (name: string, nodeName: string) => ({
    apiVersion: 'v1', kind: 'Pod', metadata: { name },
    spec: { nodeName, terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image, command: ['sh', '-c', 'echo $HOSTNAME > index.html; exec httpd -f -p 8080'] }] },
  });

  it('join with what their clouds say of them', async () => {
    for (const name of ['aws-1', 'gcp-1']) await until(() => isReady(name), `${name} to be Ready (${problems.join('; ')})`, 90_000);
    const [instance] = [...aws.state.region('us-west-2').instances.rows()];
    const fields = 'jsonpath={.spec.providerID} {.status.addresses[?(@.type=="InternalIP")].address} {.metadata.labels.topology\\.kubernetes\\.io/zone}';
    expect(await kubectl.run('get', 'node', 'aws-1', '-o', fields)).to.equal(`aws:///${awsZone}/${instance?.id} ${instance?.privateIp} ${awsZone}`);
    expect(await kubectl.run('get', 'node', 'gcp-1', '-o', fields)).to.match(new RegExp(`^gce://${project}/${gcpZone}/gcp-1 10\\.128\\.[0-9.]+ ${gcpZone}$`));
    for (const [name, driver, id] of [['aws-1', 'ebs.csi.aws.com', instance?.id], ['gcp-1', 'pd.csi.storage.gke.io', `projects/${project}/zones/${gcpZone}/instances/gcp-1`]] as const) {
      await until(async () => (await kubectl.run('get', 'csinode', name, '-o', 'jsonpath={.spec.drivers[*].name} {.spec.drivers[*].nodeID}')) === `${driver} ${id}`, `the drivers of ${name}`, 20_000);
    }
  });

  it('run pods that reach each other from cloud to cloud', async () => {
    for (const name of ['aws-1', 'gcp-1']) await kubectl.apply(pod(`on-${name}`, name));
    for (const name of ['aws-1', 'gcp-1']) await kubectl.run('wait', '--for=condition=Ready', `pod/on-${name}`, '--timeout=60s');
    const ip = await kubectl.run('get', 'pod', 'on-gcp-1', '-o', 'jsonpath={.status.podIP}');
    await until(async () => (await kubectl.run('exec', 'on-aws-1', '--', 'sh', '-c', `printf 'GET /index.html HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${ip} 8080 | tail -n 1`)) === 'on-gcp-1', 'a pod of the other cloud to answer', 30_000);
  });

  it('lose what ran on them when they stop, and go when they are terminated', async () => {
    const folder = machines?.machine(`gce://${project}/${gcpZone}/gcp-1`)?.folder ?? '';
    expect((await containersOf(folder)).length).to.be.greaterThan(0);
    gcp.state.stopInstance(`projects/${project}/zones/${gcpZone}/instances/gcp-1`);
    await until(async () => (await containersOf(folder)).length === 0, 'the containers of the stopped instance to go', 30_000);
    gcp.state.startInstance(`projects/${project}/zones/${gcpZone}/instances/gcp-1`);
    await until(async () => (await containersOf(folder)).length > 0, 'what was to run on it to run again', 60_000);
    for (const one of launched) await one.terminate();
    await until(async () => (await kubectl.run('get', 'nodes', '-o', 'name')) === '', 'the nodes of terminated instances to be removed', 120_000);
    await machines?.settle();
    expect(machines?.machine(`gce://${project}/${gcpZone}/gcp-1`)).to.equal(undefined);
  });
});
