import { readFile } from 'node:fs/promises';
import type { Clock } from '#core/kernel/clock.ts';
import type { Layout } from './layout.ts';
import { Members, type Tls } from './members.ts';
import { loadRpc } from './rpc.ts';

export interface ConnectOptions {
  /** `host:port` of each member. */
  readonly endpoints: readonly string[];
  /** Connect with TLS: PEM files of the authority that is trusted, the system's when undefined, and of the client's certificate and key. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly user?: { readonly name: string } & ({ readonly password: string } | { readonly passwordFile: string });
  /** How long a call may take in all; 10 s by default. */
  readonly timeoutMs?: number;
}

/** Reads the files that the options name, and loads what it takes to speak with etcd. Connections are made when they are needed. */
export async function connect({ endpoints, tls, user, timeoutMs = 10_000 }: ConnectOptions, layout: Layout, clock: Clock): Promise<Members> {
  const [rpc, secrets, login] = await Promise.all([loadRpc(), tls && readTls(tls), user && readLogin(user)]);
  return new Members(rpc, { endpoints, timeoutMs, probeKey: layout.marker, ...(secrets ? { tls: secrets } : {}), ...(login ? { user: login } : {}) }, clock);
}

async function readTls(files: NonNullable<ConnectOptions['tls']>): Promise<Tls> {
  const pem = async (file: string | undefined): Promise<Buffer | null> => (file === undefined ? null : readFile(file));
  const [ca, cert, key] = await Promise.all([pem(files.ca), pem(files.cert), pem(files.key)]);
  return { ca, cert, key };
}

async function readLogin(user: NonNullable<ConnectOptions['user']>): Promise<{ name: string; password: string }> {
  return { name: user.name, password: 'password' in user ? user.password : (await readFile(user.passwordFile, 'utf8')).trimEnd() };
}
