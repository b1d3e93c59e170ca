/**
 * etcd's messages as far as this store uses them: the field numbers of `etcdserverpb/rpc.proto` and `mvccpb/kv.proto`, the same in 3.4, 3.5 and 3.6.
 * What is not listed is skipped when it is read. Keys and values are UTF-8 here, so `bytes` are read as text; the wire is the same. Enumerations are `int32`.
 */
export const messages = {
  ResponseHeader: { revision: [3, 'int64'] },

  KeyValue: { key: [1, 'string'], createRevision: [2, 'int64'], modRevision: [3, 'int64'], version: [4, 'int64'], value: [5, 'string'] },
  Event: { type: [1, 'int32'], kv: [2, 'KeyValue'] },

  RangeRequest: { key: [1, 'string'], rangeEnd: [2, 'bytes'], limit: [3, 'int64'], revision: [4, 'int64'], serializable: [7, 'bool'], keysOnly: [8, 'bool'], countOnly: [9, 'bool'] },
  RangeResponse: { header: [1, 'ResponseHeader'], kvs: [2, 'KeyValue', 'repeated'], more: [3, 'bool'], count: [4, 'int64'] },
  PutRequest: { key: [1, 'string'], value: [2, 'string'] },
  PutResponse: { header: [1, 'ResponseHeader'] },
  DeleteRangeRequest: { key: [1, 'string'], rangeEnd: [2, 'bytes'] },
  DeleteRangeResponse: { header: [1, 'ResponseHeader'], deleted: [2, 'int64'] },

  RequestOp: { requestRange: [1, 'RangeRequest'], requestPut: [2, 'PutRequest'], requestDeleteRange: [3, 'DeleteRangeRequest'] },
  ResponseOp: { responseRange: [1, 'RangeResponse'], responsePut: [2, 'PutResponse'], responseDeleteRange: [3, 'DeleteRangeResponse'] },
  Compare: { result: [1, 'int32'], target: [2, 'int32'], key: [3, 'string'], version: [4, 'int64'], modRevision: [6, 'int64'], value: [7, 'string'], rangeEnd: [64, 'bytes'] },
  TxnRequest: { compare: [1, 'Compare', 'repeated'], success: [2, 'RequestOp', 'repeated'], failure: [3, 'RequestOp', 'repeated'] },
  TxnResponse: { header: [1, 'ResponseHeader'], succeeded: [2, 'bool'], responses: [3, 'ResponseOp', 'repeated'] },
  CompactionRequest: { revision: [1, 'int64'], physical: [2, 'bool'] },
  CompactionResponse: { header: [1, 'ResponseHeader'] },

  WatchCreateRequest: { key: [1, 'string'], rangeEnd: [2, 'bytes'], startRevision: [3, 'int64'], progressNotify: [4, 'bool'], fragment: [8, 'bool'] },
  WatchProgressRequest: {},
  WatchRequest: { createRequest: [1, 'WatchCreateRequest'], progressRequest: [3, 'WatchProgressRequest'] },
  WatchResponse: {
    header: [1, 'ResponseHeader'], watchId: [2, 'int64'], created: [3, 'bool'], canceled: [4, 'bool'],
    compactRevision: [5, 'int64'], cancelReason: [6, 'string'], fragment: [7, 'bool'], events: [11, 'Event', 'repeated'],
  },

  StatusRequest: {},
  StatusResponse: { header: [1, 'ResponseHeader'], version: [2, 'string'] },
  AuthenticateRequest: { name: [1, 'string'], password: [2, 'string'] },
  AuthenticateResponse: { header: [1, 'ResponseHeader'], token: [2, 'string'] },
} as const;

/** Service, request and response of each call. */
export const methods = {
  Range: ['KV', 'RangeRequest', 'RangeResponse'],
  Txn: ['KV', 'TxnRequest', 'TxnResponse'],
  Compact: ['KV', 'CompactionRequest', 'CompactionResponse'],
  Watch: ['Watch', 'WatchRequest', 'WatchResponse'],
  Status: ['Maintenance', 'StatusRequest', 'StatusResponse'],
  Authenticate: ['Auth', 'AuthenticateRequest', 'AuthenticateResponse'],
} as const satisfies Record<string, readonly [service: string, request: keyof Messages, response: keyof Messages]>;

type Messages = typeof messages;
interface Scalars { int32: number; int64: number; bool: boolean; string: string; bytes: Uint8Array }
type Value<Type> = Type extends keyof Scalars ? Scalars[Type] : Type extends keyof Messages ? Message<Type> : never;

/** A message as it is read and written. A field that is absent has its zero value. */
export type Message<Name extends keyof Messages> = {
  readonly [Field in keyof Messages[Name]]?:
  Messages[Name][Field] extends readonly [number, infer Type, 'repeated'] ? readonly Value<Type>[]
    : Messages[Name][Field] extends readonly [number, infer Type] ? Value<Type> : never;
};

export type MethodName = keyof typeof methods;
/** The calls that have one request and one response. */
export type UnaryName = Exclude<MethodName, 'Watch'>;
export type Request<Method extends MethodName> = Message<(typeof methods)[Method][1]>;
export type Response<Method extends MethodName> = Message<(typeof methods)[Method][2]>;
