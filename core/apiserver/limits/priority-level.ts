import { StatusError } from '#core/api/status-error.ts';
import type { Clock } from '#core/kernel/clock.ts';

/** What a level may take at a time, as its configuration and the number of all seats say. */
export interface LevelLimits {
  readonly seats: number;
  /** Of these, others may have so many while this level does not need them. */
  readonly lendable: number;
  /** How many of others' seats it may have. */
  readonly borrowable: number;
  /** How requests wait; without it what cannot be served at once is turned away. */
  readonly queuing: { readonly queues: number; readonly queueLengthLimit: number } | undefined;
}

/** One request that is being served. */
export interface Seat {
  /** May be called more than once. */
  leave(): void;
}

/** Calls back when nobody waits for a request any more; returns what takes that back. */
export type WhenGone = (callback: () => void) => () => void;

interface Waiter {
  readonly take: (seat: Seat) => void;
}

class Queue {
  readonly waiting: Waiter[] = [];
  running = 0;
  /** When it last got a seat, in turns. */
  lastTurn = 0;
}

/** Requests of one importance. Those of one flow share a few of its queues, and each queue gets seats in turn. */
export class PriorityLevel {
  readonly name: string;
  private readonly pool: SeatPool;
  private queues: Queue[] = [new Queue()];
  private readonly busy = new Set<Queue>();
  private turn = 0;
  limits: LevelLimits = { seats: 0, lendable: 0, borrowable: 0, queuing: undefined };
  running = 0;
  waiting = 0;

  constructor(name: string, pool: SeatPool) {
    this.name = name;
    this.pool = pool;
    pool.levels.add(this);
  }

  configure(limits: LevelLimits): void {
    const queues = limits.queuing?.queues ?? 1;
    // Who waits in one of the queues of before is served from there.
    if (queues !== this.queues.length) this.queues = Array.from({ length: queues }, () => new Queue());
    this.limits = limits;
    this.dispatch();
  }

  /**
   * Gives a request its seat, at once or when its turn comes.
   * @param hand numbers of the queues in which its flow may wait
   * @throws {StatusError} TooManyRequests, or rejects with it after the longest wait
   */
  enter(hand: readonly number[], whenGone?: WhenGone): Seat | Promise<Seat> {
    const queue = this.shortest(hand);
    if (this.waiting === 0 && this.pool.hasSeatFor(this)) return this.seat(queue);
    const { queuing } = this.limits;
    if (queuing === undefined) throw tooMany(`the priority level ${this.name} has no seat left`);
    if (queue.waiting.length >= queuing.queueLengthLimit) throw tooMany(`a queue of the priority level ${this.name} is full`);
    return this.wait(queue, whenGone);
  }

  /** Seats those whose turn it is, as long as there are seats. */
  dispatch(): void {
    while (this.waiting > 0 && this.pool.hasSeatFor(this)) {
      const queue = this.next();
      const waiter = queue?.waiting[0];
      if (queue === undefined || waiter === undefined) return;
      this.drop(queue, waiter);
      waiter.take(this.seat(queue));
    }
  }

  private wait(queue: Queue, whenGone: WhenGone | undefined): Promise<Seat> {
    const { promise, resolve, reject } = Promise.withResolvers<Seat>();
    const waiter: Waiter = { take: resolve };
    queue.waiting.push(waiter);
    this.busy.add(queue);
    this.waiting++;
    const refuse = (why: string): void => {
      if (!queue.waiting.includes(waiter)) return;
      this.drop(queue, waiter);
      reject(tooMany(why));
    };
    const { clock, waitLimitMs } = this.pool;
    const cancel = clock.after(waitLimitMs, () => refuse(`no seat at the priority level ${this.name} within ${waitLimitMs / 1000} s`));
    const stay = whenGone?.(() => refuse('the client is gone'));
    const over = (): void => {
      cancel();
      stay?.();
    };
    promise.then(over, over);
    this.dispatch();
    return promise;
  }

  private drop(queue: Queue, waiter: Waiter): void {
    queue.waiting.splice(queue.waiting.indexOf(waiter), 1);
    this.waiting--;
    if (queue.waiting.length === 0) this.busy.delete(queue);
  }

  private seat(queue: Queue): Seat {
    this.running++;
    queue.running++;
    queue.lastTurn = ++this.turn;
    let left = false;
    return {
      leave: () => {
        if (left) return;
        left = true;
        this.running--;
        queue.running--;
        this.pool.released();
      },
    };
  }

  private shortest(hand: readonly number[]): Queue {
    let best: Queue | undefined;
    for (const number of hand) {
      const queue = this.queues[number];
      if (queue && (best === undefined || queue.waiting.length < best.waiting.length || (queue.waiting.length === best.waiting.length && queue.running < best.running))) best = queue;
    }
    return best ?? this.queues[0] ?? new Queue();
  }

  /** The queue that has the fewest requests being served; of several, the one that has waited longest for a seat. */
  private next(): Queue | undefined {
    let best: Queue | undefined;
    for (const queue of this.busy) {
      if (best === undefined || queue.running < best.running || (queue.running === best.running && queue.lastTurn < best.lastTurn)) best = queue;
    }
    return best;
  }
}

/** The seats of all levels. A level always has its own; what others do not need just now it may borrow. */
export class SeatPool {
  readonly levels = new Set<PriorityLevel>();
  readonly clock: Clock;
  readonly waitLimitMs: number;

  constructor(clock: Clock, waitLimitMs: number) {
    this.clock = clock;
    this.waitLimitMs = waitLimitMs;
  }

  hasSeatFor(level: PriorityLevel): boolean {
    const { running, limits: { seats, borrowable } } = level;
    if (running < seats) return true;
    if (running - seats >= borrowable) return false;
    let idle = 0;
    let borrowed = 0;
    for (const other of this.levels) {
      const spare = other.limits.seats - other.running;
      if (spare < 0) borrowed -= spare;
      else if (other.waiting === 0) idle += Math.min(spare, other.limits.lendable);
    }
    return borrowed < idle;
  }

  /** A seat was left: whoever waits may have a turn. */
  released(): void {
    for (const level of this.levels) if (level.waiting > 0) level.dispatch();
  }
}

/** With upstream's words first, which clients show. */
export const tooMany = (why: string): StatusError => new StatusError('TooManyRequests', `Too many requests, please try again later: ${why}`, { retryAfterSeconds: 1 });
