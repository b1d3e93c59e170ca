import type { PodContainer } from '#core/agent/pods/config/pod-containers.ts';

/** A probe's port, by number or by the name of a port of its container. @throws {Error} when it is neither */
export function portNumber(port: number | string, { ports = [] }: Pick<PodContainer, 'ports'>): number {
  const named = typeof port === 'string' ? ports.find(({ name }) => name === port)?.containerPort : undefined;
  const number = named ?? Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) throw new Error(`invalid port number: ${port}`);
  return number;
}
