import { token } from '#core/kernel/token.ts';

/** What one record says. All names are absolute, without the final dot, in any case; addresses are canonical. */
export type NameRecord =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'CNAME' | 'PTR' | 'NS'; readonly target: string }
  | { readonly type: 'SRV'; readonly target: string; readonly port: number; readonly priority: number; readonly weight: number }
  | { readonly type: 'TXT'; readonly text: string };

/** All that there is under a name. */
export interface NameEntry {
  /** Seconds for which resolvers may keep it. */
  readonly ttl: number;
  /** None: the name exists, and has nothing of any type. */
  readonly records: readonly NameRecord[];
}

/**
 * Answers questions about the names of the cluster, and forwards the others. It knows nothing of services and pods: `core/agent/dns` tells it
 * names and records. Kit: `test/conformance/name-server.ts`.
 *
 * Laws:
 * - Names compare without regard to case, and answers repeat the case of the question.
 * - Inside the zones it is the authority: what was not published does not exist (NXDOMAIN), unless a published name is below it. A name without records
 *   of the type that was asked for is NOERROR with an empty answer. Both carry the zone's SOA. Nothing of a zone is ever asked elsewhere.
 * - A published name outside the zones is answered as well; the others there are forwarded.
 * - A CNAME is followed, inside the zones and outside.
 * - Until `setZones` it answers SERVFAIL to everything, until `complete` to all that is inside the zones and is not yet published.
 * - `publish` is atomic: no answer is made of the names before it and those after it. The next question sees it.
 * - The calls work before, while and after it serves; they throw nothing for names that DNS cannot carry, which are left out.
 */
export interface NameServer {
  /** The zones in place of those before, such as `cluster.local` and `96.10.in-addr.arpa`. */
  setZones(zones: readonly string[]): void;
  /** Puts each entry in place of what was under its name; undefined takes the name away. */
  publish(changes: ReadonlyMap<string, NameEntry | undefined>): void;
  /** All that there is has been published. */
  complete(): void;
  /** The ranges (CIDR) whose questions are answered; others get REFUSED, but for the machine's loopback. Undefined: everybody, as in the beginning. */
  setClients(ranges: readonly string[] | undefined): void;
}
export const NameServer = token<NameServer>('NameServer');
