import { claimsOfPod } from '#core/api/pod-references.ts';
import type { Labels } from '#core/api/label-selector.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { affinityTerm, type AffinityTerm } from './affinity-term.ts';
import { hostPortsOf, type HostPort } from './host-ports.ts';
import { requestsOf, type PodRequests } from './pod-requests.ts';

export interface PodTerms {
  readonly affinity: readonly AffinityTerm[];
  readonly antiAffinity: readonly AffinityTerm[];
  /** Wishes; those for distance have a negative weight. */
  readonly preferred: readonly AffinityTerm[];
}

const noTerms: PodTerms = { affinity: [], antiAffinity: [], preferred: [] };
const noPorts: readonly HostPort[] = [];
const noClaims: readonly string[] = [];

/** A pod with what is worked out from it once. Made anew for each version of the pod. */
export class PodInfo {
  readonly pod: Pod;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly priority: number;
  readonly requests: PodRequests;
  readonly ports: readonly HostPort[];
  /** Keys of the claims that it mounts. */
  readonly claims: readonly string[];
  readonly terms: PodTerms;

  constructor(pod: Pod) {
    this.pod = pod;
    this.uid = pod.metadata.uid;
    this.namespace = pod.metadata.namespace ?? '';
    this.name = pod.metadata.name;
    this.priority = pod.spec.priority ?? 0;
    this.requests = requestsOf(pod);
    const ports = hostPortsOf(pod);
    this.ports = ports.length === 0 ? noPorts : ports;
    const claims = pod.spec.volumes === undefined ? noClaims : claimsOfPod(pod);
    this.claims = claims.length === 0 ? noClaims : [...new Set(claims)].map((name) => `${this.namespace}/${name}`);
    this.terms = pod.spec.affinity === undefined ? noTerms : termsOf(pod);
  }

  get key(): string {
    return `${this.namespace}/${this.name}`;
  }

  get labels(): Labels {
    return this.pod.metadata.labels;
  }

  get isTerminating(): boolean {
    return this.pod.metadata.deletionTimestamp !== undefined;
  }
}

function termsOf(pod: Pod): PodTerms {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  if (podAffinity === undefined && podAntiAffinity === undefined) return noTerms;
  return {
    affinity: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => affinityTerm(pod, term, 0)),
    antiAffinity: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => affinityTerm(pod, term, 0)),
    preferred: [
      ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm, weight }) => affinityTerm(pod, podAffinityTerm, weight)),
      ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm, weight }) => affinityTerm(pod, podAffinityTerm, -weight)),
    ],
  };
}

/** Succeeded or failed, for good: it takes nothing of a node any more. */
export const hasEnded = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';
