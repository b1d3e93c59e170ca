import type { OptionsKind } from '#core/api/schema/core-v1/options-kind.ts';
import { PodAttachOptions, PodExecOptions, PodPortForwardOptions } from '#core/api/schema/core-v1/pod-options.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { JsonObject } from '#core/api/value.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { BackendError, type Backend } from './backend.ts';
import type { Connector } from './connector.ts';
import { requestHeaders } from './headers.ts';
import { placeOfNode } from './node-proxy.ts';
import type { Place } from './place.ts';
import { agentPath, containerOf, podOf } from './pod-container.ts';
import { queryOptions } from './query-options.ts';
import { tunnel } from './tunnel.ts';

/** The connectors of `pods/exec`, `attach` and `portforward`: the pod's node agent goes on in the protocol that the caller asks for. */
export function podStreams(objects: ObjectStore, backendOf: (place: Place) => Backend): readonly Connector[] {
  const connector = <T extends object>(subresource: string, kind: OptionsKind<T>, pathOf: (pod: Pod, options: T) => string): Connector => ({
    group: '', plural: 'pods', subresource,
    options: ({ search }) => queryOptions(kind, new URLSearchParams(search)) as JsonObject,
    connect: async ({ target, request, response, upgrade, audit, stopping }, options) => {
      const pod = podOf(objects, target);
      const path = pathOf(pod, options as T);
      const { nodeName = '' } = pod.spec;
      if (nodeName === '') throw StatusError.badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
      const place = await placeOfNode(objects, nodeName);
      if (upgrade === undefined) throw StatusError.badRequest('Upgrade request required');
      const sent = { method: request.method ?? 'GET', path, headers: requestHeaders(request, true) };
      try {
        await tunnel(upgrade, response, backendOf(place), sent, { stopping, started: (code) => audit?.started(code) });
      } catch (error) {
        throw error instanceof BackendError ? new StatusError('', `error dialing backend: ${error.why}`, undefined, { cause: error }) : error;
      }
    },
  });
  return [
    connector('exec', PodExecOptions, (pod, options) => terminalPath('exec', pod, options)),
    connector('attach', PodAttachOptions, (pod, options) => terminalPath('attach', pod, options)),
    connector('portforward', PodPortForwardOptions, (pod, { ports }) => agentPath('portForward', pod, undefined, new URLSearchParams(ports && { port: ports.join() }))),
  ];
}

/** How the streams are called at the API, and at the node. */
const flags = [['stdin', 'input'], ['stdout', 'output'], ['stderr', 'error'], ['tty', 'tty']] as const;

function terminalPath(folder: string, pod: Pod, options: PodExecOptions): string {
  const query = new URLSearchParams();
  for (const [flag, there] of flags) if (options[flag]) query.set(there, '1');
  for (const word of options.command ?? []) query.append('command', word);
  return agentPath(folder, pod, containerOf(pod, options.container), query);
}
