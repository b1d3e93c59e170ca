export type ProbeType = 'startup' | 'liveness' | 'readiness';
export type ProbeResult = 'Success' | 'Failure';

/** What is known of one container that runs; undefined before the first result. */
export type ContainerHealth = Readonly<Partial<Record<ProbeType, ProbeResult>>>;

export interface ProbeResults {
  of(containerId: string): ContainerHealth;
}

export const noResults: ProbeResults = { of: () => ({}) };
