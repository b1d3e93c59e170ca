import { kubectlSessions } from './kubectl-console.ts';
import { discoverNodes } from './sessions/discover-nodes.ts';
import { discover } from './sessions/discover.ts';

kubectlSessions('kubectl discover', { ...discoverNodes, ...discover });
