import type { Metadata } from '@grpc/grpc-js';
import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { code, isAuthenticationOff, isCallFailure, NotSentError, toProviderError, verdictOn, type CallFailure } from './failures.ts';
import { Member, type WatchCall } from './member.ts';
import type { Request, Response, UnaryName } from './messages.ts';
import type { Rpc } from './rpc.ts';

/** PEM. The system's authorities are trusted when `ca` is null. */
export interface Tls {
  readonly ca: Buffer | null;
  readonly cert: Buffer | null;
  readonly key: Buffer | null;
}

export interface MembersOptions {
  /** `host:port` of each. */
  readonly endpoints: readonly string[];
  readonly tls?: Tls;
  readonly user?: { readonly name: string; readonly password: string };
  /** How long a call may take in all. */
  readonly timeoutMs: number;
  /** A key that may be read: by reading it a member shows that it can answer. */
  readonly probeKey: string;
}

/** How often members are looked at, after which silence they are asked, and how long they may take. */
const lookMs = 500;
const silenceMs = 500;
const answerMs = 1000;
const connectMs = 1000;

/** The cluster's members: calls go to them in turn, and past those that do not answer. */
export class Members {
  readonly #options: MembersOptions;
  readonly #rpc: Rpc;
  readonly #clock: Clock;
  readonly #members: readonly Member[];
  readonly #asked = new Set<Member>();
  #next: number;
  #login: Promise<Metadata> | undefined;
  #cancelLook: () => void = () => undefined;
  #closed = false;

