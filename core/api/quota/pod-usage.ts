import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { Quantity } from '#core/api/quantity.ts';

type Amounts = Readonly<Record<string, string>> | undefined;
type Totals = Map<string, Quantity>;

const one = Quantity.parse('1');
/** Resources that quotas know without the prefix `requests.` as well. */
const plain = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** What a pod takes of quotas. One that has ended takes nothing but its place in `count/pods`. */
export function podUsage(pod: Pod): ReadonlyMap<string, Quantity> {
  const usage = new Map<string, Quantity>();
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return usage;
  usage.set('pods', one);
  for (const [name, amount] of podTotal(pod, 'requests')) {
    usage.set(`requests.${name}`, amount);
    if (plain.has(name) || name.startsWith('hugepages-')) usage.set(name, amount);
  }
  for (const [name, amount] of podTotal(pod, 'limits')) if (plain.has(name)) usage.set(`limits.${name}`, amount);
  return usage;
}

/** The most that a pod needs at any time: its containers run together, its init containers before them and one by one. */
export function podTotal({ spec }: Pod, which: 'requests' | 'limits'): Totals {
  const running: Totals = new Map();
  for (const container of spec.containers ?? []) add(running, container.resources?.[which]);
  const sidecars: Totals = new Map();
  const initial: Totals = new Map();
  for (const container of spec.initContainers ?? []) {
    const amounts = container.resources?.[which];
    if (container.restartPolicy === 'Always') {
      add(running, amounts);
      add(sidecars, amounts);
      raise(initial, sidecars);
    } else {
      const needed = new Map(sidecars);
      add(needed, amounts);
      raise(initial, needed);
    }
  }
  raise(running, initial);
  add(running, spec.overhead);
  return running;
}

function add(totals: Totals, amounts: Amounts): void {
  for (const [name, text] of Object.entries(amounts ?? {})) {
    const amount = Quantity.parse(text);
    totals.set(name, totals.get(name)?.plus(amount) ?? amount);
  }
}

function raise(totals: Totals, least: Totals): void {
  for (const [name, amount] of least) {
    const present = totals.get(name);
    if (present === undefined || present.compare(amount) < 0) totals.set(name, amount);
  }
}
