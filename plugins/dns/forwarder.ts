import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { AnswerCache, type CacheLimits } from './answer-cache.ts';
import { endpointText } from './endpoints.ts';
import { askByTcp, askByUdp } from './exchange.ts';
import { KeptMessage } from './kept-message.ts';
import { encodeQuestion, questionId, type Question } from './question.ts';
import { race } from './race.ts';
import type { Upstream, Upstreams } from './upstreams.ts';
import { nameText, rcode } from './wire.ts';

export interface ForwarderOptions {
  readonly upstreams: Upstreams;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly cache: CacheLimits;
  /** Questions that are asked at the same time. */
  readonly maxInFlight: number;
  /** Clients that wait for them. */
  readonly maxWaiting: number;
}

/** Clients ask again after five seconds: then it must be over. */
const times = { staggerMs: 1000, limitMs: 4500 } as const;
/** For each question; a server that is alone is asked again. */
const attempts = 4;

/** A server that answered, but does not say. */
class Refusal extends Error {
  readonly answer: KeptMessage;

  constructor(from: Upstream, answer: KeptMessage) {
    super(`${endpointText(from.endpoint)} answered with code ${answer.rcode}`);
    this.answer = answer;
  }
}

/** Asks other name servers, and keeps what they say. The same question is under way only once. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #cache: AnswerCache;
  readonly #inFlight = new Map<string, Promise<KeptMessage | undefined>>();
  readonly #ended = new AbortController();
  #waiting = 0;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#cache = new AnswerCache(options.cache);
  }

  cached(question: Question): { readonly message: KeptMessage; readonly ageMs: number } | undefined {
    return this.#cache.get(questionId(question), this.#options.clock.now());
  }

  /** Undefined when nobody knows, or when too many ask. Never rejects. */
  async ask(question: Question): Promise<KeptMessage | undefined> {
    if (this.#waiting >= this.#options.maxWaiting) return undefined;
    this.#waiting++;
    try {
      return await this.#askOnce(question);
    } finally {
      this.#waiting--;
    }
  }

  /** What is kept may be wrong from now on. */
  forget(): void {
    this.#cache.clear();
  }

  stop(): void {
    this.#ended.abort(new Error('the name server stops'));
    this.#cache.clear();
  }

  async #askOnce(question: Question): Promise<KeptMessage | undefined> {
    const id = questionId(question);
    const known = this.#inFlight.get(id);
    if (known !== undefined) return known;
    if (this.#inFlight.size >= this.#options.maxInFlight) return undefined;
    const asked = this.#askAll(question, id).finally(() => this.#inFlight.delete(id));
    this.#inFlight.set(id, asked);
    return asked;
  }

  async #askAll(question: Question, id: string): Promise<KeptMessage | undefined> {
    const { upstreams, clock, logger } = this.#options;
    const order = upstreams.inOrder();
    const plan = Array.from({ length: order.length === 0 ? 0 : Math.max(attempts, order.length) }, (_, index) => order[index % order.length]).filter((upstream) => upstream !== undefined);
    try {
      const answer = await race(plan.map((upstream) => (signal: AbortSignal) => this.#askOne(upstream, question, signal)), { clock, ...times }, this.#ended.signal);
      this.#cache.set(id, answer, clock.now());
      return answer;
    } catch (error) {
      if (this.#ended.signal.aborted) return undefined;
      logger.debug('a question could not be forwarded', { name: nameText(question.key), type: question.type, error });
      // The names of a zone that is broken are asked for again and again.
      if (error instanceof Refusal) this.#cache.set(id, error.answer, clock.now());
      return error instanceof Refusal ? error.answer : undefined;
    }
  }

  async #askOne(upstream: Upstream, question: Question, signal: AbortSignal): Promise<KeptMessage> {
    const { upstreams, clock } = this.#options;
    const began = clock.now();
    try {
      const answer = await this.#exchange(upstream, question, signal);
      upstreams.succeeded(upstream);
      if (answer.rcode === rcode.NOERROR || answer.rcode === rcode.NXDOMAIN) return answer;
      throw new Refusal(upstream, answer);
    } catch (error) {
      // Given up before its time, because another one was faster: that says nothing against it.
      const late = !signal.aborted || clock.now() - began >= times.staggerMs;
      if (!(error instanceof Refusal) && late) upstreams.failed(upstream);
      throw error;
    }
  }

  async #exchange(upstream: Upstream, question: Question, signal: AbortSignal): Promise<KeptMessage> {
    const { endpoint, edns } = upstream;
    const packet = encodeQuestion(question, edns);
    const message = await askByUdp(endpoint, packet, signal) ?? await askByTcp(endpoint, packet, signal);
    const answer = KeptMessage.of(message);
    if (answer === undefined) throw new Error(`${endpointText(endpoint)} sent a broken answer`);
    if (!edns || (answer.rcode !== rcode.FORMERR && answer.rcode !== rcode.NOTIMP)) return answer;
    upstream.edns = false;
    return this.#exchange(upstream, question, signal);
  }
}
