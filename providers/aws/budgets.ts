import type { CallBudget, CallBudgets } from '#core/spi/platform-calls.ts';

/** What is left to others of the account, and to clocks that differ a little. */
const share = 0.9;

/** Burst and refill a second, per action. https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html */
const reading = [100, 20] as const;
const changing = [50, 5] as const;
const ofActions: Readonly<Record<string, readonly [number, number]>> = {
  AttachVolume: [100, 5], DetachVolume: [100, 5], CreateVolume: [100, 5], DeleteVolume: [100, 5], CreateSnapshot: [100, 5], DeleteSnapshot: [100, 5],
  CreateTags: [100, 10], DeleteTags: [100, 10],
};

/** Elastic Load Balancing publishes none but that of describing; the others are what its own controller for Kubernetes keeps to. Each is shared by all actions of its kind. */
const ofBalancers = { describe: [40, 10], targets: [20, 4], change: [20, 3] } as const;

const budget = (group: string, [burst, perSecond]: readonly [number, number]): CallBudget & { readonly group: string } =>
  ({ group, burst: Math.floor(burst * share), perSecond: perSecond * share });

/** By the names that `SdkAwsApi` gives to calls. */
export const awsBudgets: CallBudgets = ({ name }) => {
  const [, service = '', action = ''] = name.split(':');
  if (service === 'ec2') return budget(action, ofActions[action] ?? (action.startsWith('Describe') ? reading : changing));
  if (service !== 'elasticloadbalancing') return undefined;
  const kind = action.startsWith('Describe') ? 'describe' : /^(Register|Deregister)Targets$/.test(action) ? 'targets' : 'change';
  return budget(`balancers ${kind}`, ofBalancers[kind]);
};
