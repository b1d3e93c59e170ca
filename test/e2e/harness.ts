import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { keelsonProgram } from '#test/fixtures/keelson-program.ts';
import { Kubectl, type KubectlBinary } from './kubectl.ts';

export const root = join(import.meta.dirname, '..', '..');
const main = await keelsonProgram();

/** How long `up` may take to stop. */
export const stopWithinMs = 5000;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body; undefined when it is not JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests reach into documents of every shape
  readonly body: any;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly anonymous?: boolean;
}

/** A folder for one test suite: data directory and home of one or more runs. */
export class Sandbox {
  readonly dir: string;
  readonly dataDir: string;
  readonly home: string;

  private constructor(dir: string) {
    this.dir = dir;
    this.dataDir = join(dir, 'data');
    this.home = join(dir, 'home');
  }

  static async make(): Promise<Sandbox> {
    const sandbox = new Sandbox(await mkdtemp(join(tmpdir(), 'keelson-e2e-')));
    await mkdir(sandbox.home);
    return sandbox;
  }

  remove(): Promise<void> {
    return rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Runs a command of the program to its end. */
  keelson(args: readonly string[], options: { env?: Record<string, string>; timeout?: number } = {}) {
    return execa(process.execPath, [main, ...args], { env: { HOME: this.home, ...options.env }, reject: false, stdin: 'ignore', timeout: options.timeout ?? 60_000 });
  }

  /** Runs `keelson up` and waits until it is ready. */
  async up(flags: readonly string[] = [], options: UpOptions = {}): Promise<Running> {
    const running = new Running(this, spawnUp(this, flags, options));
    try {
      await running.ready();
      return running;
    } catch (error) {
      await running.kill();
      throw error;
    }
  }
}

export interface UpOptions {
  /** Run as this user and group. */
  readonly uid?: number;
  readonly env?: Record<string, string>;
}

const spawnUp = (sandbox: Sandbox, flags: readonly string[], { uid, env }: UpOptions) =>
  execa(process.execPath, [main, 'up', '--data-dir', sandbox.dataDir, '--port', '0', ...(flags.includes('--nodes') ? [] : ['--nodes', '0']), ...flags], {
    // Without nodes there is nothing behind a load balancer, and what kubectl shows would name an address of this computer.
    env: { HOME: sandbox.home, ...(flags.includes('--nodes') ? {} : { KEELSON_LOCAL_LOAD_BALANCERS: 'false' }), ...env }, reject: false, stdin: 'ignore', buffer: false, ...(uid === undefined ? {} : { uid, gid: uid }),
  });

/** A control plane that runs as a process of its own. */
export class Running {
  readonly sandbox: Sandbox;
  readonly process: ReturnType<typeof spawnUp>;
  readonly kubeconfig: string;
  stdout = '';
  stderr = '';
  url = '';
  /** Undefined while it runs. */
  exit: { readonly code: number | undefined } | undefined;
  #admin = new Agent();
  #nobody = new Agent();

  constructor(sandbox: Sandbox, child: ReturnType<typeof spawnUp>) {
    this.sandbox = sandbox;
    this.process = child;
    this.kubeconfig = join(sandbox.dataDir, 'kubeconfig');
    void child.then(({ exitCode }) => {
      this.exit = { code: exitCode };
    });
    child.stdout.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
  }

  async ready(): Promise<void> {
    await until(() => {
      if (this.exit) throw new Error(`keelson up ended with ${this.exit.code}\n${this.stderr}`);
      return this.stdout.includes('Ctrl-C');
    }, 'keelson up to print its summary');
    this.url = /https:\/\/\S+/.exec(this.stdout)?.[0] ?? '';
    const config = await readFile(this.kubeconfig, 'utf8');
    const data = (key: string): string => Buffer.from(new RegExp(`${key}: (.*)`).exec(config)?.[1] ?? '', 'base64').toString();
    const ca = data('certificate-authority-data');
    this.#admin = new Agent({ keepAlive: true, ca, cert: data('client-certificate-data'), key: data('client-key-data') });
    this.#nobody = new Agent({ keepAlive: true, ca });
    await until(async () => (await this.request('GET', '/readyz')).status === 200, '/readyz to answer 200');
  }

  kubectl(binary: KubectlBinary): Kubectl {
    return new Kubectl(binary, this.kubeconfig, this.sandbox.home);
  }

  /** Sends one request, as the administrator unless it says otherwise. A string body goes out as it is. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const response = await this.open(method, path, options);
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    return { status: response.statusCode ?? 0, headers: response.headers, text, body: parsed(text) };
  }

  /** Sends one request and resolves to its answer unread. */
  async open(method: string, path: string, { body, headers = {}, anonymous = false }: RequestOptions = {}): Promise<IncomingMessage> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const length = text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(text)) };
    const request = httpsRequest(this.url + path, { method, agent: anonymous ? this.#nobody : this.#admin, headers: { ...length, ...headers } });
    const answer = once(request, 'response') as Promise<[IncomingMessage]>;
    // A server that answers early may close before it has read everything.
    request.on('error', () => undefined);
    request.end(text);
    const [response] = await answer;
    return response;
  }

  /** Begins a request whose body the caller writes. */
  begin(method: string, path: string, headers: Record<string, string>) {
    return httpsRequest(this.url + path, { method, agent: this.#admin, headers });
  }

  /** Asks it to stop and sees that it does so in time, cleanly. */
  async stop(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<void> {
    this.#admin.destroy();
    this.#nobody.destroy();
    if (this.exit) return;
    const begin = performance.now();
    this.process.kill(signal);
    const timer = setTimeout(() => this.process.kill('SIGKILL'), stopWithinMs + 2000);
    const { exitCode } = await this.process;
    clearTimeout(timer);
    expect({ exitCode, stderr: this.stderr }).to.have.property('exitCode', 0, this.stderr);
    expect(performance.now() - begin, 'milliseconds until it stopped').to.be.lessThan(stopWithinMs);
  }

  async kill(): Promise<void> {
    this.#admin.destroy();
    this.#nobody.destroy();
    this.process.kill('SIGKILL');
    await this.process;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Looks again and again until it holds, for at most so long. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${withinMs / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** All files below a folder whose path has a part, such as a volume's name, in it. */
export async function filesBelow(dir: string, part: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).filter((path) => path.includes(part));
}
