import type { Node } from '#core/api/schema/core-v1/node.ts';
import { withDeadline } from '#core/controllers/storage/deadline.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { Coalescer } from '#core/platform-calls/coalescer.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { InstanceAnswer, InstanceQuestion, Instances } from '#core/spi/instances.ts';
import { Ownership } from './ownership.ts';

export interface InstanceDirectoryOptions {
  readonly instances: readonly Instances[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** As the provider's, with when to ask again if it said so. */
export type Answer = InstanceAnswer & { readonly retryAfterMs?: number };

const deadlineMs = 60_000;

/** All providers' instances, asked in as few calls as possible by all controllers of the process. Makes sure that what is not known is not taken for known. */
export class InstanceDirectory {
  readonly instances: readonly Instances[];
  readonly ownership: Ownership;
  readonly #options: InstanceDirectoryOptions;
  readonly #coalescers = new Map<Instances, Coalescer<InstanceQuestion, Answer>>();

  /** @throws {Error} when the ids of two providers cannot be told apart */
  constructor(options: InstanceDirectoryOptions) {
    this.#options = options;
    this.instances = options.instances;
    this.ownership = new Ownership(options.instances);
    for (const one of options.instances) {
      const call = (questions: readonly InstanceQuestion[], signal: AbortSignal): Promise<readonly Answer[]> => this.#call(one, questions, signal);
      this.#coalescers.set(one, new Coalescer({ clock: options.clock, call, most: Math.max(1, one.mostPerCall), keyOf: ({ node, providerId }) => `${providerId}\n${node}` }));
    }
  }

  /** Rejects only with the signal's reason. A failure of the call is `unknown`. */
  async ask(instances: Instances, { metadata: { name }, spec: { providerID = '' } }: Node, signal: AbortSignal): Promise<Answer> {
    const coalescer = this.#coalescers.get(instances);
    if (coalescer === undefined) throw new TypeError(`${instances.provider} is none of the providers of this directory`);
    return coalescer.ask({ node: name, providerId: providerID }, signal);
  }

  async #call(instances: Instances, questions: readonly InstanceQuestion[], signal: AbortSignal): Promise<readonly Answer[]> {
    const { clock, logger } = this.#options;
    try {
      const answers = await withDeadline(clock, signal, (bounded) => instances.describe(questions, bounded), deadlineMs, `the provider ${instances.provider}`);
      if (answers.length !== questions.length) throw new TypeError(`the provider ${instances.provider} was asked for ${questions.length} instances, and answered for ${answers.length}`);
      return questions.map((question, i) => checked(instances, question, answers[i]));
    } catch (error) {
      signal.throwIfAborted();
      const level = ProviderError.is(error) ? 'warn' : 'error';
      logger[level]('instances could not be looked up', { provider: instances.provider, questions: questions.length, error });
      const reason = (error instanceof Error ? error.message : String(error)).slice(0, 900);
      const unknown: Answer = { state: 'unknown', reason, ...(ProviderError.is(error, 'Throttled') && error.retryAfterMs !== undefined ? { retryAfterMs: error.retryAfterMs } : {}) };
      return questions.map(() => unknown);
    }
  }
}

/** An answer about something else is none. */
function checked({ provider, providerIdPrefix }: Instances, { providerId }: InstanceQuestion, answer: InstanceAnswer | undefined): Answer {
  if (answer === undefined) return { state: 'unknown', reason: `the provider ${provider} gave no answer` };
  if (answer.state === 'gone' || answer.state === 'unknown') return answer;
  const found = answer.metadata.providerId;
  if (!found.startsWith(providerIdPrefix)) return { state: 'unknown', reason: `the provider ${provider} names ${JSON.stringify(found)}, which is no id of its own` };
  return providerId === '' || providerId === found ? answer : { state: 'unknown', reason: `the provider ${provider} was asked for ${providerId}, and answered for ${found}` };
}
