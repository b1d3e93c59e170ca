import type { HTTPGetAction, Probe } from '#core/api/schema/core-v1/container.ts';
import type { PodContainer } from '#core/agent/pods/config/pod-containers.ts';
import { messageOf, type PodServices } from '#core/agent/pods/pod-services.ts';
import { within } from '#core/agent/pods/runtime/within.ts';
import { portNumber } from './port-number.ts';
import type { ProbeDialer } from './probe-dialer.ts';

/** What one look showed. `Unknown` counts for nothing: the look itself went wrong. */
export interface Look {
  readonly result: 'Success' | 'Failure' | 'Unknown';
  readonly output: string;
}

/** A container that is looked at. */
export interface Looked {
  readonly id: string;
  readonly container: PodContainer;
  readonly podIP: string;
}

const success = (output = ''): Look => ({ result: 'Success', output });
const failure = (output: string): Look => ({ result: 'Failure', output });

/** Looks at a container once, as a probe says. */
export class Prober {
  readonly #services: Pick<PodServices, 'runtime' | 'clock'>;
  readonly #dialer: ProbeDialer;

  constructor(services: Pick<PodServices, 'runtime' | 'clock'>, dialer: ProbeDialer) {
    this.#services = services;
    this.#dialer = dialer;
  }

  async look(looked: Looked, probe: Probe, signal: AbortSignal): Promise<Look> {
    const ms = 1000 * (probe.timeoutSeconds ?? 1);
    try {
      if (probe.exec !== undefined) return await this.#exec(looked, probe.exec.command ?? [], ms, signal);
      return await within(this.#services.clock, ms, 'the container', signal, (inner) => this.#dial(looked, probe, inner));
    } catch (error) {
      if (signal.aborted) return { result: 'Unknown', output: '' };
      return failure(messageOf(error));
    }
  }

  async #exec({ id }: Looked, command: readonly string[], ms: number, signal: AbortSignal): Promise<Look> {
    const { clock, runtime } = this.#services;
    let late = false;
    const cancel = clock.after(ms, () => {
      late = true;
    });
    try {
      const { exitCode, stdout, stderr } = await within(clock, ms, `command ${JSON.stringify(command.join(' '))}`, signal, (inner) => runtime.execSync(id, command, ms, inner));
      return exitCode === 0 ? success(stdout) : failure(stdout + stderr);
    } catch (error) {
      // A runtime that does not answer says nothing about the container; one that answers too late does.
      return late ? failure(`command timed out: ${JSON.stringify(command.join(' '))} timed out after ${ms / 1000}s`) : { result: 'Unknown', output: messageOf(error) };
    } finally {
      cancel();
    }
  }

  #dial({ container, podIP }: Looked, { httpGet, tcpSocket, grpc }: Probe, signal: AbortSignal): Promise<Look> {
    const host = httpGet?.host || tcpSocket?.host || podIP;
    // An empty host would be this process's own.
    if (host === '') return Promise.resolve({ result: 'Unknown', output: 'the pod has no address yet' });
    if (httpGet !== undefined) return this.#http(httpGet, container, host, signal);
    if (tcpSocket !== undefined) return this.#dialer.tcp({ host, port: portNumber(tcpSocket.port, container) }, signal).then(() => success());
    if (grpc !== undefined) return this.#grpc(podIP, grpc.port, grpc.service ?? '', signal);
    return Promise.resolve({ result: 'Unknown', output: `missing probe handler for ${container.name}` });
  }

  async #http({ port, path = '/', scheme = 'HTTP', httpHeaders = [] }: HTTPGetAction, container: PodContainer, host: string, signal: AbortSignal): Promise<Look> {
    const { status, body, isRedirectElsewhere = false } = await this.#dialer.http(
      { host, port: portNumber(port, container), path, tls: scheme === 'HTTPS', headers: httpHeaders }, signal);
    if (status >= 200 && status < 400) return success(isRedirectElsewhere ? 'Probe terminated redirects' : body);
    return failure(`HTTP probe failed with statuscode: ${status}`);
  }

  async #grpc(host: string, port: number, service: string, signal: AbortSignal): Promise<Look> {
    const answer = await this.#dialer.grpc({ host, port, service }, signal);
    return answer === 'SERVING' ? success() : failure(`service unhealthy (responded with "${answer}")`);
  }
}
