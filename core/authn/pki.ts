import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '#core/kernel/clock.ts';
import type { KeyPair, LeafRequest, Validity } from './pki-issue.ts';
import { makePrivateFile, writePrivateFile } from './pki-file.ts';

export interface ClusterPkiOptions {
  /** Made when it is missing, with mode 0700. */
  readonly dir: string;
  /** Names and addresses by which the API server is reached, besides those that every cluster has. */
  readonly hosts: readonly string[];
  readonly clock: Clock;
}

/** The cluster's certificates, PEM. */
export interface ClusterPki {
  /** Certificate of the authority that signed the others; clients trust it, and the server trusts client certificates by it. */
  readonly ca: string;
  /** The same certificate with its key, to sign further ones. */
  readonly authority: KeyPair;
  readonly serving: KeyPair;
  /** User `kubernetes-admin` of the group `system:masters`. */
  readonly admin: KeyPair;
  /** How the API server meets extension API servers: they take its word on who asks, and trust an authority that signs for nobody else. */
  readonly frontProxy: { readonly ca: string; readonly client: KeyPair };
  /** How the API server meets node agents. */
  readonly nodeClient: KeyPair;
}

const day = 24 * 3600_000;
const renewBefore = 30 * day;
const everyHost = [
  'localhost', '127.0.0.1', '::1', '10.96.0.1',
  'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local',
];

/**
 * Reads the cluster's certificates, and makes those that are missing, damaged, within 30 days of their end, or good for other hosts than asked.
 * The authority is kept for its ten years, so that kubeconfigs handed out stay good.
 *
 * @throws {Error} when the authority's certificate is there but unusable: only its owner can tell what should happen
 */
export async function ensureClusterPki({ dir, hosts, clock }: ClusterPkiOptions): Promise<ClusterPki> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const now = clock.now();
  const [authority, proxyAuthority] = await Promise.all([ensureAuthority(dir, now, 'ca'), ensureAuthority(dir, now, 'front-proxy-ca')]);
  const { server, admin: adminRequest, proxy, nodes } = requests(hosts, leafValidity(authority, now), leafValidity(proxyAuthority, now));
  const [serving, admin, frontProxy, nodeClient] = await Promise.all([
    ensureLeaf(dir, 'apiserver', authority, now, server), ensureLeaf(dir, 'admin', authority, now, adminRequest),
    ensureLeaf(dir, 'front-proxy-client', proxyAuthority, now, proxy), ensureLeaf(dir, 'apiserver-kubelet-client', authority, now, nodes),
  ]);
  return { ca: authority.cert, authority, serving, admin, frontProxy: { ca: proxyAuthority.cert, client: frontProxy }, nodeClient };
}

/** The user names by which extension API servers know the API server. */
export const frontProxyNames = ['front-proxy-client'] as const;

/** What the API server and the administrator ask for. */
const requests = (hosts: readonly string[], validity: Validity, proxyValidity: Validity) => ({
  server: { ...validity, commonName: 'kube-apiserver', usage: 'server', hosts: distinct([...everyHost, ...hosts]) },
  admin: { ...validity, commonName: 'kubernetes-admin', organization: 'system:masters', usage: 'client' },
  proxy: { ...proxyValidity, commonName: frontProxyNames[0], usage: 'client' },
  nodes: { ...validity, commonName: 'kube-apiserver-kubelet-client', organization: 'system:masters', usage: 'client' },
} satisfies Record<string, LeafRequest>);

const authorityNames = { ca: 'keelson-ca', 'front-proxy-ca': 'front-proxy-ca' } as const;

/** Certificates that are kept nowhere, for a control plane that lives no longer than a day. */
export async function issueClusterPki({ hosts, clock }: Omit<ClusterPkiOptions, 'dir'>): Promise<ClusterPki> {
  const { issueAuthority, issueLeaf } = await import('./pki-issue.ts');
  const now = clock.now();
  const years = { notBefore: new Date(now - day), notAfter: new Date(now + 3650 * day) };
  const [authority, proxyAuthority] = await Promise.all([issueAuthority(authorityNames.ca, years), issueAuthority(authorityNames['front-proxy-ca'], years)]);
  const { server, admin: adminRequest, proxy, nodes } = requests(hosts, leafValidity(authority, now), leafValidity(proxyAuthority, now));
  const [serving, admin, frontProxy, nodeClient] = await Promise.all([
    issueLeaf(authority, server), issueLeaf(authority, adminRequest), issueLeaf(proxyAuthority, proxy), issueLeaf(authority, nodes),
  ]);
  return { ca: authority.cert, authority, serving, admin, frontProxy: { ca: proxyAuthority.cert, client: frontProxy }, nodeClient };
}

