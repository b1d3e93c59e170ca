import { authorityHash } from '#core/api/certificates/authority-hash.ts';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import type { ClusterConnection } from '#core/client/cluster-connection.ts';
import { HttpClient } from '#core/client/http-client.ts';
import { serverOf } from '#core/controllers/bootstrap-signer/cluster-info.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { createToken, deleteToken, listTokens, type ListedToken } from './bootstrap-tokens.ts';
import { connectionOf } from './connection.ts';
import { UsageError } from './failure.ts';
import { valueOf, type FlagValues } from './flags.ts';
import { isLoopback } from './join-address.ts';
import { table } from './table.ts';
import { durationOf } from './token-flags.ts';

/** Makes, lists and deletes the tokens with which nodes join. */
export async function token(values: FlagValues): Promise<number> {
  const [action, given] = [valueOf(values, 'ACTION'), values.get('[TOKEN]')?.[0]];
  const act = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (act === undefined) throw new UsageError(`keelson token does not understand "${action}": it must be ${Object.keys(actions).join(', ')}`);
  const connection = await connectionOf(values);
  const client = new HttpClient(connection, { clock: systemClock });
  try {
    const text = await act({ client, connection, values, given });
    await new Promise<void>((done) => {
      process.stdout.write(text, () => done());
    });
    return 0;
  } finally {
    client.close();
  }
}

interface Around {
  readonly client: Client;
  readonly connection: ClusterConnection;
  readonly values: FlagValues;
  /** The token that was named. */
  readonly given: string | undefined;
}

const actions: Readonly<Record<string, (around: Around) => Promise<string>>> = {
  async create({ client, connection, values, given }) {
    const lifeMs = durationOf(valueOf(values, 'ttl')) ?? 0;
    const description = valueOf(values, 'description');
    const made = await createToken(client, {
      ...(given === undefined ? {} : { token: given }), ...(lifeMs === 0 ? {} : { expires: systemClock.now() + lifeMs }), ...(description === '' ? {} : { description }),
    });
    if (valueOf(values, 'print-join-command') !== 'true') return `${made}\n`;
    const server = await addressForOthers(connection, client);
    if (isLoopback(server)) process.stderr.write(`keelson: ${server} is reached from this machine only; "keelson up --host ADDRESS" serves others too\n`);
    return `${joinCommand({ ...connection, server }, made)}\n`;
  },
  async list({ client }) {
    return tableOf(await listTokens(client));
  },
  async delete({ client, given }) {
    if (given === undefined) throw new UsageError('keelson token delete needs TOKEN: keelson token delete TOKEN');
    return `bootstrap token "${await deleteToken(client, given)}" deleted\n`;
  },
};

/** What the kubeconfig says may be this machine's own way; then the cluster itself says how others come to it. */
async function addressForOthers({ server }: ClusterConnection, client: Client): Promise<string> {
  if (!isLoopback(server)) return server;
  const { data = {} } = await client.get(ConfigMap, { namespace: 'kube-public', name: 'cluster-info' }).catch((error: unknown) => {
    if (StatusError.is(error, 'NotFound', 'Forbidden')) return { data: {} };
    throw error;
  });
  const info = Object.hasOwn(data, 'kubeconfig') ? data['kubeconfig'] : undefined;
  return (info === undefined ? undefined : serverOf(info)) ?? server;
}

function joinCommand({ server, ca }: ClusterConnection, made: string): string {
  const hash = ca === undefined ? '--discovery-token-unsafe-skip-ca-verification' : `--ca-hash ${authorityHash(ca)}`;
  return `keelson agent --server ${server} --token ${made} ${hash}`;
}

const tableOf = (tokens: readonly ListedToken[]): string =>
  table([['TOKEN', 'EXPIRES', 'USAGES', 'DESCRIPTION', 'EXTRA GROUPS'], ...tokens.map((one) => [one.token, one.expires || '<forever>', one.usages.join(',') || '<none>', one.description || '<none>', one.groups || '<none>'])]);
