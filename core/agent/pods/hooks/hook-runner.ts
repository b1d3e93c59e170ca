import type { HTTPGetAction, LifecycleHandler } from '#core/api/schema/core-v1/container.ts';
import type { PodContainer } from '#core/agent/pods/config/pod-containers.ts';
import { portNumber } from '#core/agent/pods/probes/port-number.ts';
import type { ProbeDialer } from '#core/agent/pods/probes/probe-dialer.ts';
import type { PodServices } from '#core/agent/pods/pod-services.ts';
import type { PodState } from '#core/agent/pods/pod-state.ts';

/** A hook has no time of its own: that of the container's grace, or none, bounds it. */
const longestHookMs = 24 * 3600_000;

/** Runs what a container has to be told when it starts and ends. */
export class HookRunner {
  readonly #services: Pick<PodServices, 'runtime' | 'clock'>;
  readonly #dialer: ProbeDialer;

  constructor(services: Pick<PodServices, 'runtime' | 'clock'>, dialer: ProbeDialer) {
    this.#services = services;
    this.#dialer = dialer;
  }

  /** @throws {Error} when it fails */
  async run(state: PodState, container: PodContainer, { id, handler }: { id: string; handler: LifecycleHandler }, signal: AbortSignal): Promise<void> {
    const { exec, httpGet, sleep } = handler;
    if (sleep !== undefined) await this.#services.clock.sleep(1000 * sleep.seconds, signal);
    if (exec !== undefined) await this.#exec(id, exec.command ?? [], signal);
    if (httpGet !== undefined) await this.#get(state, container, httpGet, signal);
  }

  async #exec(id: string, command: readonly string[], signal: AbortSignal): Promise<void> {
    const { exitCode, stdout, stderr } = await this.#services.runtime.execSync(id, command, longestHookMs, signal);
    if (exitCode !== 0) throw new Error(`command '${command.join(' ')}' exited with ${exitCode}: ${stderr}, message: ${JSON.stringify(stdout + stderr)}`);
  }

  async #get({ status }: PodState, container: PodContainer, { host = '', port, path = '/', scheme = 'HTTP', httpHeaders = [] }: HTTPGetAction, signal: AbortSignal): Promise<void> {
    const address = host === '' ? status.podIP ?? '' : host;
    // An empty host would be this process's own.
    if (address === '') throw new Error('the pod has no address yet');
    const answer = await this.#dialer.http({ host: address, port: portNumber(port, container), path, tls: scheme === 'HTTPS', headers: httpHeaders }, signal);
    if (answer.status >= 400) throw new Error(`HTTP hook failed with status code ${answer.status}`);
  }
}
