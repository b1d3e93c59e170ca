import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import { Upkeep } from '#core/apiserver/upkeep.ts';
import { frontProxyNames } from '#core/authn/pki.ts';
import type { Client } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { identityHeaders } from './identity-headers.ts';

export interface AuthenticationConfigOptions {
  readonly objects: ObjectStore;
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** PEM of the authority that signs client certificates. */
  readonly clientCa: string;
  /** PEM of the authority that signs the front proxy's certificate. */
  readonly frontProxyCa: string;
}

const key = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };

const certificates = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Other API servers of the same cluster may have authorities of their own, which stay. */
function bundle(stored: string | undefined, own: string): string {
  const all = new Set([...(stored?.match(certificates) ?? []), ...(own.match(certificates) ?? [])]);
  return [...all].map((pem) => `${pem}\n`).join('');
}

const list = (...values: readonly string[]): string => JSON.stringify(values);

/** Publishes by which certificates and headers extension API servers know this server and its users, and puts right what anybody does to it. */
export function authenticationConfig({ objects, client, clock, logger, clientCa, frontProxyCa }: AuthenticationConfigOptions): Upkeep {
  const { user, uid, group, extraPrefix } = identityHeaders;
  return new Upkeep({
    name: 'extension-authentication', clock, logger,
    watch: (ask) => objects.cache(ConfigMap).subscribe(({ object: { metadata } }) => {
      if (metadata.name === key.name && metadata.namespace === key.namespace) ask();
    }),
    task: async (signal) => {
      const stored = objects.get(ConfigMap, key.namespace, key.name);
      const found = stored !== undefined && isKindOf(stored, ConfigMap) ? stored : undefined;
      const data = {
        ...found?.data,
        'client-ca-file': bundle(found?.data?.['client-ca-file'], clientCa),
        'requestheader-client-ca-file': bundle(found?.data?.['requestheader-client-ca-file'], frontProxyCa),
        'requestheader-allowed-names': list(...frontProxyNames),
        'requestheader-username-headers': list(user), 'requestheader-uid-headers': list(uid), 'requestheader-group-headers': list(group),
        'requestheader-extra-headers-prefix': list(extraPrefix),
      };
      try {
        if (found === undefined) await client.create(ConfigMap, { metadata: key, data }, {}, signal);
        else if (!deepEqual(found.data, data)) await client.update(ConfigMap, { ...found, data }, {}, signal);
      } catch (error) {
        if (!StatusError.is(error, 'AlreadyExists', 'Conflict')) throw error;
      }
    },
  });
}
