import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { PodContainer } from '#core/agent/pods/config/pod-containers.ts';
import type { Container } from '#core/spi/container-runtime.ts';

/** It ran, or it could not be started: there will be no more of this attempt. */
export const hasEnded = ({ state, error }: Container): boolean => state === 'Exited' || (state === 'Created' && error !== undefined);

/** What containers end with that could not be started. */
const startError = 128;

export const exitCodeOf = ({ exitCode, state }: Container): number => exitCode ?? (state === 'Exited' ? 0 : startError);

const policyOf = ({ spec }: Pod, { restartPolicy }: PodContainer): string => restartPolicy ?? spec.restartPolicy ?? 'Always';

/** Whether a rule of the container says so. https://kep.k8s.io/5307 */
function ruleRestarts({ restartPolicyRules = [] }: PodContainer, code: number): boolean {
  return restartPolicyRules.some(({ action, exitCodes }) => {
    if (action !== 'Restart' || exitCodes === undefined) return false;
    const isListed = (exitCodes.values ?? []).includes(code);
    return exitCodes.operator === 'In' ? isListed : !isListed;
  });
}

/** Whether a container that ended so is started again. */
export function restartsAfter(pod: Pod, container: PodContainer, ended: Container): boolean {
  const code = exitCodeOf(ended);
  if (ruleRestarts(container, code)) return true;
  const policy = policyOf(pod, container);
  return policy === 'Always' || (policy === 'OnFailure' && code !== 0);
}

/** Whether anything that fails in this pod is tried again. */
export const restartsOnFailure = ({ spec }: Pod): boolean => spec.restartPolicy !== 'Never';
