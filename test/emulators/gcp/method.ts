import type { Cloud } from './cloud.ts';
import type { Effect } from './effect.ts';
import type { OperationFault } from './faults.ts';
import type { Json } from './json.ts';

/** A request that was routed, allowed and whose body was read. */
export interface Call {
  readonly cloud: Cloud;
  readonly method: Method;
  readonly project: string;
  /** What the path says: `zone`, `disk`, … */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Json;
  /** Who asks. */
  readonly user: string;
  /** What is to go wrong with the operation. */
  readonly fault: OperationFault | undefined;
}

export type Verb = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

interface MethodParts {
  /** `compute.disks.insert`. */
  readonly id: string;
  readonly verb: Verb;
  /** Below `projects/{project}/`; with `{names}`. */
  readonly path: string;
  /** Parameters of the query beyond those of all methods. */
  readonly query?: readonly string[];
  /** The message of the body; where absent, none is read. */
  readonly body?: string;
  /** What is needed to call it, where that is not the id. */
  readonly permission?: string;
}

export interface ReadMethod extends MethodParts {
  handle(call: Call): Json | Promise<Json>;
}

export interface Mutation extends MethodParts {
  /** Whether it takes a `requestId`; it does when absent. */
  readonly requestId?: false;
  /** @throws {ApiError} what is wrong with the request; nothing was done */
  effect(call: Call): Effect;
}

export type Method = ReadMethod | Mutation;

export function isMutation(method: Method): method is Mutation {
  return 'effect' in method;
}

/** The parameters of the query that are its own. */
export function queryOf(method: Method): readonly string[] {
  return [...(method.query ?? []), ...(isMutation(method) && method.requestId !== false ? ['requestId'] : [])];
}
