import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { AwsApi } from './api.ts';
import type { AwsSettings } from './settings.ts';

/** What all parts of the provider work with. */
export interface AwsContext {
  readonly api: AwsApi;
  readonly settings: AwsSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** In the tag by which what is this cluster's is known. Never changes. */
  clusterId(signal: AbortSignal): Promise<string>;
  region(signal: AbortSignal): Promise<string>;
  /** @throws {ProviderError} Invalid when nobody says which */
  vpcId(signal: AbortSignal): Promise<string>;
}

/** The tag that everything carries which this cluster made. */
export const clusterTag = (clusterId: string): string => `kubernetes.io/cluster/${clusterId}`;
