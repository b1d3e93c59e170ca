import { timingSafeEqual } from 'node:crypto';
import { Secret } from '#core/api/schema/core-v1/config.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Lookup } from './lookup.ts';
import { unauthorized, type TokenAuthenticator, type TokenOwner } from './token-authenticator.ts';

const form = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const everyone = 'system:bootstrappers';
const groupForm = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/**
 * Tokens with which nodes join: secrets `bootstrap-token-<id>` of type `bootstrap.kubernetes.io/token` in `kube-system`.
 * The user is `system:bootstrap:<id>`, in `system:bootstrappers` and the groups of `auth-extra-groups`.
 */
export class BootstrapTokens implements TokenAuthenticator {
  readonly name = 'bootstrap-token';
  private readonly lookup: Lookup;
  private readonly clock: Clock;

  constructor(lookup: Lookup, clock: Clock) {
    this.lookup = lookup;
    this.clock = clock;
  }

  authenticateToken(token: string, audiences: readonly string[]): TokenOwner | undefined {
    const [, id, secret] = form.exec(token) ?? [];
    if (id === undefined || secret === undefined) return undefined;
    const found: Partial<Secret> | undefined = this.lookup(Secret, 'kube-system', `bootstrap-token-${id}`);
    const problem = this.problem(found, id, secret);
    if (found === undefined || problem !== undefined) throw unauthorized(problem ?? 'Unauthorized');
    const extra = textOf(found, 'auth-extra-groups').split(',').filter((group) => groupForm.test(group));
    return { user: { name: `system:bootstrap:${id}`, groups: [everyone, ...extra, 'system:authenticated'] }, audiences };
  }

  private problem(found: Partial<Secret> | undefined, id: string, secret: string): string | undefined {
    if (found === undefined || found.type !== 'bootstrap.kubernetes.io/token' || found.metadata?.deletionTimestamp !== undefined) return 'the bootstrap token is not known';
    if (textOf(found, 'token-id') !== id || !equal(textOf(found, 'token-secret'), secret)) return 'the bootstrap token is not known';
    const expiration = textOf(found, 'expiration');
    if (expiration !== '' && !(Date.parse(expiration) > this.clock.now())) return 'the bootstrap token has expired';
    return textOf(found, 'usage-bootstrap-authentication') === 'true' ? undefined : 'the bootstrap token is not for authentication';
  }
}

const textOf = ({ data }: Partial<Secret>, key: string): string => Buffer.from(data?.[key] ?? '', 'base64').toString();

function equal(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
