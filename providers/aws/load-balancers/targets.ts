import { DeregisterTargetsCommand, DescribeTargetHealthCommand, RegisterTargetsCommand, type TargetDescription } from '@aws-sdk/client-elastic-load-balancing-v2';
import { ProviderError } from '#core/spi/errors.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import { awsCode } from '#providers/aws/errors.ts';
import type { Network } from './network.ts';
import { onceSeen } from './patience.ts';
import { isWithin, type Target, type WantedGroup } from './plan.ts';

/** As many as one call takes. */
const mostTargets = 200;
const keyOf = ({ Id = '', Port = 0 }: TargetDescription): string => `${Id} ${Port}`;
/** Some targets cannot be had now: they do not run, or are none of this VPC. */
const badTarget = new Set(['InvalidTarget', 'InvalidInstance']);

/** Who is in target groups. What this process put in, or has seen there, it remembers until it looks again. */
export class Targets {
  readonly #context: AwsContext;
  readonly #network: Network;
  /** By the group's ARN: those that take traffic. */
  readonly #known = new Map<string, ReadonlyMap<string, TargetDescription>>();

  constructor(context: AwsContext, network: Network) {
    this.#context = context;
    this.#network = network;
  }

  /** @param isNew nobody can be in it @returns those that could not be had */
  async ensure(arn: string, isNew: boolean, wanted: WantedGroup, signal: AbortSignal): Promise<readonly Target[]> {
    if (isNew) this.#known.set(arn, new Map());
    else await this.#look(arn, signal);
    return this.#change(arn, wanted, signal);
  }

  /** By memory where there is one. @throws {ProviderError} NotFound when the group is gone */
  async update(arn: string, wanted: WantedGroup, signal: AbortSignal): Promise<void> {
    if (!this.#known.has(arn)) await this.#look(arn, signal);
    await this.#change(arn, wanted, signal);
  }

  forget(arn: string): void {
    this.#known.delete(arn);
  }

  async #look(arn: string, signal: AbortSignal): Promise<void> {
    this.#known.delete(arn);
    const { TargetHealthDescriptions = [] } = await this.#context.api.elb(new DescribeTargetHealthCommand({ TargetGroupArn: arn }), signal);
    const there = TargetHealthDescriptions.filter(({ TargetHealth }) => TargetHealth?.State !== 'draining').flatMap(({ Target }) => Target ?? []);
    this.#known.set(arn, new Map(there.map((target) => [keyOf(target), target])));
  }

  async #change(arn: string, wanted: WantedGroup, signal: AbortSignal): Promise<readonly Target[]> {
    const there = new Map(this.#known.get(arn));
    const keys = new Set(wanted.targets.map(keyOf));
    const added = wanted.targets.filter((target) => !there.has(keyOf(target)));
    const gone = [...there].filter(([key]) => !keys.has(key)).map(([, target]) => target);
    // Only what has been answered is remembered.
    this.#known.delete(arn);
    const descriptions = await this.#describe(added, wanted, signal);
    const refused: TargetDescription[] = [];
    for (const some of chunks(descriptions)) refused.push(...await this.#register(arn, some, signal));
    for (const some of chunks(gone)) await this.#context.api.elb(new DeregisterTargetsCommand({ TargetGroupArn: arn, Targets: [...some] }), signal);
    for (const target of gone) there.delete(keyOf(target));
    for (const target of descriptions) if (!refused.includes(target)) there.set(keyOf(target), target);
    this.#known.set(arn, there);
    return added.filter((target) => refused.some((one) => keyOf(one) === keyOf(target)));
  }

  /** @returns those that are refused, while the others are registered */
  async #register(arn: string, targets: readonly TargetDescription[], signal: AbortSignal): Promise<readonly TargetDescription[]> {
    const { api, clock } = this.#context;
    try {
      await onceSeen(clock, signal, () => api.elb(new RegisterTargetsCommand({ TargetGroupArn: arn, Targets: [...targets] }), signal));
      return [];
    } catch (error) {
      if (!ProviderError.is(error) || !badTarget.has(awsCode(error) ?? '')) throw error;
      if (targets.length === 1) return targets;
      const middle = Math.ceil(targets.length / 2);
      return [...await this.#register(arn, targets.slice(0, middle), signal), ...await this.#register(arn, targets.slice(middle), signal)];
    }
  }

  /** Pods whose addresses are none of the VPC's belong to no zone. */
  async #describe(targets: readonly Target[], { targetType }: WantedGroup, signal: AbortSignal): Promise<readonly TargetDescription[]> {
    if (targetType === 'instance' || targets.length === 0) return targets;
    const ranges = await this.#network.ranges(signal);
    return targets.map((target) => (isWithin(target.Id, ranges) ? target : { ...target, AvailabilityZone: 'all' }));
  }
}

const chunks = <T>(things: readonly T[]): readonly (readonly T[])[] => Array.from({ length: Math.ceil(things.length / mostTargets) }, (_none, index) => things.slice(index * mostTargets, (index + 1) * mostTargets));
