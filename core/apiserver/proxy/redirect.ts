import type { Address } from './address.ts';

/** By which URL the caller reaches what is proxied. */
export interface ProxyRoot {
  /** As the caller names this server. */
  readonly host: string;
  /** The path up to and with `/proxy`. */
  readonly root: string;
  /** The one behind it. */
  readonly there: Address;
}

/** A redirect to the same server leads through the proxy; one to elsewhere stays as it is, and so does one relative to the page. */
export function rewriteRedirect(location: string, { host, root, there }: ProxyRoot): string {
  const target = URL.parse(location, `http://${unclaimed}`);
  if (target === null || (!location.startsWith('/') && target.host === unclaimed)) return location;
  const own = [`${there.host}:${there.port}`, `[${there.host}]:${there.port}`, there.host, host, unclaimed];
  if (!own.includes(target.host) || target.pathname.startsWith(`${root}/`)) return location;
  return `${root}${target.pathname}${target.search}${target.hash}`;
}

/** A host that no redirect names: shows that the location had none. */
const unclaimed = 'relative.invalid';
