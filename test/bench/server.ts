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

const main = await keelsonProgram();

/** A server of its own process, on an empty data directory, that a benchmark loads over HTTPS. */
export class BenchServer {
  readonly dataDir: string;
  readonly startedInMs: number;
  private readonly child: ChildProcess;
  private readonly connection: ClusterConnection;
  private readonly agent: Agent;

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
    const child = spawn(process.execPath, ['--max-semi-space-size=16', ...nodeFlags, main, 'up', '--data-dir', dataDir, '--port', '0', '--log-level', 'error', ...flags], { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, NODE_NO_WARNINGS: '1' } });
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

  /** `RssAnon` is what the process allocated, `RssFile` mostly Node's program, of which all processes share one copy. */
  async memoryMegabytes(line: 'VmRSS' | 'RssAnon' | 'RssFile'): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(new RegExp(`${line}:\\s+(\\d+)`).exec(status)?.[1] ?? NaN) / 1024;
  }

  /** CPU seconds that the process has used. */
  async cpuSeconds(): Promise<number> {
    const fields = (await readFile(`/proc/${this.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  open(method: string, path: string, body?: object): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const request = httpsRequest(this.connection.server + path, {
        method, agent: this.agent, headers: text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(text)) },
      }, resolve);
      request.on('error', reject);
      request.end(text);
    });
  }

  /** @throws {Error} for every answer that is no success */
  async send(method: string, path: string, body?: object): Promise<Buffer> {
    const response = await this.open(method, path, body);
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    if ((response.statusCode ?? 500) >= 300) throw new Error(`${method} ${path}: ${response.statusCode} ${bytes.toString().slice(0, 500)}`);
    return bytes;
  }

  /** Calls `each` with every line of a watch; the returned function ends it. */
  async watch(path: string, each: (line: string) => void): Promise<() => void> {
    const response = await this.open('GET', path);
    const lines = createInterface({ input: response });
    lines.on('line', each);
    // The connection ends with the server or with the bench; neither is a failure of the watch.
    lines.on('error', () => undefined);
    return () => response.destroy();
  }

  /** As `watch`, for many readers at once: the text as it comes, since cutting it into lines costs more than receiving it. */
  async watchText(path: string, each: (text: string) => void): Promise<() => void> {
    const response = await this.open('GET', path);
    if (response.statusCode !== 200) throw new Error(`GET ${path}: ${response.statusCode}`);
    response.setEncoding('latin1');
    response.on('data', each);
    response.on('error', () => undefined);
    return () => response.destroy();
  }

  /** Ends it; its data stay where they are. */
  async halt(): Promise<void> {
    this.agent.destroy();
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await gone;
  }

  async stop(): Promise<void> {
    await this.halt();
    await rm(this.dataDir, { recursive: true, force: true });
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
