import { kubectlSessions } from './kubectl-console.ts';
import { authAccess } from './sessions/auth-access.ts';
import { authKeys } from './sessions/auth-keys.ts';

kubectlSessions('kubectl auth', { ...authAccess, ...authKeys });
