import { kubectlSessions } from './kubectl-console.ts';
import { getDefaults } from './sessions/get-defaults.ts';
import { getKinds } from './sessions/get-kinds.ts';
import { getNetworks } from './sessions/get-networks.ts';
import { getObjects } from './sessions/get-objects.ts';
import { getWorkloads } from './sessions/get-workloads.ts';

kubectlSessions('kubectl get', { ...getDefaults, ...getKinds, ...getNetworks, ...getObjects, ...getWorkloads });
