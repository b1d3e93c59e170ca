import type { SecurityGroup, SecurityGroupRule } from '@aws-sdk/client-ec2';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerOwner } from '#core/spi/load-balancers.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import { awsCode } from '#providers/aws/errors.ts';
import type { Balancers } from './balancers.ts';
import type { FoundBalancer, FoundGroup, Inventory } from './inventory.ts';
import type { Network } from './network.ts';
import type { SecurityGroups } from './security-groups.ts';
import type { TargetGroups } from './target-groups.ts';

export interface RemovalParts {
  readonly context: AwsContext;
  readonly inventory: Inventory;
  readonly network: Network;
  readonly balancers: Balancers;
  readonly targetGroups: TargetGroups;
  readonly securityGroups: SecurityGroups;
}

interface Remains {
  readonly balancers: readonly FoundBalancer[];
  readonly groups: readonly FoundGroup[];
  readonly rules: readonly SecurityGroupRule[];
  readonly securityGroups: readonly SecurityGroup[];
}

/** A deleted load balancer's interfaces hold its security groups so long, and often less. */
const longestWaitMs = 90_000;
const firstWaitMs = 2_000;

/** Takes away all that carries an owner, found by its tags. */
export class Removal {
  readonly #parts: RemovalParts;

  constructor(parts: RemovalParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when nothing is left. @param settledAt what was made before may not show until then, milliseconds since the epoch
   * @throws {ProviderError} Unavailable as long as something holds what is left
   */
  async run(owner: LoadBalancerOwner, settledAt: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.context;
    const done = new Set<string>();
    const until = Math.max(clock.now(), settledAt) + longestWaitMs;
    for (;;) {
      const isSettled = clock.now() >= settledAt;
      const held = await this.#remove(await this.#look(owner, done, signal), done, isSettled ? until : 0, signal);
      if (held === undefined && isSettled) return;
      if (held !== undefined && clock.now() >= until) throw held;
      // Who holds it may be something that does not show yet.
      await clock.sleep(isSettled ? firstWaitMs : Math.max(1, settledAt - clock.now()), signal);
    }
  }

  /** @param done what was deleted may show for a while */
  async #look({ uid, ...names }: LoadBalancerOwner, done: ReadonlySet<string>, signal: AbortSignal): Promise<Remains> {
    const { inventory, network } = this.#parts;
    const [{ balancers, groups }, securityGroups, rules] = await Promise.all([inventory.of({ uid, ...names }, signal), network.groupsOf(uid, signal), network.rulesOf(uid, signal)]);
    return {
      balancers: balancers.filter(({ arn }) => !done.has(arn)),
      groups: groups.filter(({ arn }) => !done.has(arn)),
      rules: rules.filter(({ SecurityGroupRuleId = '' }) => !done.has(SecurityGroupRuleId)),
      securityGroups: securityGroups.filter(({ GroupId = '' }) => !done.has(GroupId)),
    };
  }

  /** Who sends traffic first, who is sent to next, who lets it in last. @param until how long to wait for those to let go who are on their way out @returns why something stays */
  async #remove({ balancers, groups, rules, securityGroups }: Remains, done: Set<string>, until: number, signal: AbortSignal): Promise<ProviderError | undefined> {
    const { balancers: sdkBalancers, targetGroups, securityGroups: doors } = this.#parts;
    for (const { arn } of balancers) {
      await sdkBalancers.remove(arn, signal);
      done.add(arn);
    }
    let held: ProviderError | undefined;
    const free = async (id: string, remove: () => Promise<void>, waitsUntil: number): Promise<void> => {
      const refusal = await this.#whenFree(remove, waitsUntil, signal);
      if (refusal === undefined) done.add(id);
      held ??= refusal;
    };
    for (const { arn } of groups) await free(arn, () => targetGroups.remove(arn, signal), 0);
    await doors.revoke(rules, signal);
    for (const { SecurityGroupRuleId = '' } of rules) done.add(SecurityGroupRuleId);
    for (const { GroupId = '' } of securityGroups) await free(GroupId, () => doors.remove(GroupId, signal), held === undefined ? until : 0);
    return held;
  }

  /** @returns why it cannot be removed */
  async #whenFree(remove: () => Promise<void>, until: number, signal: AbortSignal): Promise<ProviderError | undefined> {
    const { clock } = this.#parts.context;
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(15_000, waitMs * 1.5)) {
      try {
        await remove();
        return undefined;
      } catch (error) {
        if (awsCode(error) !== 'DependencyViolation' && awsCode(error) !== 'ResourceInUse') throw error;
        if (clock.now() + waitMs > until) return ProviderError.is(error) ? error : undefined;
      }
      await clock.sleep(waitMs, signal);
    }
  }
}
