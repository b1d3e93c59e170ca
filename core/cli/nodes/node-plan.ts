import type { Ability, ModuleSettings } from '#core/kernel/module.ts';
import { abilitiesOf } from '#core/cli/abilities.ts';
import { loadModule } from '#core/cli/load-module.ts';
import { isDebianLike, lackingNeeds, thisComputer } from '#core/cli/node-needs.ts';
import type { NodeModules } from '#core/cli/agent-plugins.ts';
import { nodeName } from '#core/cli/settings.ts';

/** Which nodes a control plane has on its own computer. */
export type NodePlan =
  | { readonly kind: 'none'; readonly why?: Ability }
  /** One, in this process and in the computer's own network. */
  | { readonly kind: 'here'; readonly name: string }
  /** Several, each on a machine of its own that the provider makes. */
  | { readonly kind: 'machines'; readonly names: readonly string[] };

/** What the nodes of this computer are called. */
export function nodeNamesOf(nodes: string): readonly string[] {
  const count = nodes === 'auto' ? 1 : Number(nodes);
  return count <= 1 ? [nodeName()].slice(0, count) : Array.from({ length: count }, (_, index) => `node-${index + 1}`);
}

export const builtInNode: Omit<NodeModules, 'providers'> = { runtime: 'docker', network: 'bridge', proxy: 'iptables', dns: 'dns' };

export const runningPods = 'running pods';

/** With `auto` there is a node where this computer can have one; when somebody asks for nodes that it cannot have, that is an error. */
export async function planNodes(nodes: string, settings: ModuleSettings): Promise<NodePlan> {
  const names = nodeNamesOf(nodes);
  const [first] = names;
  if (first === undefined) return { kind: 'none' };
  const lack = await nodeLack(settings);
  if (lack !== undefined) {
    if (nodes === 'auto') return { kind: 'none', why: lack };
    throw new Error(`this computer can run no pods: ${lack.reason ?? lack.name}${lack.remedy === undefined ? '' : `; ${lack.remedy}`}`);
  }
  return names.length === 1 ? { kind: 'here', name: first } : { kind: 'machines', names };
}

/** What this computer lacks to be a node, the first thing of several; undefined when nothing is missing. */
export async function nodeLack(settings: ModuleSettings): Promise<Ability | undefined> {
  const lack = (reason: string, remedy: string): Ability => ({ name: runningPods, available: false, reason, remedy });
  if (process.platform !== 'linux') return lack(`this is ${process.platform}; pods need Linux`, 'run keelson in a Linux virtual machine');
  const computer = thisComputer();
  const lacking = lackingNeeds(computer);
  const setsUp = isDebianLike(computer);
  if (process.geteuid?.() !== 0) return lack('pods\' networks and volumes are for root, and this process is not root', setsUp && lacking.length > 0 ? 'sudo npm start -- --setup' : 'sudo npm start');
  for (const [kind, name] of [['runtime', builtInNode.runtime], ['network', builtInNode.network], ['proxy', builtInNode.proxy]] as const) {
    const off = (await abilitiesOf(await loadModule(kind, name), settings)).find(({ available }) => !available);
    if (off === undefined) continue;
    const missing = `not installed: ${lacking.map(({ what }) => what).join(', ')}`;
    return lack(lacking.length > 0 ? missing : off.reason ?? `${off.name} is off`, setsUp ? 'npm start -- --setup' : off.remedy ?? 'keelson doctor');
  }
  return undefined;
}
