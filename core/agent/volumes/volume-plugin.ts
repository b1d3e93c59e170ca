import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Volume } from '#core/api/schema/core-v1/volumes.ts';
import type { PreparedVolume } from './pod-volumes.ts';

/** One volume of one pod. */
export interface VolumeOf<S> {
  readonly pod: Pod;
  /** As the pod calls it. */
  readonly name: string;
  readonly source: S;
  /** The pod runs: objects that were read a short while ago will do. */
  readonly isRunning: boolean;
}

export type SourceName = Exclude<keyof Volume, 'name'>;

/**
 * One type of volume. `setUp` may be repeated after any end of an earlier call, a crash too, and finds what that did; it is never called
 * twice at once for one volume. Taking down goes by what lies on the disk, and is the same for all types but drivers' volumes.
 */
export interface VolumePlugin<N extends SourceName = SourceName> {
  readonly source: N;
  /** Its content follows objects of the API, so `setUp` is repeated while the pod runs. */
  readonly refreshed: boolean;
  /** The most milliseconds of `setUp`, where it is more than one call to the machine. */
  readonly deadlineMs?: number;
  setUp(volume: VolumeOf<NonNullable<Volume[N]>>, signal: AbortSignal): Promise<PreparedVolume>;
}
