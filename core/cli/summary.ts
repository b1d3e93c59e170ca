import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ability } from '#core/kernel/module.ts';
import { describe } from './abilities.ts';
import { keelsonVersion, kubernetesVersion } from './version.ts';

export interface Running {
  readonly url: string;
  readonly kubeconfig: string;
  readonly startedInMs: number;
  readonly abilities: readonly Ability[];
  /** Pods can run. */
  readonly hasNodes: boolean;
}

/** What a person wants to know once the control plane runs. */
export function summary({ url, kubeconfig, startedInMs, abilities, hasNodes }: Running): string {
  const off = abilities.filter(({ available }) => !available);
  return `Keelson ${keelsonVersion()} serves the Kubernetes API (v${kubernetesVersion().major}.${kubernetesVersion().minor}); it took ${(startedInMs / 1000).toFixed(2)} s to start.

  server      ${url}
  kubeconfig  ${kubeconfig}

Next, in another terminal:
  export KUBECONFIG=${quoted(kubeconfig)}
  kubectl apply -f ${quoted(example(hasNodes ? 'pod-with-volume' : 'dynamic-volume'))}
  kubectl get ${hasNodes ? 'nodes,pods,pvc' : 'pvc,pv,sc'}
${off.length === 0 ? '' : `\nNot on this machine:\n${off.map(describe).join('')}`}
Ctrl-C stops it.
`;
}

/** For a shell, in case the path has blanks in it. */
const quoted = (path: string): string => (/^[\w./~@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll('\'', '\'\\\'\'')}'`);

/** From where the user is, when it lies below; of a package that is installed elsewhere, the whole path. */
function example(name: string): string {
  const folder = fileURLToPath(new URL(`../../examples/${name}/`, import.meta.url));
  const near = relative(process.cwd(), folder);
  return near.startsWith('..') ? folder : `${near}/`;
}
