import type { GcpEmulator } from './emulator.ts';
import type { Json } from './json.ts';

export interface RawAnswer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look at whatever came
  readonly body: any;
}

/** Requests as they are written, and what they leave when they are done: for tests. */
export class RawClient {
  readonly #emulator: GcpEmulator;
  readonly #project: string;

  constructor(emulator: GcpEmulator, project = 'p1') {
    this.#emulator = emulator;
    this.#project = project;
  }

  async send(verb: string, path: string, body?: Json | string, headers: Record<string, string> = { authorization: 'Bearer token' }): Promise<RawAnswer> {
    const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
    const answer = await fetch(`${this.#emulator.url}/compute/v1/projects/${this.#project}${path === '' ? '' : `/${path}`}`, { method: verb, headers, ...(text === undefined ? {} : { body: text }) });
    const type = answer.headers.get('content-type') ?? '';
    return { status: answer.status, body: type.startsWith('application/json') ? await answer.json() : await answer.text() };
  }

  /** Sends, lets the operation end, and gives it. */
  async done(verb: string, path: string, body?: Json): Promise<RawAnswer['body']> {
    const answer = await this.send(verb, path, body);
    if (answer.status !== 200) throw new Error(`${verb} ${path}: ${JSON.stringify(answer.body)}`);
    this.#emulator.state.advance(60_000);
    return this.get(String(answer.body.selfLink).split(`/projects/${this.#project}/`)[1] ?? '');
  }

  /** Like `done`, and nothing went wrong. */
  async make(verb: string, path: string, body?: Json): Promise<void> {
    const operation = await this.done(verb, path, body);
    if (operation.status !== 'DONE' || operation.error !== undefined) throw new Error(`${verb} ${path}: ${JSON.stringify(operation)}`);
  }

  async get(path: string): Promise<RawAnswer['body']> {
    return (await this.send('GET', path)).body;
  }
}

/** The body of an instance that boots. */
export function instanceBody(name: string, zone: string, more: Json = {}): Json {
  return {
    name,
    machineType: `zones/${zone}/machineTypes/e2-standard-2`,
    disks: [{ boot: true, autoDelete: true, initializeParams: { sourceImage: 'projects/debian-cloud/global/images/family/debian-12' } }],
    networkInterfaces: [{ network: 'global/networks/default' }],
    ...more,
  };
}
