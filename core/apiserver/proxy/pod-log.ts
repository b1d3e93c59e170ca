import type { IncomingMessage } from 'node:http';
import { FieldErrors } from '#core/api/field-errors.ts';
import { PodLogOptions } from '#core/api/schema/core-v1/pod-options.ts';
import { StatusError, type StatusReason } from '#core/api/status-error.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { addressText } from './address.ts';
import { BackendError, type Backend } from './backend.ts';
import type { Connector } from './connector.ts';
import { forward } from './forward.ts';
import { placeOfNode } from './node-proxy.ts';
import type { Place } from './place.ts';
import { agentPath, containerOf, podOf } from './pod-container.ts';
import { queryOptions } from './query-options.ts';

/** The connector of `pods/log`: brings what the pod's node agent has of it, for as long as it grows if that is wished. */
export function podLog(objects: ObjectStore, backendOf: (place: Place) => Backend): Connector {
  return {
    group: '', plural: 'pods', subresource: 'log',
    connect: async ({ target, search, request, response, audit, stopping }) => {
      const options = queryOptions(PodLogOptions, new URLSearchParams(search));
      validate(options, target.name);
      const pod = podOf(objects, target);
      const path = agentPath('containerLogs', pod, containerOf(pod, options.container), queryOf(options));
      const { nodeName = '' } = pod.spec;
      if (nodeName === '') {
        // Nothing has run yet, and so nothing was said.
        response.writeHead(204).end();
        return;
      }
      const place = await placeOfNode(objects, nodeName);
      const backend = backendOf({ ...place, takesAnyCertificate: options.insecureSkipTLSVerifyBackend === true });
      try {
        await forward(request, response, backend, { method: 'GET', path, headers: new Map() }, {
          stopping, started: (code) => audit?.started(code),
          begin: async (answer) => {
            await check(answer, target.name);
            // A node has no say in what else this server says.
            response.writeHead(200, { 'Content-Type': 'text/plain' });
          },
        });
      } catch (error) {
        throw error instanceof BackendError ? new StatusError('', `Get "https://${addressText(place.address)}${path}": ${error.why}`, undefined, { cause: error }) : error;
      }
    },
  };
}

/** @throws {StatusError} Invalid */
function validate({ tailLines, limitBytes, sinceSeconds, sinceTime, stream }: PodLogOptions, name: string): void {
  const errors = new FieldErrors();
  if (tailLines !== undefined && tailLines < 0) errors.invalid('tailLines', tailLines, 'must be greater than or equal to 0');
  if (limitBytes !== undefined && limitBytes < 1) errors.invalid('limitBytes', limitBytes, 'must be greater than 0');
  if (sinceSeconds !== undefined && sinceTime !== undefined) errors.forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified');
  else if (sinceSeconds !== undefined && sinceSeconds < 1) errors.invalid('sinceSeconds', sinceSeconds, 'must be greater than 0');
  if (stream !== undefined) errors.forbidden('stream', 'may not be specified');
  errors.throwIfAny(PodLogOptions, name);
}

const passedOn = ['follow', 'previous', 'timestamps', 'sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes'] as const;

function queryOf(options: PodLogOptions): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of passedOn) if (options[name] !== undefined) query.set(name, String(options[name]));
  return query;
}

const mostOfRefusal = 50_000;

/** Node agents refuse in plain words. @throws {StatusError} */
async function check(answer: IncomingMessage, name: string): Promise<void> {
  const code = answer.statusCode ?? 0;
  if (code >= 200 && code <= 206) return;
  const said = await beginningOf(answer);
  if (code === 400) throw StatusError.badRequest(said);
  if (code === 500) throw new StatusError('InternalError', `Internal error occurred: ${said}`);
  const [reason, words] = refusals[code] ?? ['InternalError', `an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding`];
  throw new StatusError(reason, `${words ?? said} ( pods/log ${name})`, { name, kind: 'pods/log' }, { code: code < 400 ? 500 : code });
}

async function beginningOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  answer.setEncoding('utf8');
  try {
    for await (const chunk of answer as AsyncIterable<string>) {
      text += chunk;
      if (text.length > mostOfRefusal) break;
    }
  } catch (error) {
    throw new BackendError(error);
  }
  return text.slice(0, mostOfRefusal);
}

const refusals: Readonly<Record<number, readonly [reason: StatusReason, words?: string]>> = {
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  403: ['Forbidden'],
  404: ['NotFound', 'the server could not find the requested resource'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
};