/** A further certificate of the cluster, good for a year, or as long as its authority. */
export async function issueCertificate(authority: KeyPair, request: Omit<LeafRequest, keyof Validity>, clock: Clock): Promise<KeyPair> {
  const { issueLeaf } = await import('./pki-issue.ts');
  return issueLeaf(authority, { ...leafValidity(authority, clock.now()), ...request });
}

/**
 * Several processes may do this in one folder at the same moment: the key is made once, and whoever finds it without its certificate,
 * because another one is about to write that or has died, makes one for it. So there is never a second authority.
 */
async function ensureAuthority(dir: string, now: number, name: keyof typeof authorityNames): Promise<KeyPair> {
  const known = await readPair(dir, name);
  if (known.cert !== undefined && !isPair(known)) {
    throw new Error(`${join(dir, `${name}.crt`)} is damaged, or ${name}.key beside it is missing or another's: restore them, or remove ${dir} to begin with new certificates`);
  }
  if (isPair(known) && !expiresSoon(known.cert, now)) return known;
  const { issueAuthority, newKey } = await import('./pki-issue.ts');
  const key = known.key ?? (await makePrivateFile(join(dir, `${name}.key`), await newKey()));
  const years = { notBefore: new Date(now - day), notAfter: new Date(now + 3650 * day) };
  const { cert } = await issueAuthority(authorityNames[name], years, key).catch((error: unknown) => {
    throw new Error(`${join(dir, `${name}.key`)} is no key of an authority: restore it, or remove it to make a new one`, { cause: error });
  });
  const path = join(dir, `${name}.crt`);
  if (known.cert === undefined) return { cert: await makePrivateFile(path, cert), key };
  await writePrivateFile(path, cert);
  return { cert, key };
}

async function ensureLeaf(dir: string, name: string, authority: KeyPair, now: number, request: LeafRequest): Promise<KeyPair> {
  const known = await readPair(dir, name);
  const ends = isPair(known) && expiresSoon(known.cert, now);
  if (isPair(known) && !ends && isSignedBy(known.cert, authority) && coversExactly(known.cert, request.hosts ?? [])) return known;
  const { issueLeaf } = await import('./pki-issue.ts');
  const leaf = await issueLeaf(authority, request, await leafKey(join(dir, `${name}.key`), known.key, ends));
  // The key is there before: a certificate without its key would look damaged.
  await writePrivateFile(join(dir, `${name}.crt`), leaf.cert);
  return leaf;
}

/** It is replaced when its certificate comes to its end, and otherwise kept: whoever else makes certificates here has the same one. */
async function leafKey(path: string, known: string | undefined, ends: boolean): Promise<string> {
  if (known !== undefined && !ends && isKey(known)) return known;
  const { newKey } = await import('./pki-issue.ts');
  const key = await newKey();
  if (known === undefined) return makePrivateFile(path, key);
  await writePrivateFile(path, key);
  return key;
}

function leafValidity(authority: KeyPair, now: number): Validity {
  const end = new X509Certificate(authority.cert).validToDate.getTime();
  return { notBefore: new Date(now - day), notAfter: new Date(Math.min(now + 365 * day, end)) };
}

/** The certificate first: where it is, its key was before. */
async function readPair(dir: string, name: string): Promise<Partial<KeyPair>> {
  const cert = await readIfThere(join(dir, `${name}.crt`));
  const key = await readIfThere(join(dir, `${name}.key`));
  return { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isPair(pair: Partial<KeyPair>): pair is KeyPair {
  if (pair.cert === undefined || pair.key === undefined) return false;
  try {
    return new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key));
  } catch {
    return false;
  }
}

function isKey(text: string): boolean {
  try {
    return createPrivateKey(text).asymmetricKeyType === 'ec';
  } catch {
    return false;
  }
}

const expiresSoon = (certificate: string, now: number): boolean => new X509Certificate(certificate).validToDate.getTime() - now < renewBefore;

function isSignedBy(certificate: string, authority: KeyPair): boolean {
  const [leaf, issuer] = [new X509Certificate(certificate), new X509Certificate(authority.cert)];
  return leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey);
}

/** `subjectAltName` reads `DNS:localhost, IP Address:127.0.0.1`. */
function coversExactly(certificate: string, hosts: readonly string[]): boolean {
  const leaf = new X509Certificate(certificate);
  const covered = (leaf.subjectAltName ?? '').split(', ').filter((name) => name !== '').length;
  return covered === hosts.length && hosts.every((host) => (isIP(host) === 0 ? leaf.checkHost(host, { wildcards: false }) : leaf.checkIP(host)) !== undefined);
}

/** What a certificate cannot carry, such as an address with its interface (`fe80::1%eth0`), nobody can check either. */
const distinct = (hosts: readonly string[]): string[] =>
  [...new Set(hosts.map((host) => host.toLowerCase()).filter((host) => !host.includes('%') && (isIP(host) > 0 || /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(host))))];
