import { readFile, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { containers } from '#test/fixtures/busybox-image.ts';
import { keelsonProgram } from '#test/fixtures/keelson-program.ts';
import { program, root, unmet } from '#test/fixtures/requires.ts';
import { BenchServer, concurrently, memoryMegabytes } from './server.ts';
import { printTable } from './table.ts';

const pods = '/api/v1/namespaces/default/pods';
/** The server gives memory back when it has been idle for a while. */
const settleMs = 25_000;

/** About 2 KB as stored, with what a Deployment's pods have. There are no nodes here; a scheduler would say so in an Event for each. */
const pod = (name: string) => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: 'bench', 'pod-template-hash': '5d59d67564' } },
  spec: {
    schedulerName: 'nobody',
    containers: [{
      name: 'main', image: 'registry.example/bench:1.0', ports: [{ containerPort: 8080, name: 'http' }],
      env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }, { name: 'MODE', value: 'bench' }],
      resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
      readinessProbe: { httpGet: { path: '/ready', port: 8080 } }, volumeMounts: [{ name: 'data', mountPath: '/data' }],
    }],
    volumes: [{ name: 'data', emptyDir: {} }],
  },
});

/** Resident memory at rest, and with 10,000 pods. */
export async function memory(): Promise<void> {
  const server = await BenchServer.start();
  const rows: (string | number)[][] = [];
  const row = async (title: string): Promise<void> => {
    rows.push([title, await server.memoryMegabytes('VmRSS'), await server.memoryMegabytes('RssAnon'), await server.memoryMegabytes('RssFile')]);
  };
  try {
    await row('just started');
    await delay(settleMs);
    await row('idle');
    await concurrently(10_000, 32, async (index) => {
      await server.send('POST', pods, pod(`pod-${index}`));
    });
    await row('10,000 pods, just created');
    await delay(settleMs);
    await row('10,000 pods, idle');
    const times: number[] = [];
    let bytes = 0;
    for (let round = 0; round < 5; round++) {
      const begun = performance.now();
      ({ bytes } = await server.read(`${pods}?resourceVersion=0`));
      times.push(performance.now() - begun);
    }
    await row('10,000 pods, listed five times');
    await delay(settleMs);
    await row('10,000 pods, idle again');
    printTable('Resident memory, store included', ['', 'RSS MB', 'allocated MB', 'program MB'], rows);
    printTable('List of 10,000 pods', ['', 'ms'], [...times.map((time, index) => [`list ${index + 1} of ${(bytes / 1e6).toFixed(1)} MB`, time])]);
  } finally {
    await server.stop();
  }
  await nodes();
}

/** A server with its node in the same process; one with two machines, each with an agent's process in it. */
async function nodes(): Promise<void> {
  const lack = unmet(root, ...containers, program('iptables', 'iptables'), program('conntrack', 'conntrack'), program('ip', 'iproute2'));
  const rows: (string | number)[][] = [];
  if (lack !== undefined) rows.push([`nodes: ${lack}`]);
  else {
    for (const [count, titles] of [['1', ['server and node, no pods']], ['2', ['server of two machines', "a machine's agent, no pods", 'the other one']]] as const) rows.push(...await withNodes(count, titles));
  }
  printTable('Resident memory with nodes, idle', ['', 'RSS MB', 'allocated MB', 'program MB'], rows);
}

async function withNodes(count: string, titles: readonly string[]): Promise<(string | number)[][]> {
  const server = await BenchServer.start(['--nodes', count]);
  try {
    await delay(settleMs);
    const pids = [server.pid, ...await agentsOf(server.pid)];
    return await Promise.all(titles.map(async (title, index) => {
      const pid = pids[index];
      if (pid === undefined) throw new Error(`of ${titles.length - 1} agents there are ${pids.length - 1}`);
      return [title, await memoryMegabytes(pid, 'VmRSS'), await memoryMegabytes(pid, 'RssAnon'), await memoryMegabytes(pid, 'RssFile')];
    }));
  } finally {
    await server.halt();
    await execa(process.execPath, [await keelsonProgram(), 'down', '--data-dir', server.dataDir], { stdout: 'ignore' });
    await rm(server.dataDir, { recursive: true, force: true });
  }
}

/** Other processes below a server are its workers. */
async function agentsOf(pid: number): Promise<number[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter((text) => text !== '').map(Number);
  const lines = await Promise.all(children.map(async (child) => ({ child, line: await readFile(`/proc/${child}/cmdline`, 'utf8') })));
  return lines.filter(({ line }) => line.includes('\0agent\0')).map(({ child }) => child);
}
