import type { ContainerModule } from 'inversify';

/** What a module learns about the process that loads it. */
export interface ModuleSettings {
  /** Folder in which the module may keep its state; exists, mode 0700, shared with nobody else. */
  readonly stateDir: string;
  /** Name of this machine's node. */
  readonly nodeName: string;
  /** All nodes of this machine, when it has several. */
  readonly nodeNames?: readonly string[];
  /** Folder of the node agent for which the module is loaded; all mounts of that node are below. */
  readonly agentDir?: string;
  /** Path of the network namespace that is the node's; undefined where that is the computer's own. */
  readonly netns?: string | undefined;
  /** `spec.providerID` that the node agent was given for its node. */
  readonly providerId?: string | undefined;
  /** The module's section of the file that the user gave with `--provider-config`, as YAML reads it; the module checks it. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The state belongs to another process of this machine, which cleans it up. */
  readonly isGuest?: boolean;
  /** Where what the module stands for is to be found, when the user named it by an address: `etcd://10.0.0.1:2379`. */
  readonly url?: string;
}

/**
 * What a provider's or plugin's entry file exports under the name `keelsonModule`.
 * The command line loads it by name: `local` is the built-in one, anything else an installed package. An address names it by its scheme.
 */
export interface KeelsonModule {
  /** As users write it after `--provider` or `--store`. */
  readonly name: string;
  /** Builds the bindings. Reads nothing and starts nothing: that belongs in a `Component`. */
  create(settings: ModuleSettings): ContainerModule;
  /** Takes away what the module made on this machine outside of its own folder, also in an earlier process. Nothing of it may be at work. */
  remove?(settings: ModuleSettings, signal: AbortSignal): Promise<void>;
  /** What this machine lacks for the module to do all it can; see `Ability`. */
  abilities?(settings: ModuleSettings): Promise<readonly Ability[]>;
}

/** One thing that a module can do on a machine that has what it takes. */
export interface Ability {
  /** What it is, as users would name it: `capacity-enforced local volumes`. */
  readonly name: string;
  readonly available: boolean;
  /** Why it is off. */
  readonly reason?: string;
  /** The one command that turns it on. */
  readonly remedy?: string;
}
