import { X509Certificate } from 'node:crypto';
import { isSignedWith, type BootstrapToken } from '#core/api/bootstrap-token.ts';
import { authorityHash } from '#core/api/certificates/authority-hash.ts';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { StatusError } from '#core/api/status-error.ts';
import { own } from '#core/api/value.ts';
import { HttpClient } from '#core/client/http-client.ts';
import type { Clock } from '#core/kernel/clock.ts';

export interface DiscoveryOptions {
  readonly server: string;
  readonly token: BootstrapToken;
  /** `sha256:HEX` of the authority's public key, any of which is good. Undefined trusts whoever knows the token. */
  readonly caHashes: readonly string[] | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Trying again as things stand cannot help: somebody has to give other words. */
export class JoinError extends Error {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = 'JoinError';
  }
}

const place = { namespace: 'kube-public', name: 'cluster-info' };
const makeToken = '"keelson token create" there makes one';

/**
 * Finds out the cluster's authority, as kubeadm does: reads `cluster-info` without trusting the answer, believes it if it is signed with the
 * token's secret and, unless that was waived, its authority has the expected hash, and reads it again over a connection of that authority.
 * @throws {JoinError} @throws {StatusError} when the server does not answer
 */
export async function discoverAuthority(options: DiscoveryOptions): Promise<string> {
  const { server } = options;
  const info = await readInfo(options, {});
  const ca = authorityIn(info, server);
  const hash = authorityHash(ca);
  if (options.caHashes !== undefined && !options.caHashes.includes(hash)) {
    throw new JoinError(`the cluster at ${server} has the authority ${hash}, not ${options.caHashes.join(' or ')}: either --ca-hash is wrong, or somebody else answers in the cluster's name`);
  }
  if ((await readInfo(options, { ca })) !== info) throw new JoinError(`the cluster at ${server} gave another cluster-info over a connection of its own authority`);
  return ca;
}

/** The kubeconfig in it, which is signed with the token. */
async function readInfo({ server, token, clock, signal }: DiscoveryOptions, { ca }: { readonly ca?: string }): Promise<string> {
  const client = new HttpClient(ca === undefined ? { server, insecure: true } : { server, ca }, { clock, timeoutMs: 10_000 });
  try {
    const { data = {} } = await client.get(ConfigMap, place, signal);
    const info = own(data, 'kubeconfig');
    const signature = own(data, `jws-kubeconfig-${token.id}`);
    if (typeof info !== 'string') throw new JoinError(`cluster-info of the cluster at ${server} holds no kubeconfig`);
    if (typeof signature !== 'string') throw new JoinError(`the cluster at ${server} has no bootstrap token "${token.id}" to sign with: it was never made, or has expired; ${makeToken}`);
    if (!isSignedWith(info, signature, token)) throw new JoinError(`cluster-info of the cluster at ${server} is not signed with the token's secret: either the token is wrong, or somebody else answers in the cluster's name`);
    return info;
  } catch (error) {
    if (StatusError.is(error, 'NotFound', 'Forbidden', 'Unauthorized')) throw new JoinError(`the cluster at ${server} shows no cluster-info in kube-public, with which nodes join: ${error.message}`, { cause: error });
    throw error;
  } finally {
    client.close();
  }
}

/** The field is one line of base64 wherever it stands, so that nothing needs the large library for YAML. */
function authorityIn(kubeconfig: string, server: string): string {
  const encoded = /["']?certificate-authority-data["']?\s*:\s*["']?([A-Za-z0-9+/=]+)/.exec(kubeconfig)?.[1] ?? '';
  const ca = Buffer.from(encoded, 'base64').toString();
  try {
    return new X509Certificate(ca).toString();
  } catch (error) {
    throw new JoinError(`cluster-info of the cluster at ${server} holds no authority's certificate`, { cause: error });
  }
}
