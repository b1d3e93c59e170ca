import type { InstanceAnswer, InstanceQuestion, Instances, OwnNames } from '#core/spi/instances.ts';
import type { NodeMachine, NodeMachines } from '#core/spi/machines.ts';
import { isMachineName, machineNames, providerIdPrefix, type MachineNames } from './machines/naming.ts';

export interface LocalInstancesOptions {
  readonly machines: Pick<NodeMachines, 'list'>;
  /** As the machines'. */
  readonly place: string;
  /** Nodes that this computer is to have: a machine of theirs that is not there has not been made yet. */
  readonly wanted: Pick<ReadonlySet<string>, 'has'>;
}

/** The machines of one cluster on this computer, as instances. They are never stopped: they are there, or they are not. */
export class LocalInstances implements Instances, OwnNames {
  readonly provider = 'local';
  readonly providerIdPrefix = providerIdPrefix;
  readonly mostPerCall = 1000;
  readonly #options: LocalInstancesOptions;
  readonly #names: MachineNames;

  constructor(options: LocalInstancesOptions) {
    this.#options = options;
    this.#names = machineNames(options.place);
  }

  ownsName(node: string): boolean {
    return this.#options.wanted.has(node);
  }

  async describe(questions: readonly InstanceQuestion[], signal: AbortSignal): Promise<readonly InstanceAnswer[]> {
    signal.throwIfAborted();
    if (questions.length === 0) return [];
    const machines = new Map((await this.#options.machines.list(signal)).map((machine) => [machine.name, machine]));
    return questions.map(({ node, providerId }) => {
      const name = providerId === '' ? node : this.#names.machineOf(providerId);
      if (name === undefined || !isMachineName(name)) return { state: 'unknown', reason: `${JSON.stringify((name ?? providerId).slice(0, 200))} is no machine of this cluster` };
      return this.#answer(name, machines.get(name));
    });
  }

  #answer(name: string, machine: NodeMachine | undefined): InstanceAnswer {
    if (machine === undefined) return this.#options.wanted.has(name) ? { state: 'unknown', reason: `the machine ${name} has not been made yet` } : { state: 'gone' };
    const addresses = machine.addresses.map((address) => ({ type: 'InternalIP', address } as const));
    return { state: 'running', metadata: { providerId: this.#names.providerId(name), instanceType: 'machine', zone: '', region: '', addresses, labels: {} } };
  }
}
