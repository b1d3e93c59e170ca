import { createHash } from 'node:crypto';
import { isObject, setOwn } from '#core/api/value.ts';
import type { RuntimeLabels, SandboxConfig } from '#core/spi/container-runtime.ts';

/** Docker's labels by which things are found again. Those of Kubernetes' own names are for people and their tools: nothing reads them here. */
export const label = {
  node: 'io.keelson.node', agent: 'io.keelson.agent', kind: 'io.keelson.kind', attempt: 'io.keelson.attempt', labels: 'io.keelson.labels',
  podUid: 'io.keelson.pod.uid', podName: 'io.keelson.pod.name', podNamespace: 'io.keelson.pod.namespace',
  sandbox: 'io.keelson.sandbox', container: 'io.keelson.container', image: 'io.keelson.image', network: 'io.keelson.network',
} as const;

export type Kind = 'sandbox' | 'container';

/** Labels of a thing in the engine; its image's are among them. */
export type DockerLabels = Readonly<Record<string, string>>;

/** Whose a thing is: several nodes' agents may share an engine, and so may several clusters whose nodes have the same name. */
export class Marks {
  readonly #node: string;
  readonly #agent: string;

  constructor(node: string, agent: string) {
    this.#node = node;
    this.#agent = agent;
  }

  /** For the engine's own search. */
  filter(...more: readonly string[]): string[] {
    return [`${label.node}=${this.#node}`, `${label.agent}=${this.#agent}`, ...more];
  }

  owns(labels: DockerLabels | null | undefined, kind?: Kind): labels is DockerLabels {
    if (labels == null || labels[label.node] !== this.#node || labels[label.agent] !== this.#agent) return false;
    return kind === undefined ? labels[label.kind] !== undefined : labels[label.kind] === kind;
  }

  sandboxLabels({ pod, attempt, namespaces, labels }: SandboxConfig): Record<string, string> {
    return { ...this.#common('sandbox', pod, attempt, labels), [label.network]: namespaces.network, 'io.kubernetes.container.name': 'POD' };
  }

  containerLabels(sandbox: { readonly id: string; readonly pod: SandboxConfig['pod'] }, container: { readonly name: string; readonly attempt: number; readonly image: string; readonly labels: RuntimeLabels }): Record<string, string> {
    const { name, attempt, image, labels } = container;
    return { ...this.#common('container', sandbox.pod, attempt, labels), [label.sandbox]: sandbox.id, [label.container]: name, [label.image]: image, 'io.kubernetes.container.name': name };
  }

  /** The same for the same pod and attempt, so that a second one cannot be made. */
  sandboxName({ pod, attempt }: SandboxConfig): string {
    return this.#name([pod.name, pod.namespace, 'POD', String(attempt)], [pod.uid, attempt]);
  }

  containerName(sandbox: { readonly id: string; readonly pod: SandboxConfig['pod'] }, name: string, attempt: number): string {
    return this.#name([sandbox.pod.name, sandbox.pod.namespace, name, String(attempt)], [sandbox.id, name, attempt]);
  }

  #common(kind: Kind, pod: SandboxConfig['pod'], attempt: number, labels: RuntimeLabels): Record<string, string> {
    return {
      [label.node]: this.#node, [label.agent]: this.#agent, [label.kind]: kind, [label.attempt]: String(attempt), [label.labels]: JSON.stringify(labels),
      [label.podUid]: pod.uid, [label.podName]: pod.name, [label.podNamespace]: pod.namespace,
      'io.kubernetes.pod.uid': pod.uid, 'io.kubernetes.pod.name': pod.name, 'io.kubernetes.pod.namespace': pod.namespace,
    };
  }

  /** Words for people, of the characters that Docker allows; the hash of the key makes it unique. */
  #name(words: readonly string[], key: readonly (string | number)[]): string {
    const readable = words.map((word) => word.replace(/[^A-Za-z0-9.-]/g, '-').slice(0, 63)).join('_');
    return `keelson_${readable}_${createHash('sha256').update(JSON.stringify([this.#node, this.#agent, ...key])).digest('hex').slice(0, 16)}`;
  }
}

export const podOf = (labels: DockerLabels): SandboxConfig['pod'] => ({ namespace: labels[label.podNamespace] ?? '', name: labels[label.podName] ?? '', uid: labels[label.podUid] ?? '' });

export const attemptOf = (labels: DockerLabels): number => Number(labels[label.attempt] ?? 0);

/** The labels as they were given. */
export function givenLabels(labels: DockerLabels): RuntimeLabels {
  const given: Record<string, string> = {};
  for (const [key, value] of Object.entries(parsed(labels[label.labels]))) if (typeof value === 'string') setOwn(given, key, value);
  return given;
}

function parsed(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
