import { kubectlSessions } from './kubectl-console.ts';
import { explain } from './sessions/explain.ts';

kubectlSessions('kubectl explain', explain);
