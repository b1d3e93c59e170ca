import type { Clock } from '#core/kernel/clock.ts';

export interface CoalescerOptions<Q, A> {
  readonly clock: Clock;
  /** One answer for each question, in their order. A rejection is everybody's. */
  readonly call: (questions: readonly Q[], signal: AbortSignal) => Promise<readonly A[]>;
  /** How many questions go into one call. */
  readonly most: number;
  /** How long the first question waits for others; 100 ms by default. */
  readonly waitMs?: number;
  /** Questions of one key are asked once. */
  readonly keyOf: (question: Q) => string;
}

interface Asker<A> {
  readonly signal: AbortSignal;
  resolve(answer: A): void;
  reject(reason: unknown): void;
}

interface Batch<Q, A> {
  readonly questions: Map<string, { readonly question: Q; readonly askers: Set<Asker<A>> }>;
  readonly life: AbortController;
  left: number;
  cancel(): void;
}

/** Gathers questions that are asked at about the same time into few calls. A full call goes at once. */
export class Coalescer<Q, A> {
  readonly #options: Required<CoalescerOptions<Q, A>>;
  #open: Batch<Q, A> | undefined;

  constructor(options: CoalescerOptions<Q, A>) {
    this.#options = { waitMs: 100, ...options };
  }

  /** Rejects with the signal's reason when that aborts. The call itself is aborted only when nobody waits for it any more. */
  ask(question: Q, signal: AbortSignal): Promise<A> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      this.#add(question, { signal, resolve, reject });
    });
  }

  #add(question: Q, asker: Asker<A>): void {
    const batch = (this.#open ??= this.#begin());
    const key = this.#options.keyOf(question);
    const known = batch.questions.get(key) ?? { question, askers: new Set<Asker<A>>() };
    batch.questions.set(key, known);
    const { signal } = asker;
    const end = (): void => {
      signal.removeEventListener('abort', leave);
      known.askers.delete(entry);
      batch.left--;
    };
    const leave = (): void => {
      end();
      asker.reject(signal.reason);
      if (batch.left === 0) this.#giveUp(batch, signal.reason);
    };
    const entry: Asker<A> = {
      signal,
      resolve: (answer) => {
        end();
        asker.resolve(answer);
      },
      reject: (reason) => {
        end();
        asker.reject(reason);
      },
    };
    known.askers.add(entry);
    batch.left++;
    signal.addEventListener('abort', leave, { once: true });
    if (batch.questions.size >= this.#options.most) this.#send(batch);
  }

  #begin(): Batch<Q, A> {
    const batch: Batch<Q, A> = { questions: new Map(), life: new AbortController(), left: 0, cancel: () => undefined };
    const timer = new AbortController();
    batch.cancel = () => timer.abort();
    // A sleep keeps the process alive, as whoever asks expects.
    this.#options.clock.sleep(this.#options.waitMs, timer.signal).then(() => {
      if (!timer.signal.aborted) this.#send(batch);
    }, () => undefined);
    return batch;
  }

  #close(batch: Batch<Q, A>): void {
    batch.cancel();
    if (this.#open === batch) this.#open = undefined;
  }

  #giveUp(batch: Batch<Q, A>, reason: unknown): void {
    this.#close(batch);
    batch.life.abort(reason);
  }

  #send(batch: Batch<Q, A>): void {
    this.#close(batch);
    const asked = [...batch.questions.values()].filter(({ askers }) => askers.size > 0);
    if (asked.length === 0) return;
    const answered = (answers: readonly A[]): void => {
      if (answers.length !== asked.length) throw new TypeError(`${asked.length} questions were asked, and ${answers.length} answered`);
      for (const [i, { askers }] of asked.entries()) for (const asker of [...askers]) asker.resolve(answers[i] as A);
    };
    const failed = (reason: unknown): void => {
      for (const { askers } of asked) for (const asker of [...askers]) asker.reject(reason);
    };
    const call = async (): Promise<void> => answered(await this.#options.call(asked.map(({ question }) => question), batch.life.signal));
    call().catch(failed);
  }
}
