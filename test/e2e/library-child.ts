import { readdir, readlink } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { queryObjects } from 'node:v8';
import { startControlPlane, type ControlPlane } from 'keelson';
import { ConfigMap } from 'keelson/core/api/schema/core-v1';
import { ApiServer } from 'keelson/core/apiserver/api-server';
import { HttpClient } from 'keelson/core/client/http-client';
import { Manager } from 'keelson/core/reconcile/manager';
import { ObjectStore } from 'keelson/core/store/object-store';

/*
 * A program that uses control planes as hard as it can and stops them; `library.test.ts` runs it. It never calls `process.exit`. Its last
 * line says what it was left with.
 */

/** Sockets, and what else is open besides files. */
async function openDescriptors(): Promise<number> {
  const names = await readdir('/proc/self/fd').catch(() => []);
  const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
  return targets.filter((target) => target !== '').length;
}

let connectionsLeft = 0;

async function use(plane: ControlPlane, name: string): Promise<void> {
  const client = await plane.clientFor({ name: 'child', groups: ['system:masters'] });
  for (const each of [plane.client, client]) void watch(each);
  const { cert, key } = await plane.servingCertificate();
  const server = createServer({ cert, key }, (request, response) => {
    request.resume();
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await plane.installWebhooks([{
    kind: 'ValidatingWebhookConfiguration', metadata: { name: 'hook' },
    webhooks: [{
      name: 'hook.example.com', clientConfig: { service: { namespace: 'default', name: 'x' } }, failurePolicy: 'Ignore', sideEffects: 'None', admissionReviewVersions: ['v1'],
      rules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
    }],
  }], { url });
  for (let i = 0; i < 20; i++) await client.create(ConfigMap, { metadata: { namespace: 'default', name: `${name}-${i}` } });
  const connections = promisify(server.getConnections.bind(server));
  if (await connections() === 0) throw new Error('the webhook was never called');
  await plane.stop();
  // Connections to webhooks are kept; with the control plane they end.
  for (let i = 0; i < 100 && await connections() > 0; i++) await delay(20);
  connectionsLeft += await connections();
  server.close();
}

async function watch(client: ControlPlane['client']): Promise<void> {
  try {
    for await (const event of client.watch(ConfigMap, {}, new AbortController().signal)) void event;
  } catch {
    // The server ended.
  }
}

async function useAll(): Promise<void> {
  const planes = await Promise.all([startControlPlane(), startControlPlane({ store: 'sqlite' }), startControlPlane({ controllers: false }), startControlPlane({ providers: ['local'] })]);
  await Promise.all(planes.map((plane, i) => use(plane, `map-${i}`)));
}

await (await startControlPlane()).stop();
const before = await openDescriptors();
await useAll();
// What closes needs a turn of the event loop or two.
await delay(100);
const resources = process.getActiveResourcesInfo().filter((name) => !/^(Pipe|TTY)/.test(name));
const more = await openDescriptors() - before;
const inMemory = [ApiServer, ObjectStore, Manager, HttpClient].filter((part) => Number(queryObjects(part, { format: 'count' })) > 0).map(({ name }) => name);
process.stdout.write(`${JSON.stringify({ resources, more, connectionsLeft, inMemory })}\n`);
