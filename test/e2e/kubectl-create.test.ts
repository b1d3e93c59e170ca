import { kubectlSessions } from './kubectl-console.ts';
import { createObjects } from './sessions/create-objects.ts';
import { createWorkloads } from './sessions/create-workloads.ts';

kubectlSessions('kubectl create', { ...createObjects, ...createWorkloads });
