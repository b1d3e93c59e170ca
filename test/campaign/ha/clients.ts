import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '#test/conformance/key-value-store-model.ts';
import type { Operation, Page } from './history.ts';
import { lastOf, listOf } from './lists.ts';
import type { Answer, HaServer } from './server.ts';

export interface Workload {
  readonly servers: readonly HaServer[];
  readonly namespace: string;
  readonly operations: Operation[];
  readonly signal: AbortSignal;
}

interface Request {
  readonly verb: Operation['verb'];
  readonly key: string;
  readonly value?: string;
  readonly base?: number;
}

/** So few that clients get in each other's way. */
const keys = 10;
const mergePatch = 'application/merge-patch+json';

/** Creates, changes, deletes and reads the same few objects as others do, each time through another server, and writes down what it is told. */
export class HaClient {
  readonly #name: string;
  readonly #home: HaServer;
  readonly #random: Random;
  readonly #work: Workload;
  readonly #collection: string;
  #count = 0;

  constructor(name: string, home: HaServer, random: Random, work: Workload) {
    this.#home = home;
    this.#name = name;
    this.#random = random;
    this.#work = work;
    this.#collection = `/api/v1/namespaces/${work.namespace}/configmaps`;
  }

  async run(): Promise<void> {
    while (!this.#work.signal.aborted) {
      const answered = await this.#step(`k${this.#random.below(keys)}`);
      await delay(answered ? this.#random.below(8) : 50);
    }
  }

  /** Whether there was an answer. */
  async #step(key: string): Promise<boolean> {
    const dice = this.#random.below(100);
    if (dice < 18) return isAnswered(await this.#create(key));
    if (dice < 30) return isAnswered(await this.#patch(key));
    if (dice < 50) return this.#changeWhatIsSeen(key);
    if (dice < 58) return this.#race(key);
    if (dice < 73) return this.#readElsewhere(key);
    if (dice < 81) return isAnswered(await this.#do({ verb: 'delete', key }, 'DELETE'));
    if (dice < 91) return isAnswered(await this.#get(key));
    if (dice < 94) return this.#pages();
    if (dice < 96) return this.#past();
    return isAnswered(await this.list(this.#server()));
  }

  #create(key: string): Promise<Operation> {
    const value = this.#value();
    return this.#do({ verb: 'create', key, value }, 'POST', this.#object(key, value));
  }

  #patch(key: string): Promise<Operation> {
    const value = this.#value();
    return this.#do({ verb: 'update', key, value }, 'PATCH', { data: { value } }, mergePatch);
  }

  #get(key: string, server?: HaServer): Promise<Operation> {
    return this.#do({ verb: 'get', key }, 'GET', undefined, undefined, server);
  }

  /** Writes through its own server and asks all others what they see, at once. */
  async #readElsewhere(key: string): Promise<boolean> {
    const value = this.#value();
    const written = await this.#do({ verb: 'update', key, value }, 'PATCH', { data: { value } }, mergePatch, this.#home);
    if (written.outcome !== 'done') return isAnswered(written);
    await Promise.all(this.#work.servers.filter((server) => server !== this.#home).map((server) => this.#get(key, server)));
    return true;
  }

  /** Reads through one server, and writes or deletes through another on condition that nothing has changed. */
  async #changeWhatIsSeen(key: string): Promise<boolean> {
    const { outcome, revision: base } = await this.#get(key);
    if (outcome !== 'done' || base === undefined) return outcome !== 'unknown';
    if (this.#random.chance(25)) return isAnswered(await this.#do({ verb: 'delete', key, base }, 'DELETE', { preconditions: { resourceVersion: String(base) } }));
    return isAnswered(await this.#replace(key, base));
  }

  /** Several writes on one condition at the same time: at most one can win. */
  async #race(key: string): Promise<boolean> {
    const { outcome, revision: base } = await this.#get(key);
    if (outcome !== 'done' || base === undefined) return outcome !== 'unknown';
    const results = await Promise.all(this.#work.servers.map((server) => this.#replace(key, base, server)));
    return results.every(isAnswered);
  }

  #replace(key: string, base: number, server = this.#server()): Promise<Operation> {
    const value = this.#value();
    return this.#do({ verb: 'update', key, value, base }, 'PUT', this.#object(key, value, String(base)), undefined, server);
  }

  /** A consistent list. */
  async list(server: HaServer): Promise<Operation> {
    return (await this.#list(server, '')).operation;
  }

  /** A list in pages, each from another server, with time in between for its version to go away; then the rest as it is now, or nothing more. */
  async #pages(): Promise<boolean> {
    let query = '';
    let page: Omit<Page, 'upTo'> = { after: '', at: undefined };
    const pauseMs = this.#random.chance(30) ? 2000 : 20;
    while (!this.#work.signal.aborted) {
      const { operation, token, last } = await this.#list(this.#server(), `?limit=3${query}`, page);
      const { outcome, revision } = operation;
      if (outcome === 'unknown') return false;
      if (token === undefined || (outcome === 'refused' && this.#random.chance(50))) return true;
      const newest = outcome === 'refused' || (page.after !== '' && page.at === undefined);
      page = { after: last ?? page.after, at: newest ? undefined : page.at ?? revision };
      query = `&continue=${encodeURIComponent(token)}`;
      await delay(this.#random.below(pauseMs));
    }
    return true;
  }

  /** The list as it was when it was last seen, or a while before. */
  async #past(): Promise<boolean> {
    const seen = this.#work.operations.slice(-2000);
    const revision = seen[this.#random.below(seen.length)]?.revision;
    if (revision === undefined) return true;
    const { operation } = await this.#list(this.#server(), `?resourceVersion=${revision}&resourceVersionMatch=Exact`, { after: '', at: revision });
    return isAnswered(operation);
  }

  async #list(server: HaServer, query: string, part?: Omit<Page, 'upTo'>): Promise<{ operation: Operation; token: string | undefined; last: string | undefined }> {
    const begun = performance.now();
    const answer = await server.request('GET', this.#collection + query);
    const ended = performance.now();
    const { token, last } = lastOf(answer);
    const page = part && { page: { ...part, upTo: token === undefined ? undefined : last } };
    return { token, last, operation: this.#note({ client: this.#name, server: server.index, verb: 'list', key: '', begun, ended, ...listOf(answer), ...page }) };
  }

  async #do(request: Request, method: string, body?: unknown, contentType?: string, server = this.#server()): Promise<Operation> {
    const begun = performance.now();
    const path = method === 'POST' ? this.#collection : `${this.#collection}/${request.key}`;
    const answer = await server.request(method, path, body, contentType);
    return this.#note({ ...request, client: this.#name, server: server.index, begun, ended: performance.now(), ...outcomeOf(request.verb, answer) });
  }

  #note(operation: Operation): Operation {
    this.#work.operations.push(operation);
    return operation;
  }

  /** Mostly its own: clients of servers that are well go on while others wait. */
  #server(): HaServer {
    const { servers } = this.#work;
    return this.#random.chance(70) ? this.#home : servers[this.#random.below(servers.length)] ?? this.#home;
  }

  #value(): string {
    return `${this.#name}-${++this.#count}`;
  }

  #object(name: string, value: string, resourceVersion?: string): unknown {
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...(resourceVersion === undefined ? {} : { resourceVersion }) }, data: { value } };
  }
}

const isAnswered = ({ outcome }: Operation): boolean => outcome !== 'unknown';

/** 503 says that nothing was written, 504 and everything unheard of that nobody knows. */
function outcomeOf(verb: Operation['verb'], { code, body }: Answer): Partial<Operation> & Pick<Operation, 'outcome'> {
  if (code === 200 || code === 201) {
    if (verb === 'delete') return { outcome: 'done', uid: body.details.uid };
    return { outcome: 'done', revision: Number(body.metadata.resourceVersion), ...(verb === 'get' ? { value: body.data.value } : {}) };
  }
  return [404, 409, 422, 429, 503].includes(code) ? { outcome: 'refused', reason: body.reason } : { outcome: 'unknown', reason: String(code) };
}
