import type { Cloud } from './cloud.ts';
import type { Json } from './json.ts';
import type { Path } from './links.ts';

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

/** `fails`: it ends in an error and nothing was done; `hangs`: it stays RUNNING and nothing is finished; `hangs-after`: everything is done, it stays RUNNING. */
export type OperationFault = 'operation-fails' | 'operation-hangs' | 'operation-hangs-after';

/** What a method does, after its request was found to be right. */
export interface Effect {
  readonly target: Path;
  readonly targetId: string;
  /** Where the operation is kept, where that is not the target's scope. */
  readonly scope?: string;
  readonly operationType: string;
  /** At once; what it makes is seen from `visible` on. */
  begin?(visible: number): void;
  /** Half-way. */
  advance?(): void;
  /**
   * When the operation is done.
   * @throws {OperationError} what the operation then says
   */
  finish?(): void;
  /** Takes back what `begin` did, when the operation fails. */
  undo?(): void;
  /** How many times longer than others it takes. */
  readonly slowness?: number;
  readonly warnings?: readonly Json[];
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
