import { kubectlSessions } from './kubectl-console.ts';
import { describeAccounts } from './sessions/describe-accounts.ts';
import { describeMachines } from './sessions/describe-machines.ts';
import { describeNetworks } from './sessions/describe-networks.ts';
import { describeOthers } from './sessions/describe-others.ts';
import { describePods } from './sessions/describe-pods.ts';
import { describeWorkloads } from './sessions/describe-workloads.ts';

kubectlSessions('kubectl describe', { ...describeAccounts, ...describeMachines, ...describeNetworks, ...describeOthers, ...describePods, ...describeWorkloads });
