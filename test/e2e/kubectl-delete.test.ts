import { kubectlSessions } from './kubectl-console.ts';
import { deletions } from './sessions/delete.ts';

kubectlSessions('kubectl delete', deletions);
