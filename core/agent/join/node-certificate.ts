import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { BackOff } from '#core/reconcile/back-off.ts';
import { pairText, parsePair, spanOf, type KeyPair } from './key-pair.ts';
import { readIfThere, writePrivateFile } from './private-file.ts';
import { CertificateRefusedError, requestCertificate, type CertificateWish } from './request-certificate.ts';
import { newPrivateKey } from './signing-request.ts';

export interface NodeCertificateOptions {
  /** Folder of the agent's certificates. */
  readonly dir: string;
  /** `client`: the certificate and its key are in `client.pem`, the key of the next one meanwhile in `client.next.key`. */
  readonly name: string;
  /** What is asked for now; undefined while that is not known yet. */
  readonly wish: () => CertificateWish | undefined;
  readonly client: () => Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told when there is a new one, before anything else happens. */
  readonly changed?: (pair: KeyPair) => void;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** Timers count no further than 24 days. */
const longestSleepMs = 3_600_000;

/**
 * A certificate of the node that is kept on disk, and replaced at 70 to 90 % of its life. A process that is killed at any step goes on from
 * there: the key is on disk before it is asked with, and the new pair replaces the old one whole.
 */
export class NodeCertificate {
  readonly #options: NodeCertificateOptions;
  readonly #file: string;
  readonly #nextKey: string;
  readonly #backOff: BackOff;
  readonly #random: () => number;
  #current: KeyPair | undefined;
  #rotateAt = Number.NEGATIVE_INFINITY;

  constructor(options: NodeCertificateOptions) {
    this.#options = options;
    this.#file = join(options.dir, `${options.name}.pem`);
    this.#nextKey = join(options.dir, `${options.name}.next.key`);
    this.#random = options.random ?? Math.random;
    this.#backOff = new BackOff({ clock: options.clock, baseMs: 1000, maxMs: 120_000, random: this.#random });
  }

  /** Undefined before there is one, and when it is good no more. */
  get current(): KeyPair | undefined {
    return this.#current !== undefined && spanOf(this.#current).to > this.#options.clock.now() ? this.#current : undefined;
  }

  /** Takes what is on disk; a damaged file counts as none. */
  async load(): Promise<KeyPair | undefined> {
    const text = await readIfThere(this.#file);
    const pair = text === undefined ? undefined : parsePair(text);
    if (text !== undefined && pair === undefined) this.#options.logger.warn('the certificate file is damaged; another one is asked for', { file: this.#file });
    if (pair !== undefined) this.#take(pair);
    return this.current;
  }

  /** Asks for a new one and keeps it. @throws {CertificateRefusedError} @throws {StatusError} */
  async renew(signal: AbortSignal): Promise<KeyPair> {
    const { client, clock, wish, changed, logger, name } = this.#options;
    const wanted = wish();
    if (wanted === undefined) throw new Error(`it is not known yet which ${name} certificate the node needs`);
    const key = await this.#key();
    let cert: string;
    try {
      cert = await requestCertificate(client(), key, wanted, { clock, signal, isWanted: () => deepEqual(wish(), wanted) });
    } catch (error) {
      if (error instanceof CertificateRefusedError) await rm(this.#nextKey, { force: true });
      throw error;
    }
    const pair = { cert, key };
    await writePrivateFile(this.#file, pairText(pair));
    await rm(this.#nextKey, { force: true });
    this.#take(pair);
    logger.info(`the node has a new ${name} certificate`, { until: new Date(spanOf(pair).to).toISOString() });
    changed?.(pair);
    return pair;
  }

  /** Keeps it good until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger, name, wish } = this.#options;
    while (!signal.aborted) {
      try {
        if (wish() !== undefined && (this.current === undefined || clock.now() >= this.#rotateAt || !this.#fits())) await this.renew(signal);
        this.#backOff.reset();
        await clock.sleep(this.#sleepMs(), signal);
      } catch (error) {
        if (signal.aborted) return;
        logger.warn(`the ${name} certificate of the node could not be renewed; trying again`, { error });
        await this.#backOff.wait(signal);
      }
    }
  }

  #sleepMs(): number {
    // Until it is known what to ask for, or whether that has changed, there is nothing to be told by.
    return Math.min(this.#current === undefined ? 1000 : 10_000, longestSleepMs);
  }

  /** It is good for the names that the node has now. */
  #fits(): boolean {
    const wanted = this.#options.wish();
    if (wanted === undefined || this.#current === undefined) return true;
    const cert = new X509Certificate(this.#current.cert);
    const { subject: { dnsNames, ipAddresses, commonName } } = wanted;
    return cert.subject.split('\n').includes(`CN=${commonName}`) && dnsNames.every((name) => cert.checkHost(name, { wildcards: false }) !== undefined) && ipAddresses.every((address) => cert.checkIP(address) !== undefined);
  }

  async #key(): Promise<string> {
    const known = await readIfThere(this.#nextKey);
    if (known?.includes('PRIVATE KEY') === true) return known;
    const key = newPrivateKey();
    await writePrivateFile(this.#nextKey, key);
    return key;
  }

  #take(pair: KeyPair): void {
    this.#current = pair;
    const { from, to } = spanOf(pair);
    this.#rotateAt = from + (to - from) * (0.7 + 0.2 * this.#random());
  }
}
