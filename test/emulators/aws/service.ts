import type { ApiError } from './errors.ts';
import type { Params } from './params.ts';
import type { QuerySyntax } from './query.ts';
import type { Region } from './region.ts';
import type { XmlObject } from './xml.ts';

/** One request that was let through, inside one moment of emulated time. */
export interface Call {
  readonly region: Region;
  readonly params: Params;
}

/**
 * What a call does. It changes nothing before it can no longer be refused.
 * @throws {ApiError} the vendor's refusal
 */
export type Action = (call: Call) => XmlObject;

export interface Bucket {
  readonly name: string;
  readonly capacity: number;
  readonly perSecond: number;
  /** Tokens that the call takes; 1 when absent. */
  readonly cost?: number;
}

/** What happens to a request before it reaches an action. */
export type GateRefusal = 'missing credentials' | 'unknown key' | 'bad signature' | 'wrong region' | 'skewed' | 'expired token' | 'throttled' | 'internal';

/** One API of the vendor: EC2, or Elastic Load Balancing. */
export interface Service extends QuerySyntax {
  /** As in the scope of a signature and in the names of permissions. */
  readonly name: string;
  readonly version: string;
  readonly actions: Readonly<Record<string, Action>>;
  readonly supportsDryRun: boolean;
  buckets(action: string, params: Params): readonly Bucket[];
  invalidAction(action: string, version: string): ApiError;
  refuse(refusal: GateRefusal, detail: string): ApiError;
  forbidden(action: string, user: string): ApiError;
  /** The body of an answer. */
  answer(action: string, result: XmlObject, requestId: string): string;
  errorBody(error: ApiError, requestId: string): string;
}
