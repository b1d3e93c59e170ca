import { readFile } from 'node:fs/promises';
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Sandbox, type Running } from '#test/e2e/harness.ts';
import type { Term } from './history.ts';

export interface Answer {
  /** 0 when there was none. */
  readonly code: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- documents of every shape
  readonly body: any;
}

export interface ServerOptions {
  readonly index: number;
  readonly port: number;
  readonly store: string;
  readonly pkiDir: string;
}

/** How long an answer may take. */
const patienceMs = 10_000;
/** What a server that hung may take to notice that its time is over. */
const wakingMs = 500;

interface Life {
  readonly running: Running;
  endedAt: number | undefined;
  readonly pauses: { readonly from: number; to: number }[];
}

/** One `keelson up` of several, which is killed and started again at the same address. */
export class HaServer {
  readonly index: number;
  readonly url: string;
  readonly #sandbox: Sandbox;
  readonly #flags: readonly string[];
  readonly #pkiDir: string;
  readonly #lives: Life[] = [];
  #agent = new Agent();

  private constructor(sandbox: Sandbox, { index, port, store, pkiDir }: ServerOptions) {
    this.index = index;
    this.url = `https://127.0.0.1:${port}`;
    this.#sandbox = sandbox;
    this.#pkiDir = pkiDir;
    this.#flags = ['--store', store, '--pki-dir', pkiDir, '--port', String(port), '--log-level', 'info', '--log-format', 'json'];
  }

  static async make(options: ServerOptions): Promise<HaServer> {
    return new HaServer(await Sandbox.make(), options);
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    const running = await this.#sandbox.up(this.#flags);
    this.#lives.push({ running, endedAt: undefined, pauses: [] });
    const read = (name: string): Promise<string> => readFile(join(this.#pkiDir, name), 'utf8');
    this.#agent = new Agent({ keepAlive: true, ca: await read('ca.crt'), cert: await read('admin.crt'), key: await read('admin.key') });
  }

  async kill(): Promise<void> {
    const life = this.#lives.at(-1);
    if (life === undefined || life.endedAt !== undefined) return;
    this.resume();
    life.endedAt = Date.now();
    this.#agent.destroy();
    await life.running.kill();
  }

  pause(): void {
    const life = this.#lives.at(-1);
    life?.pauses.push({ from: Date.now(), to: Infinity });
    life?.running.process.kill('SIGSTOP');
  }

  resume(): void {
    const life = this.#lives.at(-1);
    const pause = life?.pauses.at(-1);
    if (pause?.to !== Infinity) return;
    pause.to = Date.now();
    life?.running.process.kill('SIGCONT');
  }

  async remove(): Promise<void> {
    await this.kill();
    await this.#sandbox.remove();
  }

  /** Whether it is alive, and runs the controllers as far as it knows. */
  get leads(): boolean {
    return this.#lives.at(-1)?.endedAt === undefined && termsOf(this.index, this.#lives.at(-1)).at(-1)?.to === Infinity;
  }

  /** When it ran the controllers. */
  get terms(): readonly Term[] {
    return this.#lives.flatMap((life) => termsOf(this.index, life));
  }

  /** What it logged when it was last running. */
  get log(): string {
    return this.#lives.at(-1)?.running.stderr ?? '';
  }

  /** Never rejects. */
  async request(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
    try {
      const response = await this.#send(method, path, AbortSignal.timeout(patienceMs), body, contentType);
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      return { code: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) };
    } catch {
      return { code: 0, body: undefined };
    }
  }

  /** Hands the lines of a watch to `line` as they come; resolves when it has ended, in whatever way. */
  async watch(path: string, signal: AbortSignal, line: (text: string) => void): Promise<void> {
    try {
      const response = await this.#send('GET', path, signal);
      let text = '';
      response.setEncoding('utf8');
      for await (const chunk of response as AsyncIterable<string>) {
        const lines = (text + chunk).split('\n');
        text = lines.pop() ?? '';
        lines.forEach(line);
      }
    } catch {
      // A server that dies ends its watches.
    }
  }

  #send(method: string, path: string, signal: AbortSignal, body?: unknown, contentType = 'application/json'): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = text === undefined ? {} : { 'Content-Type': contentType, 'Content-Length': String(Buffer.byteLength(text)) };
    return new Promise((resolve, reject) => {
      const request = httpsRequest(this.url + path, { method, agent: this.#agent, headers, signal }, resolve);
      request.on('error', reject);
      request.end(text);
    });
  }
}

interface Line {
  readonly time: string;
  readonly message: string;
}

/** From what the server logged; a term ends where it hung. */
function termsOf(server: number, life: Life | undefined): Term[] {
  if (life === undefined) return [];
  const terms: Term[] = [];
  let from: number | undefined;
  const end = (to: number): void => {
    if (from !== undefined) terms.push(...without(life.pauses, { server, from, to }));
    from = undefined;
  };
  for (const text of life.running.stderr.split('\n')) {
    if (!text.includes('this process ')) continue;
    const { time, message } = JSON.parse(text) as Line;
    if (message === 'this process leads') from = Date.parse(time);
    if (message === 'this process does not lead any more') end(Date.parse(time));
  }
  end(life.endedAt ?? Infinity);
  return terms;
}

function without(pauses: Life['pauses'], term: Term): Term[] {
  const parts: Term[] = [];
  let { from } = term;
  for (const pause of pauses) {
    if (pause.to + wakingMs < from || pause.from > term.to) continue;
    parts.push({ ...term, from, to: pause.from });
    from = pause.to + wakingMs;
  }
  return [...parts, { ...term, from }].filter((part) => part.from < part.to);
}
