import type * as Grpc from '@grpc/grpc-js';
import type { MethodDefinition, PackageDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { messages, methods, type MethodName, type Request, type Response } from './messages.ts';

export type Codec<Method extends MethodName> = Pick<MethodDefinition<Request<Method>, Response<Method>>, 'path' | 'requestSerialize' | 'responseDeserialize'>;

/** The gRPC library, and how each call is written and read. */
export interface Rpc {
  readonly grpc: typeof Grpc;
  codec<Method extends MethodName>(method: Method): Codec<Method>;
}

/** The libraries cost 30 MB and a tenth of a second, which nobody pays who stores elsewhere. */
export async function loadRpc(): Promise<Rpc> {
  const [grpc, loader] = await Promise.all([import('@grpc/grpc-js'), import('@grpc/proto-loader')]);
  const described = { nested: { etcdserverpb: { nested: { ...messageTypes(), ...services() } } } } as Parameters<typeof loader.fromJSON>[0];
  const definitions = loader.fromJSON(described, { longs: Number });
  return { grpc, codec: (method) => codecOf(definitions, method) };
}

function codecOf<Method extends MethodName>(definitions: PackageDefinition, method: Method): Codec<Method> {
  const service = definitions[`etcdserverpb.${methods[method][0]}`] as ServiceDefinition | undefined;
  const definition = service?.[method];
  if (!definition) throw new Error(`etcd's ${method} is not described`);
  return definition;
}

function messageTypes() {
  return Object.fromEntries(Object.entries(messages).map(([name, fields]) => [name, {
    fields: Object.fromEntries(Object.entries(fields).map(([field, [id, type, rule]]: [string, readonly [number, string, string?]]) => [field, { id, type, ...(rule === undefined ? {} : { rule }) }])),
  }]));
}

function services() {
  const found: Record<string, { methods: Record<string, { requestType: string; responseType: string; requestStream: boolean; responseStream: boolean }> }> = {};
  for (const [name, [service, requestType, responseType]] of Object.entries(methods)) {
    const streams = name === 'Watch';
    (found[service] ??= { methods: {} }).methods[name] = { requestType, responseType, requestStream: streams, responseStream: streams };
  }
  return found;
}
