import { silentLogger, type Logger } from '#core/kernel/logger.ts';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { Choices } from './choices.ts';
import { encodingsDiffer } from './encodings.ts';
import { startHostileBackend } from './hostile-backend.ts';
import { heapUsed } from './heap.ts';
import { misread, objectOf } from './read-back.ts';
import { RequestMaker, type FuzzRequest } from './requests.ts';
import { Stalls, type Stall } from './stalls.ts';
import { builtInTargets, collectionOf, type FuzzTarget } from './targets.ts';
import { isOfOthers, Transport, type Answer } from './transport.ts';
import { abuse } from './wire.ts';
import { tidy } from './world.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly requests: number;
  /** Requests under way at once; 1 repeats a seed exactly. */
  readonly width?: number;
  progress?(done: number, codes: ReadonlyMap<number, number>): void;
}

export interface FuzzReport {
  /** How often each HTTP status came; 0 stands for requests that the client broke off. */
  readonly codes: ReadonlyMap<number, number>;
  /** How often an object of each kind was accepted, by the kind's plural. */
  readonly accepted: ReadonlyMap<string, number>;
  /** What should not have happened, with the request that made it; at most a hundred. */
  readonly faults: readonly string[];
  /** Bytes of JavaScript heap in use, after a tenth of the requests and at the end, both with the world tidied up. */
  readonly heapEarly: number;
  readonly heapLate: number;
  /** Turns of the event loop that took longest, the fuzzer's own among them. */
  readonly stalls: readonly Stall[];
}

/** The world is tidied up so often. */
const tidyEvery = 1000;
/** Of accepted objects so many are read back. */
const readBackShare = 0.5;

/** Sends nearly right requests of every kind to an API server in this process, and reports whatever is not a clean answer. */
export async function fuzz({ seed, requests, width = 8, progress }: FuzzOptions): Promise<FuzzReport> {
  const recorder = recordingLogger();
  // What else is logged would be the growth that is looked for.
  const logger: Logger = { ...silentLogger, error: recorder.error, with: () => logger };
  const backend = await startHostileBackend(new Choices(seed + 1));
  const plane = await startControlPlane({ logger, egress: () => ({ host: '127.0.0.1', port: backend.port }) });
  const run = new Run(plane, new Transport(plane, width), seed, requests);
  try {
    await tidy(plane);
    run.faults.push(...await encodingsDiffer(plane));
    await run.all(width, progress);
    const errors = recorder.lines.map(({ message, fields }) => `logged: ${message} ${JSON.stringify(fields, errorText)}`);
    const report = run.report();
    return { ...report, faults: [...run.faults, ...errors].slice(0, 100) };
  } finally {
    run.end();
    await plane.stop();
    await backend.stop();
  }
}

const errorText = (_key: string, value: unknown): unknown => (value instanceof Error ? value.stack : value);

class Run {
  readonly faults: string[] = [];
  readonly #codes = new Map<number, number>();
  readonly #accepted = new Map<string, number>();
  readonly #plane: ControlPlane;
  readonly #transport: Transport;
  readonly #choices: Choices;
  readonly #maker: RequestMaker;
  readonly #underWay = new Map<number, FuzzRequest>();
  readonly #stalls = new Stalls(() => [...this.#underWay].map(([index, { method, path }]) => `${index} ${method} ${path.slice(0, 120)}`));
  readonly #total: number;
  #done = 0;
  #heapEarly = 0;

  constructor(plane: ControlPlane, transport: Transport, seed: number, total: number) {
    this.#plane = plane;
    this.#transport = transport;
    this.#total = total;
    this.#choices = new Choices(seed + 2);
    this.#maker = new RequestMaker(new Choices(seed));
  }

