import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Question } from 'dns-packet';
import { execa } from 'execa';
import { ask } from '#test/conformance/name-server-client.ts';
import { FakeUpstream, addressOf, answerTo } from '#test/conformance/name-server-upstream.ts';
import { program, unmet } from '#test/fixtures/requires.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import type { DnsLoad, DnsLoadResult } from './dns-load.ts';
import { serviceAddress, serviceName } from './dns-subject.ts';
import { printTable } from './table.ts';

const services = 10_000;
const seconds = 3;
const atOnce = 32;
const file = (name: string): string => new URL(name, import.meta.url).pathname;

interface Subject {
  readonly name: string;
  /** Whether it asks others for what it does not know. */
  readonly forwards: boolean;
  start(folder: string, upstream: string): Promise<{ readonly process: ChildProcess; readonly port: number }>;
}

const freePort = 15_300 + (process.pid % 1000);

async function own(which: 'ours' | 'plain', upstream: string): Promise<{ process: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [file('dns-subject.ts'), which, String(services), upstream], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line') as [string];
  return { process: child, port: Number(line) };
}

async function listening(child: ChildProcess, port: number): Promise<{ process: ChildProcess; port: number }> {
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
    return ask({ address: '127.0.0.1', port }, serviceName(1), 'A').then(() => true, () => false);
  }, child.spawnfile);
  return { process: child, port };
}

const all = Array.from({ length: services }, (_, index) => index);

const subjects: readonly Subject[] = [
  { name: 'plugins/dns', forwards: true, start: (_folder, upstream) => own('ours', upstream) },
  { name: 'dns-packet, decoding and encoding each', forwards: false, start: (_folder, upstream) => own('plain', upstream) },
  {
    name: 'dnsmasq', forwards: true,
    async start(folder, upstream) {
      const hosts = join(folder, 'hosts');
      await writeFile(hosts, all.map((index) => `${serviceAddress(index)} ${serviceName(index)}\n`).join(''));
      const child = spawn('dnsmasq', ['--no-daemon', `--port=${freePort}`, '--listen-address=127.0.0.1', '--bind-interfaces', '--no-resolv', '--no-hosts', `--addn-hosts=${hosts}`, '--local=/cluster.local/', `--server=${upstream.replace(':', '#')}`, '--cache-size=10000', '--conf-file=/dev/null', '--user=root', '--pid-file='], { stdio: 'ignore' });
      return listening(child, freePort);
    },
  },
  {
    name: 'unbound, one thread', forwards: true,
    async start(folder, upstream) {
      const config = join(folder, 'unbound.conf');
      await writeFile(config, [
        'server:', ' username: ""', ' chroot: ""', ` directory: "${folder}"`, ' pidfile: ""', ' use-syslog: no', ' verbosity: 0', ' num-threads: 1', ' interface: 127.0.0.1', ` port: ${freePort}`, ' do-not-query-localhost: no', ' module-config: "iterator"', ' local-zone: "cluster.local." static',
        ...all.map((index) => ` local-data: "${serviceName(index)}. 5 A ${serviceAddress(index)}"`),
        'remote-control:', ' control-enable: no', 'forward-zone:', ' name: "."', ` forward-addr: ${upstream.replace(':', '@')}`, '',
      ].join('\n'));
      return listening(spawn('unbound', ['-d', '-c', config], { stdio: 'ignore' }), freePort);
    },
  },
];

const missing = new Map(['dnsmasq', 'unbound'].map((name) => [name, unmet(program(name, name === 'dnsmasq' ? 'dnsmasq-base' : name))]));
const absent = ({ name }: Subject): boolean => missing.get(name.split(',')[0] ?? '') !== undefined;

interface Workload {
  readonly name: string;
  readonly forwarded?: boolean;
  readonly questions: readonly Question[];
}

function workloads(): readonly Workload[] {
  const random = seededRandom(3);
  const some = Array.from({ length: 2000 }, () => Math.floor(random() * services));
  const both = (name: string): Question[] => [{ name, type: 'A' }, { name, type: 'AAAA' }];
  return [
    { name: 'addresses of services', questions: some.map((index) => ({ name: serviceName(index), type: 'A' })) },
    // The first search domain leads nowhere, the second to the service, which has no IPv6 address.
    { name: 'as a pod asks for service.namespace', questions: some.flatMap((index) => [...both(serviceName(index).replace('.svc', '.default.svc')), ...both(serviceName(index))]) },
    { name: 'names of others, kept', forwarded: true, questions: Array.from({ length: 200 }, (_, index) => ({ name: `host-${index}.example.com`, type: 'A' })) },
  ];
}

async function loadWith(load: DnsLoad): Promise<DnsLoadResult> {
  const { stdout } = await execa(process.execPath, [file('dns-load.ts')], { input: JSON.stringify(load) });
  return JSON.parse(stdout) as DnsLoadResult;
}

async function cpuSeconds({ pid }: ChildProcess): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const residentMegabytes = async ({ pid }: ChildProcess): Promise<number> => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? NaN) / 1024;

async function measure(subject: Subject, { name, questions }: Workload, child: ChildProcess, port: number): Promise<(string | number)[]> {
  await loadWith({ port, questions, atOnce, seconds: 1 });
  const before = await cpuSeconds(child);
  const { answered, lost, perSecond, p50, p99 } = await loadWith({ port, questions, atOnce, seconds });
  const cpu = (((await cpuSeconds(child)) - before) * 1e6) / answered;
  return [`${name}: ${subject.name}`, perSecond, p50, p99, cpu, 1e6 / cpu, await residentMegabytes(child), lost];
}

async function measureAll(subject: Subject, folder: string, upstream: string): Promise<Map<string, (string | number)[]>> {
  const rows = new Map<string, (string | number)[]>();
  const { process: child, port } = await subject.start(folder, upstream);
  try {
    for (const workload of workloads()) if (workload.forwarded !== true || subject.forwards) rows.set(workload.name, await measure(subject, workload, child, port));
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  return rows;
}

/** Answers per second by UDP, side by side with other servers that have the same names. */
export async function dns(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-bench-dns-'));
  const upstream = await FakeUpstream.start();
  upstream.behaviour = (heard) => answerTo(heard, [addressOf(heard, '198.51.100.1', 600)]);
  const rows = new Map<string, (string | number)[][]>();
  try {
    for (const subject of subjects.filter((each) => !absent(each))) {
      for (const [name, row] of await measureAll(subject, folder, upstream.text)) rows.set(name, [...(rows.get(name) ?? []), row]);
    }
  } finally {
    await upstream.stop();
    await rm(folder, { recursive: true });
  }
  printTable(`Answers to questions for names by UDP, ${services.toLocaleString('en')} services, ${atOnce} questions at once from another process`,
    ['', 'answers/s', 'p50 ms', 'p99 ms', 'CPU µs/answer', 'answers per CPU second', 'RSS MB', 'lost'], [...rows.values()].flat());
  for (const reason of missing.values()) if (reason !== undefined) process.stdout.write(`left out: ${reason}\n`);
}
