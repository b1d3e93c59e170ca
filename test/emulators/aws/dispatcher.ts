import { Buckets } from './buckets.ts';
import { ApiError } from './errors.ts';
import { Faults, type Fault, type FaultPlan } from './faults.ts';
import { Gate, type GateOptions } from './gate.ts';
import { Random } from './random.ts';
import { readQuery } from './query.ts';
import type { Service } from './service.ts';
import { parseAuthorization, type SignedRequest } from './signature.ts';
import type { World } from './world.ts';
import type { XmlObject } from './xml.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly requestId: string;
  /** The connection is to be cut instead. */
  readonly lost?: true;
}

/** One line of the journal. */
export interface JournalEntry {
  readonly at: number;
  readonly region: string;
  readonly service: string;
  readonly action: string;
  /** `ok`, or the code of the error. */
  readonly outcome: string;
  readonly fault?: Fault['kind'];
}

export interface DispatcherOptions extends GateOptions {
  readonly faults?: FaultPlan;
  /** False: no call is ever refused for the rate. */
  readonly throttling?: boolean;
}

/** Takes a request through the gate, the buckets and the faults to its action. */
export class Dispatcher {
  readonly gate: Gate;
  readonly faults: Faults;
  /** What was asked and how it ended, in order; the last 100,000. */
  readonly journal: JournalEntry[] = [];
  throttling: boolean;
  readonly #world: World;
  readonly #services: readonly Service[];
  readonly #buckets: Buckets;
  readonly #ids: Random;

  constructor(world: World, services: readonly Service[], { faults, throttling = true, ...gate }: DispatcherOptions) {
    this.#world = world;
    this.#services = services;
    this.gate = new Gate(gate);
    this.faults = new Faults(world.seed, faults);
    this.throttling = throttling;
    this.#buckets = new Buckets(() => world.timeline.now);
    this.#ids = new Random(world.seed);
  }

  answer(request: SignedRequest): Answer {
    return this.#world.timeline.atOnce(() => this.#answer(request));
  }

  #answer(request: SignedRequest): Answer {
    const form = new URLSearchParams(request.method === 'GET' ? request.query : request.body.toString('utf8'));
    const service = this.#serviceOf(request, form.get('Version'));
    const asked: Asked = { service, action: form.get('Action') ?? '', region: parseAuthorization(request.headers.authorization)?.region ?? '', form, requestId: this.#ids.uuid() };
    try {
      this.#admit(request, asked, form.get('Version') ?? '');
    } catch (error) {
      return this.#refuse(asked, error, undefined);
    }
    const fault = this.faults.next(asked.action);
    try {
      if (fault?.kind === 'before') throw faultError(service, fault);
      const result = this.#run(asked);
      if (fault !== undefined) throw faultError(service, fault);
      this.#note(asked, 'ok', undefined);
      return { status: 200, body: service.answer(asked.action, result, asked.requestId), requestId: asked.requestId };
    } catch (error) {
      return this.#refuse(asked, error, fault);
    }
  }

  #refuse(asked: Asked, error: unknown, fault: Fault | undefined): Answer {
    const { service, action, requestId } = asked;
    const refusal = error instanceof ApiError ? error : service.refuse('internal', '');
    // A mistake of the emulator's own.
    if (!(error instanceof ApiError)) process.stderr.write(`${service.name}:${action}: ${(error as Error).stack}\n`);
    this.#note(asked, refusal.code, fault?.kind);
    return { status: refusal.status, body: service.errorBody(refusal, requestId), requestId, ...(fault?.kind === 'lost' ? { lost: true } : {}) };
  }

  #serviceOf(request: SignedRequest, version: string | null): Service {
    const signed = parseAuthorization(request.headers.authorization)?.service;
    const service = this.#services.find(({ name }) => name === signed) ?? this.#services.find((known) => known.version === version) ?? this.#services[0];
    if (service === undefined) throw new Error('an emulator has at least one service');
    return service;
  }

  #admit(request: SignedRequest, { service, action }: Asked, version: string): void {
    const refused = this.gate.refusal(request, service.name);
    if (refused !== undefined) throw service.refuse(refused.refusal, refused.detail);
    if (version !== service.version || !Object.hasOwn(service.actions, action)) throw service.invalidAction(action, version);
    if (this.gate.forbids(`${service.name}:${action}`)) throw service.forbidden(action, `arn:aws:iam::${this.#world.accountId}:user/emulated`);
  }

  #run({ service, action, region, form }: Asked): XmlObject {
    const run = service.actions[action];
    if (run === undefined) throw service.invalidAction(action, service.version);
    const params = readQuery(form, action, service);
    if (this.throttling && !this.#buckets.take(`${service.name}/${region}`, service.buckets(action, params))) throw service.refuse('throttled', '');
    if (service.supportsDryRun && params.flag('DryRun') === true) throw new ApiError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
    return run({ region: this.#world.region(region), params });
  }

  #note({ region, service, action }: Asked, outcome: string, fault: Fault['kind'] | undefined): void {
    this.journal.push({ at: this.#world.timeline.now, region, service: service.name, action, outcome, ...(fault === undefined ? {} : { fault }) });
    if (this.journal.length > 100_000) this.journal.splice(0, 10_000);
  }
}

interface Asked {
  readonly service: Service;
  readonly action: string;
  readonly region: string;
  readonly form: URLSearchParams;
  readonly requestId: string;
}

function faultError(service: Service, { code, message, status = 500 }: Fault): ApiError {
  const usual = service.refuse('internal', '');
  return new ApiError(code ?? usual.code, message ?? usual.message, status);
}
