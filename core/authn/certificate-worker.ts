import { systemClock } from '#core/kernel/clock.ts';
import type { Asked, CertificateWork, Done } from './certificate-process.ts';
import { ensureClusterPki } from './pki.ts';
import { readRequest, signRequest } from './pki-request.ts';

const work: CertificateWork = {
  ensureClusterPki: (dir, hosts) => ensureClusterPki({ dir, hosts, clock: systemClock }),
  readRequest: async (pem) => (await readRequest(pem)).content,
  signRequest,
};

// Whoever asked may be gone by now, and with it the wish.
const answer = (done: Done): unknown => process.connected && process.send?.(done, undefined, undefined, () => undefined);

process.on('message', ({ id, name, args }: Asked) => {
  const act = work[name] as (...given: readonly unknown[]) => Promise<unknown>;
  void act(...args).then((result): Done => ({ id, result }), (error: unknown): Done => ({ id, error: error instanceof Error ? error.message : String(error) })).then(answer);
});
// A terminal sends these to all its processes; this one ends with the one that started it, which may still need an answer.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
