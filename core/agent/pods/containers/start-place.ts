import type { Volumes } from '#core/agent/pods/config/mounts.ts';
import type { PodState } from '#core/agent/pods/pod-state.ts';
import type { PodOnRuntime } from '#core/agent/pods/runtime/snapshot.ts';
import type { Sandbox } from '#core/spi/container-runtime.ts';

/** In what a container is started. */
export interface StartPlace {
  readonly state: PodState;
  readonly sandbox: Sandbox;
  readonly runtime: PodOnRuntime;
  readonly volumes: Volumes;
}
