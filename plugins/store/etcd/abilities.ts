import { systemClock } from '#core/kernel/clock.ts';
import type { Ability } from '#core/kernel/module.ts';
import { connect } from './connect.ts';
import type { EtcdOptions } from './etcd-store.ts';
import { toProviderError } from './failures.ts';
import { Layout } from './layout.ts';

/** Less than the command line waits for the answer. */
const timeoutMs = 1500;

/** Whether etcd can be reached, and which one it is. */
export async function etcdAbilities(options: EtcdOptions): Promise<readonly Ability[]> {
  const name = `etcd at ${options.endpoints.join(', ')}`;
  const members = await connect({ ...options, timeoutMs }, new Layout(options.prefix ?? '/registry', ''), systemClock);
  try {
    const version = await members.version();
    return [{ name: version === undefined ? name : `${name} (version ${version})`, available: true }];
  } catch (error) {
    return [{ name, available: false, reason: toProviderError(error, 'it does not answer', false).message }];
  } finally {
    members.close();
  }
}
