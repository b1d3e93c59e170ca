import { Agent, request as httpsRequest } from 'node:https';
import { deepEqual } from '#core/api/value.ts';
import { builtInResources } from '#core/registry/resources.ts';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { Choices } from './choices.ts';
import { RequestMaker, type FuzzRequest } from './requests.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly requests: number;
  /** Requests under way at once; 1 repeats a seed exactly. */
  readonly width?: number;
  progress?(done: number, codes: ReadonlyMap<number, number>): void;
}

export interface FuzzReport {
  /** How often each HTTP status came. */
  readonly codes: ReadonlyMap<number, number>;
  /** What should not have happened, with the request that made it; at most a hundred. */
  readonly faults: readonly string[];
  /** Bytes of JavaScript heap in use, after a tenth of the requests and at the end; 0 without `--expose-gc`. */
  readonly heapEarly: number;
  readonly heapLate: number;
}

/** No answer within this is a hang. Watches end after a second. */
const patienceMs = 20_000;

interface Answer {
  readonly code: number;
  readonly text: string;
}

/** Sends nearly right requests of every kind to an API server in this process, and reports whatever is not a clean answer. */
export async function fuzz({ seed, requests, width = 8, progress }: FuzzOptions): Promise<FuzzReport> {
  const logger = recordingLogger();
  const plane = await startControlPlane({ logger });
  const agent = new Agent({ keepAlive: true, maxSockets: width, ca: plane.pki.ca, cert: plane.pki.admin.cert, key: plane.pki.admin.key });
  const run = new Run(plane, agent, seed, requests);
  try {
    await Promise.all(Array.from({ length: width }, () => run.work(progress)));
    await run.checkAlive();
    const errors = logger.lines.filter(({ level }) => level === 'error').map(({ message, fields }) => `logged: ${message} ${JSON.stringify(fields)}`);
    return { ...run.report(), faults: [...run.faults, ...errors].slice(0, 100) };
  } finally {
    agent.destroy();
    await plane.stop();
  }
}

class Run {
  readonly faults: string[] = [];
  private readonly codes = new Map<number, number>();
  private readonly maker: RequestMaker;
  private readonly plane: ControlPlane;
  private readonly agent: Agent;
  private readonly total: number;
  private done = 0;
  private heapEarly = 0;

  constructor(plane: ControlPlane, agent: Agent, seed: number, total: number) {
    this.plane = plane;
    this.agent = agent;
    this.total = total;
    this.maker = new RequestMaker(builtInResources, new Choices(seed));
  }

  report(): Omit<FuzzReport, 'faults'> {
    return { codes: this.codes, heapEarly: this.heapEarly, heapLate: heapUsed() };
  }

  async work(progress: FuzzOptions['progress']): Promise<void> {
    while (this.done < this.total && this.faults.length < 100) {
      const index = this.done++;
      if (index === Math.floor(this.total / 10)) this.heapEarly = heapUsed();
      await this.one(this.maker.next(), index);
      if (index % 5000 === 4999) progress?.(index + 1, this.codes);
    }
  }

  private async one(request: FuzzRequest, index: number): Promise<void> {
    const fault = (what: string): void => void this.faults.push(`request ${index}: ${what}\n  ${request.method} ${request.path.slice(0, 300)} ${JSON.stringify(request.headers).slice(0, 200)}\n  ${request.body?.toString('latin1').slice(0, 1500) ?? ''}`);
    try {
      const answer = await send(this.plane, this.agent, request);
      this.codes.set(answer.code, (this.codes.get(answer.code) ?? 0) + 1);
      if (isBad(answer)) fault(`answered ${answer.code}: ${answer.text.slice(0, 500)}`);
      else await this.checkKept(request, answer, fault);
    } catch (error) {
      fault(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
  }

  /** What was accepted reads back as it was answered, unless it has been changed since. */
  private async checkKept(request: FuzzRequest, { code, text }: Answer, fault: (what: string) => void): Promise<void> {
    const collection = request.path.split('?', 1)[0] ?? '';
    if (code !== 201 || !isPlainCreate(request, collection)) return;
    const object = objectOf(text);
    const name = nameOf(object);
    if (object === undefined || name === undefined || object['kind'] === 'Status') return;
    const again = await send(this.plane, this.agent, { method: 'GET', path: `${collection}/${encodeURIComponent(name)}`, headers: {}, body: undefined });
    if (again.code === 404 || again.code === 405) return;
    const stored = objectOf(again.text);
    if (versionOf(stored) === versionOf(object) && !deepEqual(stored, object)) fault(`reads back differently:\n${text.slice(0, 1000)}\n${again.text.slice(0, 1000)}`);
  }

  async checkAlive(): Promise<void> {
    for (const { kind, isQuestion, verbs } of builtInResources) {
      if (isQuestion === true || (verbs && !verbs.includes('list'))) continue;
      const path = `${kind.group === '' ? '/api' : '/apis'}/${kind.group === '' ? '' : `${kind.group}/`}${kind.version}/${kind.plural}`;
      for (const accept of ['application/json', 'application/json;as=Table;v=v1;g=meta.k8s.io']) {
        const answer = await send(this.plane, this.agent, { method: 'GET', path, headers: { Accept: accept }, body: undefined });
        if (answer.code !== 200) this.faults.push(`afterwards ${path} (${accept}) answers ${answer.code}: ${answer.text.slice(0, 500)}`);
      }
    }
  }
}

const isPlainCreate = ({ method, path, headers }: FuzzRequest, collection: string): boolean =>
  method === 'POST' && !path.includes('dryRun') && headers['Accept'] === undefined && isCollection(collection);

const nameOf = (object: Record<string, unknown> | undefined): string | undefined => (object?.['metadata'] as { name?: string } | undefined)?.name;

const isCollection = (path: string): boolean => /^\/(api\/v1|apis\/[^/]+\/[^/]+)(\/namespaces\/[^/]+)?\/[^/]+$/.test(path) && !path.endsWith('/namespaces/default');

const heapUsed = (): number => {
  if (globalThis.gc === undefined) return 0;
  globalThis.gc();
  return process.memoryUsage().heapUsed;
};

const versionOf = (object: Record<string, unknown> | undefined): unknown => (object?.['metadata'] as { resourceVersion?: string } | undefined)?.resourceVersion;

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** A version that lies ahead times out; nothing else may be the server's fault. */
const isBad = ({ code, text }: Answer): boolean => code >= 500 && !(code === 504 && text.includes('Too large resource version'));

function send({ server }: ControlPlane, agent: Agent, { method, path, headers, body }: FuzzRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(server.url, {
      method, path, agent, headers: { ...headers, ...(body === undefined ? {} : { 'Content-Length': String(body.length) }) }, signal: AbortSignal.timeout(patienceMs),
    }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
