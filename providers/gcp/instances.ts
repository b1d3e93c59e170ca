import { ProviderError } from '#core/spi/errors.ts';
import type { InstanceAnswer, InstanceQuestion, Instances } from '#core/spi/instances.ts';
import type { GcpContext } from './context.ts';
import { answerOf, answersTo, keyOf } from './instances-facts.ts';
import { isHostName, keyText, parseProviderId, providerIdPrefix, type InstanceKey } from './instances-ids.ts';
import { InstanceLookup, type Listing, type Sight } from './instances-lookup.ts';

/** Of so many names only those are listed; of more, all of the cluster. */
const namesInFilter = 10;

/** What a question comes to, before anybody is asked. */
type Reading = { readonly key: InstanceKey } | { readonly node: string } | { readonly answer: InstanceAnswer };

/** What was found of all names: those of the cluster, or why they are not known. */
type Marked = Listing | { readonly failure: ProviderError };

/**
 * Instances of Compute Engine in the cluster's project and region. A name finds those with the label `keelson-cluster` of this cluster.
 * All of one call are looked for together: a few by one call each, and many by lists of 500.
 */
export class GcpInstances implements Instances {
  readonly provider = 'gcp';
  readonly providerIdPrefix = providerIdPrefix;
  /** What it costs depends on how many instances the cluster has. */
  readonly mostPerCall = 5_000;
  readonly #context: GcpContext;
  readonly #lookup: InstanceLookup;

  constructor(context: GcpContext) {
    this.#context = context;
    this.#lookup = new InstanceLookup(context);
  }

  async describe(questions: readonly InstanceQuestion[], signal: AbortSignal): Promise<readonly InstanceAnswer[]> {
    signal.throwIfAborted();
    if (questions.length === 0) return [];
    const [project, zones] = await Promise.all([this.#context.project(signal), this.#context.zones(signal)]);
    const readings = questions.map((question) => readingOf(question, project, zones));
    const names = [...new Set(readings.flatMap((reading) => ('node' in reading ? [reading.node] : [])))];
    const [seen, marked] = await Promise.all([
      this.#lookup.byKey(readings.flatMap((reading) => ('key' in reading ? [reading.key] : [])), signal),
      names.length === 0 ? undefined : this.#marked(names, signal),
    ]);
    const failures: ProviderError[] = [...seen.values(), ...(marked === undefined ? [] : [marked])].flatMap((sight) => ('failure' in sight ? [sight.failure] : []));
    const answers = readings.map((reading): InstanceAnswer => {
      if ('answer' in reading) return reading.answer;
      return 'key' in reading ? ofSight(seen.get(keyText(reading.key)), project, reading.key) : ofName(marked, project, zones, reading.node);
    });
    const [failure] = failures;
    // Its own words say more, such as when to come again.
    if (failure !== undefined && answers.every(({ state }) => state === 'unknown')) throw failure;
    return answers;
  }

  async #marked(names: readonly string[], signal: AbortSignal): Promise<Marked> {
    try {
      return await this.#lookup.marked(names.length > namesInFilter ? [] : names, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (ProviderError.is(error)) return { failure: error };
      throw error;
    }
  }
}

function readingOf({ node, providerId }: InstanceQuestion, project: string, zones: readonly string[]): Reading {
  const unknown = (reason: string): Reading => ({ answer: { state: 'unknown', reason } });
  if (providerId === '') return isHostName(node) ? { node } : { answer: { state: 'gone' } };
  const shown = JSON.stringify(providerId.slice(0, 200));
  const id = parseProviderId(providerId);
  if (id === undefined) return unknown(`${shown} is no id of an instance of Compute Engine`);
  if (id.project !== project) return unknown(`${shown} is of the project ${id.project}, and this cluster's is ${project}`);
  return zones.includes(id.zone) ? { key: id } : unknown(`${shown} is in none of the zones of this cluster's region, which are ${zones.join(', ')}`);
}

function ofSight(sight: Sight | undefined, project: string, key: InstanceKey): InstanceAnswer {
  if (sight === undefined) return { state: 'unknown', reason: `nothing was found out about ${keyText(key)}` };
  if ('failure' in sight) return { state: 'unknown', reason: sight.failure.message };
  return sight.instance === undefined ? { state: 'gone' } : answerOf(sight.instance, project, key);
}

function ofName(marked: Marked | undefined, project: string, zones: readonly string[], node: string): InstanceAnswer {
  if (marked === undefined || 'failure' in marked) return { state: 'unknown', reason: marked?.failure.message ?? 'nothing was listed' };
  const found = marked.instances.filter((instance) => answersTo(instance, project, node));
  const [instance, second] = found;
  if (second !== undefined) return { state: 'unknown', reason: `several instances of this cluster are called ${node}: ${found.map((one) => keyText(keyOf(one))).toSorted().join(', ')}` };
  if (instance !== undefined) {
    const key = keyOf(instance);
    return zones.includes(key.zone) ? answerOf(instance, project, key) : { state: 'unknown', reason: `the instance ${key.name} of this cluster is in ${key.zone}, outside of its region` };
  }
  const missing = zones.filter((zone) => marked.missing.has(zone));
  return missing.length === 0 ? { state: 'gone' } : { state: 'unknown', reason: `${missing.join(', ')} did not answer, where ${node} may be` };
}
