import { BudgetedCalls } from '#core/platform-calls/budgeted-calls.ts';
import { CountedCalls } from '#core/platform-calls/counted-calls.ts';
import { RepeatedCalls } from '#core/platform-calls/repeated-calls.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import type { LoadBalancerRequest, LoadBalancers, LoadBalancerTarget } from '#core/spi/load-balancers.ts';
import { plainCalls, type CallBudgets, type PlatformCalls } from '#core/spi/platform-calls.ts';
import type { AttachmentNode, CreateVolumeRequest, VolumeAttacher, VolumeDriver } from '#core/spi/volume-driver.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import type { NodesWorld } from './nodes-world.ts';

/** What stands between the providers and the platform: everything that a process has, or all but the budgets, so that calls are only sent again when they were refused. */
export const modes = ['within budgets', 'as they come'] as const;
export type Mode = (typeof modes)[number];

/** At the platform's door. */
export interface Traffic {
  readonly calls: number;
  readonly throttled: number;
}

export const difference = (after: Traffic, before: Traffic): Traffic => ({ calls: after.calls - before.calls, throttled: after.throttled - before.throttled });

/** An emulated cloud with its usual rate limits, whose time moves only when somebody waits. */
export interface Ground {
  readonly clock: Clock;
  traffic(): Traffic;
  stop(): Promise<void>;
}

export interface VolumeGround extends Ground {
  readonly driver: VolumeDriver & VolumeAttacher;
  readonly nodes: readonly AttachmentNode[];
  request(): CreateVolumeRequest;
  /** What was sent of those calls that make a volume. */
  creates(): Traffic;
  /** How many volumes there are. */
  left(): number;
}

export interface ServiceGround extends Ground {
  readonly balancers: LoadBalancers;
  readonly targets: readonly LoadBalancerTarget[];
  request(number: number, targets: readonly LoadBalancerTarget[]): LoadBalancerRequest;
  addNode(): Promise<LoadBalancerTarget>;
}

/** What others are known to need. */
export interface Known {
  readonly volumes: readonly (readonly (string | number)[])[];
  /** Calls for one service, and for a node that comes when there are a hundred services. */
  readonly service: { readonly who: string; readonly create: number; readonly ensure: number; readonly nodeChange: number; readonly remove: number };
  /** Calls an hour for 1,000 nodes with routes, and to initialise 100. */
  readonly nodes: { readonly who: string; readonly atRest: number; readonly initialize: number };
}

export interface BenchCloud {
  readonly name: string;
  readonly known: Known;
  forVolumes(mode: Mode, nodes: number): Promise<VolumeGround>;
  forServices(mode: Mode): Promise<ServiceGround>;
  /** @param oneByOne each node is asked about by itself */
  forNodes(mode: Mode, count: number, asked: { readonly oneByOne: boolean }): Promise<NodesWorld>;
}

export function callsOf(mode: Mode, budgets: CallBudgets, clock: Clock, inner: PlatformCalls = plainCalls): { readonly calls: PlatformCalls; readonly counted: CountedCalls } {
  const counted = new CountedCalls(inner, clock, silentLogger);
  return { calls: new RepeatedCalls(mode === 'as they come' ? counted : new BudgetedCalls(counted, budgets, clock), clock, seededRandom(1)), counted };
}

export function sentOf({ figures }: CountedCalls, name: string): Traffic {
  const { sent = 0, throttled = 0 } = figures.get(name) ?? {};
  return { calls: sent, throttled };
}
