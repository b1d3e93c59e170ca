import { kubectlSessions } from './kubectl-console.ts';
import { applyMistakes } from './sessions/apply-mistakes.ts';
import { applyObjects } from './sessions/apply-objects.ts';

kubectlSessions('kubectl apply', { ...applyMistakes, ...applyObjects });