  constructor(rpc: Rpc, options: MembersOptions, clock: Clock) {
    this.#rpc = rpc;
    this.#options = options;
    this.#clock = clock;
    const { credentials } = rpc.grpc;
    const { tls } = options;
    const secret = tls ? credentials.createSsl(tls.ca, tls.key, tls.cert) : credentials.createInsecure();
    this.#members = options.endpoints.map((address) => new Member(rpc, address, secret));
    // Several API servers should not all begin with the same member.
    this.#next = Math.floor(Math.random() * this.#members.length);
    if (this.#members.length > 1) this.#look();
  }

  /**
   * A call that is not `repeatable` is sent once: it fails when its answer is lost. All others go from member to member until the time is up.
   * @throws {CallFailure}
   */
  async call<Method extends UnaryName>(method: Method, request: Request<Method>, options: { repeatable: boolean; anonymous?: boolean }): Promise<Response<Method>> {
    const { timeoutMs } = this.#options;
    const deadline = performance.now() + timeoutMs;
    // A write that is sent with no time left to be answered would only make its outcome unknown.
    const lastBegin = deadline - Math.min(1000, timeoutMs / 4);
    for (let attempt = 1; ; attempt++) {
      const member = this.#choose();
      try {
        await member.connected(Math.min(connectMs, remaining(lastBegin)));
        const metadata = options.anonymous ? this.#plainMetadata() : await this.#metadata();
        return await member.call(method, request, { metadata, timeoutMs: remaining(deadline), repeatable: options.repeatable });
      } catch (error) {
        if (!this.#again(member, error, options.repeatable)) throw error;
        // One round through all of them goes without a pause.
        const pauseMs = attempt % this.#members.length === 0 ? Math.min(20 * attempt, 250) : 0;
        if (this.#closed || performance.now() + pauseMs > lastBegin) throw await this.#explained(error);
        if (pauseMs > 0) await this.#clock.sleep(pauseMs);
      }
    }
  }

  /** Opens a stream to a member that answers, and tells which version of etcd that is. */
  async watch(): Promise<{ readonly call: WatchCall; readonly version: string }> {
    const member = this.#choose();
    try {
      await member.connected(connectMs);
      const metadata = await this.#metadata();
      const version = await versionOf(member.call('Status', {}, { metadata, timeoutMs: answerMs, repeatable: true }));
      return { call: member.watch(metadata), version: version ?? leastVersionThatHidesItself };
    } catch (error) {
      this.#again(member, error, true);
      throw error;
    }
  }

  /** Of any member; undefined when it is not for this user to know. */
  version(): Promise<string | undefined> {
    return versionOf(this.call('Status', {}, { repeatable: true }));
  }

  /** The next call logs in anew. */
  forgetLogin(): void {
    this.#login = undefined;
  }

  close(): void {
    this.#closed = true;
    this.#cancelLook();
    for (const member of this.#members) {
      member.abandon();
      member.close();
    }
  }

  #choose(): Member {
    if (this.#closed) throw new NotSentError('the connections are closed');
    const promising = this.#members.filter((member) => member.promising);
    const among = promising.length > 0 ? promising : this.#members;
    const member = among[this.#next++ % among.length];
    if (!member) throw new ProviderError('Invalid', 'no etcd endpoint was given');
    return member;
  }

  /** Whether the call may be made once more; remembers what its failure says about the member. */
  #again(member: Member, error: unknown, repeatable: boolean): boolean {
    if (!isCallFailure(error)) return false;
    const verdict = verdictOn(error);
    if (verdict === 'login') this.forgetLogin();
    if (error.details === 'etcdserver: no leader' || error.code === code.deadlineExceeded) member.healthy = false;
    return verdict === 'elsewhere' || verdict === 'login' || (verdict === 'lost' && repeatable);
  }

  /** Of a call that was never sent, why no member could be reached. */
  async #explained(error: unknown): Promise<unknown> {
    if (!(error instanceof NotSentError) || this.#closed) return error;
    const troubles = await Promise.all(this.#members.map(async (member) => `${member.address} (${await member.trouble(this.#plainMetadata()) ?? 'reached too late'})`));
    return new NotSentError(`no member can be reached: ${troubles.join(', ')}`);
  }

  async #metadata(): Promise<Metadata> {
    const { user } = this.#options;
    if (!user) return this.#plainMetadata();
    const login = (this.#login ??= this.#logIn(user));
    try {
      return await login;
    } catch (error) {
      if (this.#login === login) this.#login = undefined;
      throw error;
    }
  }

  async #logIn({ name, password }: { name: string; password: string }): Promise<Metadata> {
    const metadata = this.#plainMetadata();
    try {
      const { token = '' } = await this.call('Authenticate', { name, password }, { repeatable: true, anonymous: true });
      metadata.set('token', token);
    } catch (error) {
      // Who names a user before authentication is turned on is served all the same, as by etcd's own clients.
      if (!isAuthenticationOff(error)) throw isCallFailure(error) && verdictOn(error) === 'refused' ? refusedLogin(name, error) : error;
    }
    return metadata;
  }

  /** A member without a leader refuses at once, instead of letting the call wait. */
  #plainMetadata(): Metadata {
    const metadata = new this.#rpc.grpc.Metadata();
    metadata.set('hasleader', 'true');
    return metadata;
  }

  #look(): void {
    this.#cancelLook = this.#clock.after(lookMs, () => {
      for (const member of this.#members) {
        const silent = member.busy && performance.now() - member.heard > silenceMs;
        if (!this.#asked.has(member) && (silent || !member.healthy)) void this.#ask(member);
      }
      if (!this.#closed) this.#look();
    });
  }

  async #ask(member: Member): Promise<void> {
    this.#asked.add(member);
    try {
      await member.connected(connectMs);
      const metadata = await this.#metadata();
      await member.call('Range', { key: this.#options.probeKey, countOnly: true }, { metadata, timeoutMs: answerMs, repeatable: false });
      member.healthy = true;
    } catch (error) {
      member.healthy = isCallFailure(error) && verdictOn(error) === 'refused';
    } finally {
      this.#asked.delete(member);
    }
    if (!member.healthy && this.#members.some((other) => other.promising)) member.abandon();
  }
}

/** Later releases tell their status to administrators only. */
const leastVersionThatHidesItself = '3.6.0';

async function versionOf(status: Promise<Response<'Status'>>): Promise<string | undefined> {
  try {
    return (await status).version ?? '';
  } catch (error) {
    if (isCallFailure(error) && error.code === code.permissionDenied) return undefined;
    throw error;
  }
}

const remaining = (deadline: number): number => Math.max(1, deadline - performance.now());

const refusedLogin = (name: string, failure: CallFailure): Error =>
  new ProviderError('Invalid', toProviderError(failure, `cannot log in to etcd as ${JSON.stringify(name)}`, false).message, { cause: failure });
