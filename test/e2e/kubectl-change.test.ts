import { kubectlSessions } from './kubectl-console.ts';
import { changeNodes } from './sessions/change-nodes.ts';
import { changeObjects } from './sessions/change-objects.ts';
import { changeWorkloads } from './sessions/change-workloads.ts';

kubectlSessions('kubectl edit, replace, patch, set, scale, rollout and drain', { ...changeNodes, ...changeObjects, ...changeWorkloads });
