import type { IncomingHttpHeaders } from 'node:http';
import { StatusError } from '#core/api/status-error.ts';
import type { User } from '#core/api/user.ts';
import { accountGroups } from './service-account/claims.ts';

/** One thing that somebody must be allowed to impersonate. */
export interface ImpersonationCheck {
  readonly group: '' | 'authentication.k8s.io';
  readonly resource: 'users' | 'groups' | 'serviceaccounts' | 'uids' | 'userextras';
  readonly subresource: string;
  readonly namespace?: string;
  readonly name: string;
}

export interface Impersonation {
  /** Who the request then comes from. */
  readonly user: User;
  readonly checks: readonly ImpersonationCheck[];
}

const extraPrefix = 'impersonate-extra-';
const accountForm = /^system:serviceaccount:([^:]+):([^:]+)$/;
const anonymousName = 'system:anonymous';

/**
 * What the `Impersonate-*` headers ask for; undefined when there are none.
 * @param raw as `IncomingMessage.rawHeaders`: repeated groups must not be joined
 * @throws {StatusError} BadRequest for groups or extras without a user
 */
export function impersonationOf(headers: IncomingHttpHeaders, raw: readonly string[]): Impersonation | undefined {
  if (!asksForIt(headers)) return undefined;
  const name = single(headers['impersonate-user']);
  const uid = single(headers['impersonate-uid']);
  const groups = valuesOf(raw, (header) => header === 'impersonate-group').map(([, value]) => value);
  const extras = valuesOf(raw, (header) => header.startsWith(extraPrefix));
  if (name === '') {
    if (uid === '' && groups.length === 0 && extras.length === 0) return undefined;
    throw StatusError.badRequest('requested to impersonate groups, a UID or extra fields without impersonating a user');
  }
  const [, namespace, account] = accountForm.exec(name) ?? [];
  const asAccount = namespace !== undefined && account !== undefined;
  const checks: ImpersonationCheck[] = [
    asAccount ? { group: '', resource: 'serviceaccounts', subresource: '', namespace, name: account } : { group: '', resource: 'users', subresource: '', name },
    ...groups.map((group): ImpersonationCheck => ({ group: '', resource: 'groups', subresource: '', name: group })),
    ...(uid === '' ? [] : [{ group: 'authentication.k8s.io', resource: 'uids', subresource: '', name: uid } as const]),
    ...extras.map(([key, value]): ImpersonationCheck => ({ group: 'authentication.k8s.io', resource: 'userextras', subresource: extraKey(key), name: value })),
  ];
  return { user: { name, groups: groupsOf(name, groups, asAccount ? namespace : undefined), ...(uid === '' ? {} : { uid }), ...extraOf(extras) }, checks };
}

/** Most requests do not, and every one comes by here. */
function asksForIt(headers: IncomingHttpHeaders): boolean {
  for (const header in headers) if (header.startsWith('impersonate-')) return true;
  return false;
}

function groupsOf(name: string, asked: readonly string[], namespace: string | undefined): string[] {
  const groups = namespace !== undefined && asked.length === 0 ? accountGroups(namespace) : [...asked];
  const implied = name === anonymousName ? 'system:unauthenticated' : 'system:authenticated';
  return groups.includes('system:authenticated') || groups.includes('system:unauthenticated') ? groups : [...groups, implied];
}

function extraOf(extras: readonly (readonly [string, string])[]): Pick<User, 'extra'> {
  if (extras.length === 0) return {};
  const extra = new Map<string, string[]>();
  for (const [header, value] of extras) extra.set(extraKey(header), [...(extra.get(extraKey(header)) ?? []), value]);
  return { extra: Object.fromEntries(extra) };
}

const single = (value: string | string[] | undefined): string => (Array.isArray(value) ? value[0] : value) ?? '';

function valuesOf(raw: readonly string[], wanted: (header: string) => boolean): (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const header = (raw[i] ?? '').toLowerCase();
    if (wanted(header)) found.push([header, raw[i + 1] ?? '']);
  }
  return found;
}

/** The key is percent-encoded, as header names hold few characters. */
function extraKey(header: string): string {
  const key = header.slice(extraPrefix.length);
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
