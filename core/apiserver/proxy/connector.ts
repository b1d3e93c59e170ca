import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AdmissionRequest } from '#core/admission/admission.ts';
import { apiVersionOf, type KindNames, type KubernetesObject } from '#core/api/schema/kind.ts';
import type { JsonObject } from '#core/api/value.ts';
import { subresourceOf, type Api, type Caller, type Target } from '#core/apiserver/api.ts';
import type { AuditRecord } from '#core/apiserver/audit/audit-log.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import type { Upgrade } from './tunnel.ts';

/** A request to a subresource that is somebody else's to answer: authenticated, allowed, and in the audit log. */
export interface Connection {
  readonly api: Api;
  readonly target: Target;
  /** What follows the subresource in the URL, as it was sent: '' or `/…`. */
  readonly path: string;
  /** The query as it was sent, with its question mark; '' without one. */
  readonly search: string;
  readonly caller: Caller;
  readonly request: IncomingMessage;
  /** Also of a request that asks for another protocol: bound to its socket, until the connector lets go of it (`detachSocket`). */
  readonly response: ServerResponse;
  /** Set when the client asks for another protocol. */
  readonly upgrade: Upgrade | undefined;
  readonly audit: AuditRecord | undefined;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

/** Answers the requests to one subresource that connects: proxies, and what nodes do for their pods. */
export interface Connector {
  readonly group: string;
  readonly plural: string;
  readonly subresource: string;
  /** What the caller asks for, as fields of the subresource's kind: admission looks at it. Without it this is a read like any other. @throws {StatusError} BadRequest */
  options?(connection: Pick<Connection, 'path' | 'search' | 'target'>): JsonObject;
  /**
   * Resolves when the answer is complete, or the connection is over.
   * @param options as admission left them
   * @throws {StatusError} before the answer has begun
   */
  connect(connection: Connection, options: JsonObject): Promise<void>;
}

/** The connectors by what they answer for. */
export class ConnectorIndex {
  private readonly connectors: ReadonlyMap<string, Connector>;

  constructor(connectors: readonly Connector[]) {
    this.connectors = new Map(connectors.map((one) => [keyOf(one, one.subresource), one]));
  }

  find({ kind }: AnyResource, subresource: string): Connector | undefined {
    return this.connectors.get(keyOf(kind, subresource));
  }
}

const keyOf = ({ group, plural }: Pick<KindNames, 'group' | 'plural'>, subresource: string): string => `${group}/${plural}/${subresource}`;

/** Lets admission have its say, and then the connector do its work. @throws {StatusError} */
export async function connect(connector: Connector, connection: Connection): Promise<void> {
  const options = connector.options?.(connection);
  await connector.connect(connection, options ? await admit(options, connection) : {});
}

async function admit(options: JsonObject, { api, target, caller }: Connection): Promise<JsonObject> {
  const { resource, subresource, namespace, name } = target;
  const kind = subresourceOf(resource, subresource)?.kind ?? resource.kind;
  const object = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: {}, ...options } as unknown as KubernetesObject;
  const request: AdmissionRequest = {
    operation: 'CONNECT', resource, subresource, namespace, name, object, old: undefined, user: caller.user, dryRun: false, warn: caller.warn, annotate: caller.annotate,
  };
  await api.admission.mutate(request);
  // Nothing that admission holds for a write is held for as long as a connection may last.
  await api.admission.guard(request, async () => undefined);
  return object as unknown as JsonObject;
}
