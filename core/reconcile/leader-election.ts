import { Lease } from '#core/api/schema/coordination-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { keyOf, type ObjectKey, type Reader, type Writer } from '#core/client/client.ts';
import { rfc3339Micro, type Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { LeadershipLostError, LeadershipTerm } from './leadership-term.ts';

export interface LeaderElectionOptions {
  readonly client: Pick<Reader & Writer, 'get' | 'create' | 'update'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The Lease that all candidates contend for. */
  readonly lease: ObjectKey;
  /** Tells this candidate from all others, also from an earlier process on the same machine. */
  readonly identity: string;
  /** For how long others respect a lease that is not renewed, in milliseconds. 15 s by default. */
  readonly leaseDurationMs?: number;
  /** After how long without a renewal the leader gives up, in milliseconds; less than the above. 10 s by default. */
  readonly renewDeadlineMs?: number;
  /** Between two attempts, in milliseconds; candidates wait up to 2.2 times as long. 2 s by default. */
  readonly retryPeriodMs?: number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/**
 * Lets one of several processes lead at a time, as client-go's leader election does, over a Lease.
 *
 * Deadlines are timers of the injected clock, counted from before the request that renewed, and never compare wall clocks:
 * neither another machine's time nor a jump of this one's makes two leaders. What protects against two is
 * `leaseDurationMs - renewDeadlineMs`, in which the work of a leader that lost touch has to end.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  readonly #logger: Logger;
  #leading = false;
  /** What was last seen of another holder, and whether that has been unchanged for its whole duration. */
  #observed: { readonly version: string; expired: boolean } | undefined;
  #stopObserving: () => void = () => undefined;

  /** @throws {RangeError} when the times do not fit together */
  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#leaseDurationMs = options.leaseDurationMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryPeriodMs = options.retryPeriodMs ?? 2000;
    this.#logger = options.logger.with({ lease: keyOf({ metadata: options.lease }), identity: options.identity });
    if (!(this.#retryPeriodMs > 0 && this.#retryPeriodMs < this.#renewDeadlineMs && this.#renewDeadlineMs < this.#leaseDurationMs)) {
      const got = [this.#retryPeriodMs, this.#renewDeadlineMs, this.#leaseDurationMs].join(', ');
      throw new RangeError(`leader election needs 0 < retry period < renew deadline < lease duration, got ${got} ms`);
    }
  }

  get leading(): boolean {
    return this.#leading;
  }

  /**
   * Contends until the signal aborts. Each time this process leads, `lead` is called with a signal that aborts when the
   * lead is lost or is to end; only after `lead` has ended is the lease given up or contended for again. Rejects when `lead` does.
   */
  async run(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        const term = new LeadershipTerm(this.#options.clock, this.#renewDeadlineMs, signal);
        try {
          if (await this.#attempt(term)) await this.#lead(lead, term);
        } finally {
          term.end();
        }
        await this.#pause(this.#retryPeriodMs * (1 + 1.2 * (this.#options.random ?? Math.random)()), signal);
      }
    } finally {
      this.#stopObserving();
    }
  }

  async #lead(lead: (signal: AbortSignal) => Promise<void>, term: LeadershipTerm): Promise<void> {
    this.#leading = true;
    this.#logger.info('this process leads');
    const renewing = this.#keep(term);
    try {
      await lead(term.signal);
    } finally {
      const lost = term.signal.reason instanceof LeadershipLostError ? term.signal.reason : undefined;
      term.end();
      await renewing;
      this.#leading = false;
      if (lost === undefined) await this.#release();
      this.#logger.info('this process does not lead any more', lost === undefined ? {} : { error: lost });
    }
  }

  async #keep(term: LeadershipTerm): Promise<void> {
    while (!term.signal.aborted) {
      await this.#pause(this.#retryPeriodMs, term.signal);
      if (!term.signal.aborted) await this.#attempt(term);
    }
  }

  /** Takes or renews the lease, and puts the deadline off when that works. Never rejects. */
  async #attempt(term: LeadershipTerm): Promise<boolean> {
    const renewal = term.startRenewal();
    try {
      const holder = await this.#takeOrRenew(term.signal);
      if (holder === this.#options.identity) return renewal.worked();
      term.end(new LeadershipLostError(`${holder} leads`));
    } catch (error) {
      const expected = term.signal.aborted || StatusError.is(error, 'Conflict', 'AlreadyExists');
      this.#logger[expected ? 'debug' : 'warn']('could not take or renew the lease', { error });
    }
    renewal.failed();
    return false;
  }

  /** Returns who holds the lease. */
  async #takeOrRenew(signal: AbortSignal): Promise<string> {
    const { client, lease: key, identity, clock } = this.#options;
    const now = rfc3339Micro(clock.now());
    const mine = { holderIdentity: identity, leaseDurationSeconds: Math.ceil(this.#leaseDurationMs / 1000), renewTime: now };
    let lease: Lease;
    try {
      lease = await client.get(Lease, key, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
      const metadata = { name: key.name, ...(key.namespace === undefined ? {} : { namespace: key.namespace }) };
      await client.create(Lease, { metadata, spec: { ...mine, acquireTime: now, leaseTransitions: 0 } }, {}, signal);
      return identity;
    }
    const holder = lease.spec.holderIdentity ?? '';
    if (holder !== '' && holder !== identity && !this.#expired(lease)) return holder;
    const spec = holder === identity
      ? { ...lease.spec, ...mine }
      : { ...lease.spec, ...mine, acquireTime: now, leaseTransitions: (lease.spec.leaseTransitions ?? 0) + 1 };
    await client.update(Lease, { ...lease, spec }, {}, signal);
    return identity;
  }

  /** Whether the lease has stood unchanged, as seen from here, for as long as its holder asked. */
  #expired(lease: Lease): boolean {
    const { resourceVersion: version } = lease.metadata;
    if (this.#observed?.version === version) return this.#observed.expired;
    this.#stopObserving();
    const observed = { version, expired: false };
    this.#observed = observed;
    const duration = lease.spec.leaseDurationSeconds === undefined ? this.#leaseDurationMs : lease.spec.leaseDurationSeconds * 1000;
    this.#stopObserving = this.#options.clock.after(duration, () => {
      observed.expired = true;
    });
    return false;
  }

  /** Lets the next leader start at once. Worth one attempt: without it the lease expires. */
  async #release(): Promise<void> {
    const { client, lease: key, identity, clock } = this.#options;
    const attempt = new AbortController();
    const cancel = clock.after(1000, () => attempt.abort(new Error('giving up the lease took too long')));
    try {
      const lease = await client.get(Lease, key, attempt.signal);
      if (lease.spec.holderIdentity !== identity) return;
      await client.update(Lease, { ...lease, spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: rfc3339Micro(clock.now()) } }, {}, attempt.signal);
    } catch (error) {
      this.#logger.debug('could not give up the lease', { error });
    } finally {
      cancel();
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.clock.sleep(ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
