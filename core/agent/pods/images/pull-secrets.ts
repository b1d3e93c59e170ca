import { isObject, own } from '#core/api/value.ts';
import type { Secret } from '#core/api/schema/core-v1/config.ts';
import type { RegistryCredentials } from '#core/spi/container-runtime.ts';
import type { ImageReference } from './reference.ts';

interface Entry {
  /** Host with port and the beginning of the path, without a scheme. */
  readonly place: string;
  readonly credentials: RegistryCredentials;
}

/** The registries that a pull secret is for. One that cannot be read is for none. */
function entriesOf({ type, data = {} }: Secret): readonly Entry[] {
  const auths = type === 'kubernetes.io/dockercfg' ? parsed(data['.dockercfg']) : member(parsed(data['.dockerconfigjson']), 'auths');
  if (!isObject(auths)) return [];
  return Object.entries(auths).flatMap(([place, entry]) => {
    const credentials = credentialsOf(entry, place);
    return credentials === undefined ? [] : [{ place: placeOf(place), credentials }];
  });
}

function parsed(base64: string | undefined): unknown {
  if (base64 === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
}

const member = (value: unknown, key: string): unknown => (isObject(value) ? own(value, key) : undefined);
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function credentialsOf(entry: unknown, serverAddress: string): RegistryCredentials | undefined {
  const decoded = Buffer.from(text(member(entry, 'auth')) ?? '', 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  const username = text(member(entry, 'username')) ?? (colon < 0 ? undefined : decoded.slice(0, colon));
  const password = text(member(entry, 'password')) ?? (colon < 0 ? undefined : decoded.slice(colon + 1));
  const identityToken = text(member(entry, 'identitytoken'));
  if (identityToken !== undefined) return { identityToken, serverAddress };
  return username === undefined || password === undefined ? undefined : { username, password, serverAddress };
}

/** `https://index.docker.io/v1/` has been the name of Docker Hub since the beginning. */
function placeOf(key: string): string {
  const place = key.replace(/^https?:\/\//, '').replace(/\/v[12]\/?$/, '').replace(/\/+$/, '');
  return place.replace(/^(?:index|registry-1)\.docker\.io/, 'docker.io');
}

/** Each label of a host may be a pattern with `*`; the port must be the same, and the path begin so. */
function matches(place: string, { registry, repository }: ImageReference): boolean {
  const slash = place.indexOf('/');
  const host = slash < 0 ? place : place.slice(0, slash);
  const path = slash < 0 ? '' : place.slice(slash + 1);
  const [wanted, present] = [host.split('.'), registry.split('.')];
  if (wanted.length !== present.length || !wanted.every((label, i) => isLike(label, present[i] ?? ''))) return false;
  return path === '' || repository === path || repository.startsWith(`${path}/`);
}

function isLike(pattern: string, label: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === label;
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  if (!label.startsWith(first) || !label.endsWith(last) || label.length < first.length + last.length) return false;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = label.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return from <= label.length - last.length;
}

/** What to try for an image, the most specific place first. Empty: only without credentials. */
export function credentialsFor(reference: ImageReference, secrets: readonly Secret[]): readonly RegistryCredentials[] {
  return secrets.flatMap(entriesOf).filter(({ place }) => matches(place, reference)).toSorted((a, b) => b.place.length - a.place.length).map(({ credentials }) => credentials);
}
