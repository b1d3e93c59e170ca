import { ConfigMaker } from './containers/config-maker.ts';
import { ContainerKiller } from './containers/container-killer.ts';
import { ContainerStarter } from './containers/container-starter.ts';
import { Resizer } from './containers/resizer.ts';
import { FitChecker } from './fit/fit-checker.ts';
import type { AdmissionCheck } from './fit/refusal.ts';
import { HookRunner } from './hooks/hook-runner.ts';
import { ImageManager } from './images/image-manager.ts';
import { PodEnder } from './pod-ender.ts';
import { PodFiles } from './pod-files.ts';
import { PodRunner } from './pod-runner.ts';
import type { PodServices } from './pod-services.ts';
import type { PodState } from './pod-state.ts';
import { PodSync } from './pod-sync.ts';
import type { PodTable } from './pod-table.ts';
import { PodVolumeKeeper } from './pod-volume-keeper.ts';
import type { ProbeDialer } from './probes/probe-dialer.ts';
import { ProbeManager } from './probes/probe-manager.ts';
import { Prober } from './probes/prober.ts';
import type { PodNetwork } from './sandboxes/pod-network.ts';
import { Sandboxes } from './sandboxes/sandboxes.ts';
import { Slots } from './slots.ts';
import { fullName, hashOf, isStaticPod, mirroredHash } from './sources/pod-annotations.ts';
import { StatusReporter } from './status/status-reporter.ts';
import { StatusWriter, type Shown } from './status/status-writer.ts';

export interface PodPartsOptions {
  readonly services: PodServices;
  readonly table: PodTable;
  readonly dialer: ProbeDialer;
  readonly checks: readonly AdmissionCheck[];
  readonly random: () => number;
  readonly probed: (uid: string) => void;
  readonly stopped: (uid: string) => void;
}

const pullsAtOnce = 3;

/** What brings pods on, put together. */
export interface PodParts {
  readonly sync: PodSync;
  readonly probes: ProbeManager;
  readonly writer: StatusWriter;
  readonly starter: ContainerStarter;
  readonly files: PodFiles;
  readonly network: PodNetwork;
}

export function podParts({ services, table, dialer, checks, random, probed, stopped }: PodPartsOptions): PodParts {
  const { client, clock, logger, recorder } = services;
  const files = new PodFiles(services);
  const hooks = new HookRunner(services, dialer);
  const killer = new ContainerKiller(services, hooks);
  const images = new ImageManager({ images: services.runtime, clock, recorder, pulls: new Slots(pullsAtOnce) });
  const starter = new ContainerStarter({ services, images, configs: new ConfigMaker(services, files), hooks, killer });
  const probes = new ProbeManager({ services, prober: new Prober(services, dialer), changed: probed });
  const writer = new StatusWriter({ client, clock, logger, random });
  const reporter = new StatusReporter({ services, files, probes, writer, shown: (state) => shownBy(table, state) });
  const sandboxes = new Sandboxes(services);
  const volumes = new PodVolumeKeeper(services);
  const fit = new FitChecker({ node: services.node, present: (but) => table.present(but), isStatic: isStaticPod, checks });
  const runner = new PodRunner({ services, files, sandboxes, starter, killer, probes, volumes, reporter, resizer: new Resizer(services, fit) });
  const ender = new PodEnder({ services, files, sandboxes, killer, probes, volumes, reporter, stopped });
  const isBlocked = (state: PodState): boolean => hasPredecessor(table, state);
  return { sync: new PodSync({ services, runner, ender, fit, reporter, isBlocked }), probes, writer, starter, files, network: sandboxes.network };
}

/** A pod's own object, or the one that mirrors it. */
const shownBy = (table: PodTable, { source, uid, pod }: PodState): Shown => () => {
  const object = table.shown(fullName(pod));
  if (object === undefined) return undefined;
  const isIts = source === 'file' ? mirroredHash(object) === hashOf(pod) : object.metadata.uid === uid;
  return isIts ? object : undefined;
};

/** A file that changed gives a new pod, and the old one has to have left. */
function hasPredecessor(table: PodTable, { source, uid, pod, ending }: PodState): boolean {
  if (source !== 'file' || ending !== undefined) return false;
  for (const other of table.values()) if (other.uid !== uid && other.source === 'file' && other.isRemoved && fullName(other.pod) === fullName(pod)) return true;
  return false;
}
