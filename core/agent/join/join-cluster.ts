import { join } from 'node:path';
import { parseBootstrapToken } from '#core/api/bootstrap-token.ts';
import { authorityHash } from '#core/api/certificates/authority-hash.ts';
import { signers } from '#core/api/schema/certificates-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { nodesGroup, nodeUserPrefix } from '#core/api/user.ts';
import { isObject, own } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import type { ClusterConnection } from '#core/client/cluster-connection.ts';
import { HttpClient } from '#core/client/http-client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { BackOff } from '#core/reconcile/back-off.ts';
import { discoverAuthority, JoinError } from './discovery.ts';
import { isOfNode, type KeyPair } from './key-pair.ts';
import { NodeCertificate } from './node-certificate.ts';
import { readIfThere, writePrivateFile } from './private-file.ts';
import { CertificateRefusedError, type CertificateWish } from './request-certificate.ts';
import { RotatingClient } from './rotating-client.ts';

export interface JoinOptions {
  /** `https://HOST:PORT`. */
  readonly server: string;
  readonly nodeName: string;
  /** Where the agent keeps its certificates; made when it is missing, mode 0700. */
  readonly dir: string;
  /** What the node may join with, when it is new or its certificate has run out. */
  readonly credentials: JoinCredentials;
  /** Wished-for life of the client certificate. */
  readonly expirationSeconds?: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** A bootstrap token and how to know the cluster, or a connection that is trusted as it is and may ask for certificates of nodes. */
export type JoinCredentials =
  | { readonly token: string | undefined; readonly caHashes: readonly string[]; readonly skipsCaVerification: boolean }
  | { readonly connection: ClusterConnection };

/** A machine that belongs to a cluster. */
export interface Membership {
  /** Its node's own, `system:node:NAME`; goes on with each new certificate. */
  readonly client: Client;
  readonly server: string;
  /** The authority that signed the API server's certificate and the node's, PEM. */
  readonly ca: string;
  /** Keeps the certificate good until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  close(): void;
}

const certificateSeconds = 600;

/**
 * Makes this machine a node's: finds out the cluster's authority, and gets a client certificate. All of it is on disk: an agent that starts
 * again needs no token, and one that was killed on the way goes on from there. Waits for a server that does not answer as long as the signal allows.
 * @throws {JoinError} with what somebody has to do
 */
export async function joinCluster(options: JoinOptions, signal: AbortSignal): Promise<Membership> {
  const { clock, logger } = options;
  const backOff = new BackOff({ clock, baseMs: 500, maxMs: 30_000, random: options.random ?? Math.random });
  for (;;) {
    try {
      return await attempt(options, signal);
    } catch (error) {
      signal.throwIfAborted();
      const distrust = distrustOf(error);
      if (distrust !== undefined) throw new JoinError(`the server at ${options.server} does not prove that it is the cluster: ${distrust}`, { cause: error });
      if (!StatusError.is(error, 'ServiceUnavailable', 'Timeout', 'TooManyRequests', 'InternalError', 'ServerTimeout', 'Conflict')) throw explained(error, options);
      logger.warn('the cluster cannot be joined yet; trying again', { server: options.server, error });
      await backOff.wait(signal);
    }
  }
}

async function attempt(options: JoinOptions, signal: AbortSignal): Promise<Membership> {
  const { server, dir, clock, logger, nodeName, random } = options;
  const ca = await authorityOf(options, signal);
  const connect = (credentials: Partial<ClusterConnection>): HttpClient => new HttpClient({ ca, ...credentials, server }, { clock, userAgent: 'keelson-agent' });
  const wish: CertificateWish = {
    subject: { commonName: `${nodeUserPrefix}${nodeName}`, organization: nodesGroup, dnsNames: [], ipAddresses: [] },
    signerName: signers.apiServerClientKubelet, usages: ['digital signature', 'client auth'],
    ...(options.expirationSeconds === undefined ? {} : { expirationSeconds: Math.max(certificateSeconds, options.expirationSeconds) }),
  };
  let rotating: RotatingClient | undefined;
  let asking: Client | undefined;
  const certificate = new NodeCertificate({
    dir, name: 'client', clock, logger, wish: () => wish, ...(random ? { random } : {}),
    client: () => {
      if (asking === undefined) throw new Error('there is no client to ask for certificates with');
      return asking;
    },
    changed: (pair) => rotating?.replace(connect(pair)),
  });
  const pair = ofThisNode(await certificate.load(), options) ?? await firstPair(options, connect, async (client) => {
    asking = client;
    return certificate.renew(signal);
  });
  const client = (rotating = new RotatingClient(connect(pair), clock));
  asking = client;
  return { client, server, ca, run: (until) => certificate.run(until), close: () => client.close() };
}

async function firstPair({ credentials, server, logger, nodeName }: JoinOptions, connect: (credentials: Partial<ClusterConnection>) => HttpClient, ask: (client: Client) => Promise<KeyPair>): Promise<KeyPair> {
  const client = connect('connection' in credentials ? credentials.connection : { token: tokenOf(credentials.token).text });
  logger.info('asking the cluster for a client certificate', { server, node: nodeName });
  try {
    return await ask(client);
  } finally {
    client.close();
  }
}

function tokenOf(text: string | undefined) {
  if (text === undefined || text === '') throw new JoinError('this machine has not joined the cluster yet: --token is needed, which "keelson token create" makes where the cluster is');
  const token = parseBootstrapToken(text);
  if (token === undefined) throw new JoinError('the token of --token must look like abcdef.0123456789abcdef');
  return { ...token, text };
}

/** As it is known from before, or found out now. */
async function authorityOf({ server, dir, credentials, clock }: JoinOptions, signal: AbortSignal): Promise<string> {
  const path = join(dir, 'cluster.json');
  const known = knownAuthority(await readIfThere(path));
  const expected = 'connection' in credentials ? undefined : credentials.caHashes;
  if (known !== undefined) {
    if (expected !== undefined && expected.length > 0 && !expected.includes(authorityHash(known))) {
      throw new JoinError(`this machine belongs to a cluster with the authority ${authorityHash(known)}, not ${expected.join(' or ')}: remove ${dir} if it shall leave that one`);
    }
    return known;
  }
  const ca = 'connection' in credentials ? connectionAuthority(credentials.connection) : await discoverAuthority({
    server, token: tokenOf(credentials.token), clock, signal, caHashes: trustedHashes(credentials.caHashes, credentials.skipsCaVerification),
  });
  await writePrivateFile(path, `${JSON.stringify({ ca })}\n`);
  return ca;
}

function trustedHashes(hashes: readonly string[], isWaived: boolean): readonly string[] | undefined {
  if (hashes.length > 0) return hashes;
  if (isWaived) return undefined;
  throw new JoinError('to know the cluster, the agent needs --ca-hash sha256:HEX, which "keelson token create --print-join-command" shows; --discovery-token-unsafe-skip-ca-verification does without, and trusts whoever knows the token');
}

function connectionAuthority({ ca }: ClusterConnection): string {
  if (ca === undefined) throw new JoinError("the kubeconfig of --kubeconfig names no authority for the server's certificate");
  return ca;
}

function knownAuthority(text: string | undefined): string | undefined {
  try {
    const known: unknown = JSON.parse(text ?? '');
    const ca = isObject(known) ? own(known, 'ca') : undefined;
    return typeof ca === 'string' && authorityHash(ca) !== '' ? ca : undefined;
  } catch {
    return undefined;
  }
}

/** A machine that got another name needs another certificate. */
function ofThisNode(pair: KeyPair | undefined, { nodeName }: JoinOptions): KeyPair | undefined {
  return pair !== undefined && isOfNode(pair, nodeName) ? pair : undefined;
}

/** Why the server's certificate was not taken; undefined when that was not the trouble. */
function distrustOf(error: unknown): string | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const { code } = cause as { readonly code?: unknown };
    if (typeof code !== 'string') continue;
    if (code.startsWith('ERR_TLS_CERT') || /^(CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_(VERIFY|GET_ISSUER))/.test(code)) return cause.message;
  }
  return undefined;
}

function explained(error: unknown, { server, nodeName }: JoinOptions): unknown {
  if (StatusError.is(error, 'Unauthorized')) return new JoinError(`the cluster at ${server} does not take the token: it is wrong, or has expired; "keelson token create" there makes another`, { cause: error });
  if (StatusError.is(error, 'Forbidden')) return new JoinError(`the cluster at ${server} does not let the token ask for a certificate of a node: ${error.message}`, { cause: error });
  if (error instanceof CertificateRefusedError) return new JoinError(`the node "${nodeName}" gets no certificate from the cluster at ${server}: ${error.message}`, { cause: error });
  return error;
}
