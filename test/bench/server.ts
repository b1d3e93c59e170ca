import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { spawn, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterConnection } from '#core/client/cluster-connection.ts';
import { readKubeconfig } from '#core/client/kubeconfig.ts';
import { keelsonProgram } from '#test/fixtures/keelson-program.ts';
import { Connection } from './connection.ts';

const bundle = await keelsonProgram();
const files = new URL('../../core/cli/main.ts', import.meta.url).pathname;

const leftovers: string[] = [];

/**
 * Removes what stopped servers left. For minutes after many files were removed ext4 looks for a free inode past all of theirs, at milliseconds of a processor for
 * each new file: so this is for the end.
 */
export async function removeLeftovers(): Promise<void> {
  for (const folder of leftovers.splice(0)) await rm(folder, { recursive: true, force: true });
}

/** `RssAnon` is what the process allocated, `RssFile` mostly Node's program, of which all processes share one copy. */
export type MemoryLine = 'VmRSS' | 'RssAnon' | 'RssFile';

export async function memoryMegabytes(pid: number, line: MemoryLine): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${line}:\\s+(\\d+)`).exec(status)?.[1] ?? NaN) / 1024;
}

/** A server of its own process, on an empty data directory, that a benchmark loads over HTTPS. */
export class BenchServer {
  readonly dataDir: string;
  readonly startedInMs: number;
  private readonly child: ChildProcess;
  private readonly connection: ClusterConnection;
  private readonly agent: Agent;
  private readonly idle: Connection[] = [];

  private constructor(child: ChildProcess, dataDir: string, connection: ClusterConnection, startedInMs: number) {
    this.child = child;
    this.dataDir = dataDir;
    this.connection = connection;
    this.startedInMs = startedInMs;
    this.agent = new Agent({ keepAlive: true, maxSockets: 4096, ca: connection.ca, cert: connection.cert, key: connection.key });
  }

  /** @param dataDir of a server that was halted; a new one by default */
  static async start(flags: readonly string[] = [], nodeFlags: readonly string[] = [], dataDir?: string): Promise<BenchServer> {
    return BenchServer.over(dataDir ?? (await mkdtemp(join(tmpdir(), 'keelson-bench-'))), flags, nodeFlags);
  }

  private static async over(dataDir: string, flags: readonly string[], nodeFlags: readonly string[]): Promise<BenchServer> {
    // What an earlier server left there names a port that is closed.
    await rm(join(dataDir, 'kubeconfig'), { force: true });
    const begun = performance.now();
    // A profile names the parts of the house by their files.
    const main = nodeFlags.includes('--cpu-prof') ? files : bundle;
    const child = spawn(process.execPath, ['--max-semi-space-size=16', ...nodeFlags, main, 'up', '--data-dir', dataDir, '--port', '0', '--nodes', '0', '--log-level', 'error', ...flags], { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, NODE_NO_WARNINGS: '1' } });
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
      const connection = await readFile(join(dataDir, 'kubeconfig'), 'utf8').then((text) => readKubeconfig(text), () => undefined);
      if (connection && (await ready(connection))) return new BenchServer(child, dataDir, connection, performance.now() - begun);
      await delay(5);
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  residentMegabytes(): Promise<number> {
    return this.memoryMegabytes('VmRSS');
  }

  memoryMegabytes(line: MemoryLine): Promise<number> {
    return memoryMegabytes(this.pid, line);
  }

  /** CPU seconds that the process has used. */
  async cpuSeconds(): Promise<number> {
    const fields = (await readFile(`/proc/${this.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  private open(path: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      httpsRequest(this.connection.server + path, { agent: this.agent }, resolve).on('error', reject).end();
    });
  }

  /** @throws {Error} for every answer that is no success */
  async send(method: string, path: string, body?: object): Promise<Buffer> {
    const connection = this.idle.pop() ?? (await Connection.open(this.connection));
    const answer = await connection.send(method, path, body === undefined ? '' : JSON.stringify(body));
    this.idle.push(connection);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.toString().slice(0, 500)}`);
    return answer.body;
  }

  /** Takes a long answer as it comes. */
  async read(path: string): Promise<{ readonly bytes: number; readonly beginning: string }> {
    const response = await this.open(path);
    let bytes = 0;
    let beginning = '';
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (bytes < 1000) beginning += chunk.toString('latin1', 0, 1000);
      bytes += chunk.length;
    }
    return { bytes, beginning };
  }

  /** Calls `each` with every line of a watch; the returned function ends it. */
  async watch(path: string, each: (line: string) => void): Promise<() => void> {
    const response = await this.open(path);
    const lines = createInterface({ input: response });
    lines.on('line', each);
    // The connection ends with the server or with the bench; neither is a failure of the watch.
    lines.on('error', () => undefined);
    return () => response.destroy();
  }

  /** As `watch`, for many readers at once: the bytes as they come, since cutting them into lines costs more than receiving them. */
  async watchBytes(path: string, each: (bytes: Buffer) => void): Promise<() => void> {
    const connection = await Connection.open(this.connection);
    await connection.stream(path, each);
    return () => connection.close();
  }

  /** Ends it; another may start on its data. */
  async halt(): Promise<void> {
    this.agent.destroy();
    for (const connection of this.idle.splice(0)) connection.close();
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await gone;
  }

  async stop(): Promise<void> {
    await this.halt();
    leftovers.push(this.dataDir);
  }
}

function ready(connection: ClusterConnection): Promise<boolean> {
  return new Promise((resolve) => {
    const request = httpsRequest(`${connection.server}/readyz`, { ca: connection.ca }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('error', () => resolve(false));
    request.end();
  });
}

/** Runs `task` for 0 … count-1, `width` at a time. */
export async function concurrently(count: number, width: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(width, count) }, async () => {
    while (next < count) await task(next++);
  }));
}
