/** What a Deployment writes on its ReplicaSets, and what kubectl reads there. */
export const annotations = {
  revision: 'deployment.kubernetes.io/revision',
  history: 'deployment.kubernetes.io/revision-history',
  desired: 'deployment.kubernetes.io/desired-replicas',
  max: 'deployment.kubernetes.io/max-replicas',
} as const;

/** Keeps the pods of one template apart from those of another. */
export const hashLabel = 'pod-template-hash';
