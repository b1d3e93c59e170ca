import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { readKubeconfig } from '#core/client/kubeconfig.ts';
import { keelsonProgram } from '#test/fixtures/keelson-program.ts';
import { awsCloud, type AwsState } from './aws-cloud.ts';
import { gateway, startCloudMachines } from './cloud-machines.ts';
import type { Cloud } from './cloud-view.ts';
import { gcpCloud, type GcpMembers, type GcpState } from './gcp-cloud.ts';
import { launchAws, launchGcp, type Launched } from './launch.ts';
import { readOptions, usage, type Options } from './options.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) say(usage);
  else await run(options);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${usage}`);
  process.exitCode = 1;
}

async function run(options: Options): Promise<void> {
  if (process.geteuid?.() !== 0) throw new Error('machines are made by root: sudo npm run emulate:machines -- …');
  const asked = Promise.withResolvers<void>();
  // Not once: whoever starts programs ends this process by a signal for which nobody listens any more.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => asked.resolve());
  const { dataDir, aws, gcp } = options;
  const clouds = [...(aws === undefined ? [] : [awsCloud(() => read<AwsState>(`${aws}/_emulator/state`))]), ...(gcp === undefined ? [] : [gcpCloud({ resources: () => read<GcpState>(`${gcp}/_emulator/resources`), members: () => read<GcpMembers>(`${gcp}/_emulator/members`) })])];
  await checkThere(clouds);
  // The control plane's own machines are there: whoever is on their switch reaches its API server, and their pods.
  const place = join(dataDir, 'local', 'volumes');
  const kubeconfig = join(dataDir, 'kubeconfig');
  const server = await serverFor(place, kubeconfig);
  const machines = await startCloudMachines({ clouds, folder: join(dataDir, 'cloud-machines'), keepsDisks: true, place, join: { program: await keelsonProgram(), server, kubeconfig }, report: (problem) => say(`not yet: ${problem}`), opened: (name, address) => say(`${name} is at ${address} on this computer`) });
  const launched: Launched[] = [];
  try {
    if (options.launch > 0) {
      if (aws !== undefined) launched.push(await launchAws(aws, options));
      if (gcp !== undefined) launched.push(await launchGcp(gcp, options));
    }
    const names = launched.flatMap((one) => one.names);
    say(`${names.length === 0 ? 'Instances that are marked as nodes become nodes' : `Launched ${names.join(', ')}, which become nodes`} of the cluster at ${server}. Their agents' logs: ${join(dataDir, 'cloud-machines', 'machines')}. Ctrl-C removes them.`);
    await asked.promise;
    say('Removing the machines …');
    for (const one of launched) await one.terminate().catch((error: unknown) => say(`some instances are left: ${(error as Error).message}`));
  } finally {
    await machines.stop();
  }
}

async function read<T>(url: string): Promise<T> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return await answer.json() as T;
}

async function checkThere(clouds: readonly Cloud[]): Promise<void> {
  for (const cloud of clouds) {
    await cloud.view().catch((cause: unknown) => {
      throw new Error(`${cloud.name} does not answer; is it running? npm run emulate:aws, npm run emulate:gcp`, { cause });
    });
  }
}

async function serverFor(place: string, kubeconfig: string): Promise<string> {
  const text = await readFile(kubeconfig, 'utf8').catch((cause: unknown) => {
    throw new Error(`there is no control plane that keeps its data beside ${kubeconfig}; start one: npm start -- --nodes 2 …`, { cause });
  });
  const { server } = readKubeconfig(text, { folder: '.' });
  const [host, port] = [await gateway(place), Number(new URL(server).port)];
  const isServed = await new Promise<boolean>((done) => {
    const socket = connect({ host, port, timeout: 2_000 }, () => done(true)).on('error', () => done(false)).on('timeout', () => done(false));
    socket.unref();
  });
  if (!isServed) throw new Error(`machines cannot reach the API server: nobody listens at ${host}:${port}; start it with machines of its own (npm start -- --nodes 2 …), or with --host 0.0.0.0 --advertise-address ${host}`);
  return `https://${host}:${port}`;
}
