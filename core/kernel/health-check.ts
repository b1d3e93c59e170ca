import { token } from './token.ts';

/** One thing that must be well for the process to live, or to serve. */
export interface HealthCheck {
  readonly name: string;
  /** Whether the process is beyond help without it (`/livez`), or only not yet ready to serve (`/readyz`). */
  readonly liveness: boolean;
  /** What is wrong, as a sentence; undefined when nothing is. Throwing counts as a failure too. */
  check(): string | undefined;
}

/** What is wrong, as a sentence; undefined when nothing is. */
export function troubleOf(check: HealthCheck): string | undefined {
  try {
    return check.check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export const HealthCheck = token<HealthCheck>('HealthCheck');