  async all(width: number, progress: FuzzOptions['progress']): Promise<void> {
    const early = Math.max(tidyEvery, Math.floor(this.#total / 10 / tidyEvery) * tidyEvery);
    while (this.#done < this.#total && this.faults.length < 100) {
      const until = Math.min(this.#total, this.#done + tidyEvery);
      await Promise.all(Array.from({ length: width }, () => this.#work(until)));
      await tidy(this.#plane);
      if (this.#done === early) this.#heapEarly = heapUsed();
      if (this.#done % 5000 === 0) progress?.(this.#done, this.#codes);
    }
    await this.#checkAlive();
  }

  report(): Omit<FuzzReport, 'faults'> {
    return { codes: this.#codes, accepted: this.#accepted, heapEarly: this.#heapEarly, heapLate: heapUsed(), stalls: this.#stalls.longest };
  }

  end(): void {
    this.#stalls.stop();
    this.#transport.close();
  }

  async #work(until: number): Promise<void> {
    while (this.#done < until && this.faults.length < 100) {
      const index = this.#done++;
      if (this.#choices.chance(0.01)) await this.#abuse(index);
      else await this.#one(this.#maker.next(), index);
    }
  }

  async #abuse(index: number): Promise<void> {
    const wrong = await abuse(this.#plane, this.#choices);
    if (wrong !== undefined) this.faults.push(`request ${index}, on the wire: ${wrong}`);
  }

  async #one(request: FuzzRequest, index: number): Promise<void> {
    const fault = (what: string): void => void this.faults.push(`request ${index}: ${what}\n  ${request.method} ${request.path.slice(0, 300)} ${JSON.stringify(request.headers).slice(0, 300)}\n  ${request.body?.toString('latin1').slice(0, 1500) ?? ''}`);
    this.#underWay.set(index, request);
    try {
      const answer = await this.#transport.send(request);
      this.#codes.set(answer.code, (this.#codes.get(answer.code) ?? 0) + 1);
      if (isBad(request, answer)) fault(`answered ${answer.code}: ${answer.text.slice(0, 500)}`);
      else await this.#check(request, answer, fault);
    } catch (error) {
      fault(error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error));
    } finally {
      this.#underWay.delete(index);
    }
  }

  /** What was accepted reads back as it was answered. */
  async #check(request: FuzzRequest, answer: Answer, fault: (what: string) => void): Promise<void> {
    const shown = acceptedBy(request, answer);
    if (shown === undefined) return;
    const { target, object } = shown;
    if (object === undefined) return fault(`answered with ${answer.text.slice(0, 300)}`);
    if (object['kind'] !== target.kind.kind) return;
    this.#accepted.set(target.kind.plural, (this.#accepted.get(target.kind.plural) ?? 0) + 1);
    if (request.path.includes('dryRun')) return;
    this.#maker.learn(target, object);
    const wrong = this.#choices.chance(readBackShare) ? await misread(this.#transport, target, object, this.#choices) : undefined;
    if (wrong !== undefined) fault(wrong);
  }

  async #checkAlive(): Promise<void> {
    for (const target of builtInTargets) {
      if (target.isQuestion || ['bindings', 'componentstatuses'].includes(target.kind.plural)) continue;
      const path = collectionOf(target).replace(/\/namespaces\/[^/]+/, '');
      for (const accept of ['application/json', 'application/json;as=Table;v=v1;g=meta.k8s.io']) {
        const answer = await this.#transport.get(path, { Accept: accept });
        if (answer.code !== 200) this.faults.push(`afterwards ${path} (${accept}) answers ${answer.code}: ${answer.text.slice(0, 500)}`);
      }
    }
  }
}

/** The object that a request wrote, as it was answered; undefined when it wrote none, or asked for another form. */
function acceptedBy({ headers, about }: FuzzRequest, { code, text }: Answer): { readonly target: FuzzTarget; readonly object: Record<string, unknown> | undefined } | undefined {
  if (about === undefined || (code !== 200 && code !== 201) || headers['Accept'] !== undefined) return undefined;
  const { target, subresource } = about;
  return target.isQuestion || (subresource !== '' && subresource !== 'status') ? undefined : { target, object: objectOf(text) };
}

/** What the server says truly of others, or of versions that lie ahead, is no fault of its own. */
function isBad({ method, path }: FuzzRequest, { code, text }: Answer): boolean {
  // What a HEAD would say is left out.
  if (code < 500 || (method === 'HEAD' && code === 504)) return false;
  if (isOfOthers(path)) return false;
  if (path.includes('.example.com/') && path.includes('/scale') && text === '') return false;
  return !/Too large resource version|the spec replicas field|more than one PodDisruptionBudget|range is full|failed calling webhook|conversion webhook/.test(text);
}
