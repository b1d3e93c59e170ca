import { NodeCertificate } from '#core/agent/join/node-certificate.ts';
import type { KeyPair } from '#core/agent/join/key-pair.ts';
import { servingWish } from '#core/agent/join/serving-certificate.ts';
import type { ServingTls } from '#core/agent/server/agent-server.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Client } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { Background } from './background.ts';

/** A server that can be started once. */
interface Startable {
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** The same object as long as the certificate is the same. */
export function servingTls(pair: () => KeyPair | undefined, clientCa: string): () => ServingTls {
  let last: ServingTls | undefined;
  return () => {
    const now = pair();
    // One that has run out shows at least whom it was given to.
    if (now !== undefined && now.cert !== last?.cert) last = { ...now, clientCa };
    if (last === undefined) throw new Error('the agent\'s server has no certificate yet');
    return last;
  };
}

export interface RequestedServingOptions {
  readonly dir: string;
  readonly node: () => Node | undefined;
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
}

export const requestedCertificate = ({ dir, node, client, clock, logger }: RequestedServingOptions): NodeCertificate =>
  new NodeCertificate({ dir, name: 'serving', wish: () => servingWish(node()), client: () => client, clock, logger });

/** Keeps a certificate of the cluster, and starts the server as soon as there is one. */
export function servedWhenSigned(server: Startable, certificate: NodeCertificate, { clock, logger }: Pick<RequestedServingOptions, 'clock' | 'logger'>): Component {
  const serve = async (signal: AbortSignal): Promise<void> => {
    while (certificate.current === undefined && !signal.aborted) await clock.sleep(200, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await server.start(signal);
    } catch (error) {
      if (!signal.aborted) logger.error('the agent\'s server cannot listen: logs, exec and the like do not work on this node', { error });
    }
  };
  const background = new Background('agent server', async (signal) => {
    await certificate.load();
    await Promise.all([certificate.run(signal), serve(signal)]);
    await server.stop();
  });
  return background;
}
