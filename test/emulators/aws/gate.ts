import { randomBytes } from 'node:crypto';
import { isRegion } from './geography.ts';
import type { GateRefusal } from './service.ts';
import { parseAmzDate, parseAuthorization, signatureMatches, type Signature, type SignedRequest } from './signature.ts';

export interface AccessKey {
  readonly secret: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
  /** Milliseconds since the epoch, on the computer's clock. */
  readonly expiresAt?: number;
}

export interface GateOptions {
  /** By key id. Absent: any key will do, and signatures are not computed. */
  readonly accessKeys?: Readonly<Record<string, AccessKey>>;
  /** Forbidden actions, as `ec2:CreateVolume`; `*` at the end stands for any. */
  readonly deny?: readonly string[];
}

const skewMs = 5 * 60 * 1000;

/** Who may come in: signatures, their scope and age, and what is forbidden. */
export class Gate {
  readonly #now: () => number;
  #accessKeys: Readonly<Record<string, AccessKey>> | undefined;
  #deny: readonly string[];

  /** @param now the computer's clock, which signatures are made with */
  constructor({ accessKeys, deny = [] }: GateOptions, now: () => number = Date.now) {
    this.#accessKeys = accessKeys;
    this.#deny = deny;
    this.#now = now;
  }

  set({ accessKeys, deny }: GateOptions): void {
    if (accessKeys !== undefined) this.#accessKeys = accessKeys;
    if (deny !== undefined) this.#deny = deny;
  }

  /** Temporary credentials, good for six hours. */
  issue(): { readonly id: string; readonly secret: string; readonly sessionToken: string; readonly expiresAt: number } {
    const [id, secret, sessionToken] = [`ASIA${randomBytes(8).toString('hex').toUpperCase()}`, randomBytes(30).toString('base64'), randomBytes(60).toString('base64')];
    const expiresAt = this.#now() + 6 * 3600 * 1000;
    if (this.#accessKeys !== undefined) this.#accessKeys = { ...this.#accessKeys, [id]: { secret, sessionToken, expiresAt } };
    return { id, secret, sessionToken, expiresAt };
  }

  /** Why the request does not come in; undefined when it does. */
  refusal(request: SignedRequest, service: string): { readonly refusal: GateRefusal; readonly detail: string } | undefined {
    const signature = parseAuthorization(request.headers.authorization);
    if (signature === undefined) return { refusal: 'missing credentials', detail: '' };
    if (!isRegion(signature.region)) return { refusal: 'wrong region', detail: signature.region };
    const signedAt = parseAmzDate(request.headers['x-amz-date']);
    if (signature.service !== service || !sameDay(signature, signedAt)) return { refusal: 'bad signature', detail: '' };
    if (Math.abs(this.#now() - signedAt) > skewMs) return { refusal: 'skewed', detail: String(request.headers['x-amz-date']) };
    return this.#keyRefusal(request, signature);
  }

  forbids(permission: string): boolean {
    return this.#deny.some((pattern) => (pattern.endsWith('*') ? permission.startsWith(pattern.slice(0, -1)) : permission === pattern));
  }

  #keyRefusal(request: SignedRequest, signature: Signature): { readonly refusal: GateRefusal; readonly detail: string } | undefined {
    if (this.#accessKeys === undefined) return undefined;
    const key = Object.hasOwn(this.#accessKeys, signature.keyId) ? this.#accessKeys[signature.keyId] : undefined;
    if (key === undefined || key.sessionToken !== request.headers['x-amz-security-token']) return { refusal: 'unknown key', detail: signature.keyId };
    if (!signatureMatches(request, signature, key.secret)) return { refusal: 'bad signature', detail: signature.keyId };
    if (key.expiresAt !== undefined && key.expiresAt <= this.#now()) return { refusal: 'expired token', detail: signature.keyId };
    return undefined;
  }
}

const sameDay = (signature: Signature, at: number): boolean => !Number.isNaN(at) && new Date(at).toISOString().slice(0, 10).replaceAll('-', '') === signature.date;
