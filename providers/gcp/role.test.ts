import { expect } from 'chai';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { permissionOf } from '#test/emulators/gcp/api.ts';
import { methods as emulatedMethods } from '#test/emulators/gcp/method-table.ts';

const folder = import.meta.dirname;

/** What the methods' pages of the vendor's reference, below "IAM Permissions", and its audit logs' pages say is needed for what the provider does with them; each without `compute.`. */
const table: Readonly<Record<string, readonly string[]>> = {
  'addresses.delete': ['addresses.delete', 'addresses.deleteInternal'],
  'addresses.get': ['addresses.get'],
  'addresses.insert': ['addresses.create', 'addresses.createInternal', 'addresses.setLabels', 'networks.use', 'subnetworks.use'],
  'addresses.list': ['addresses.list'],
  'addresses.setLabels': ['addresses.setLabels'],
  'disks.aggregatedList': ['disks.list'],
  'disks.delete': ['disks.delete'],
  'disks.get': ['disks.get'],
  'disks.insert': ['disks.create', 'disks.setLabels', 'disks.useReadOnly', 'images.useReadOnly', 'snapshots.useReadOnly', 'storagePools.use'],
  'disks.resize': ['disks.resize'],
  'disks.update': ['disks.update'],
  'firewalls.delete': ['firewalls.delete', 'networks.updatePolicy'],
  'firewalls.get': ['firewalls.get'],
  'firewalls.insert': ['firewalls.create', 'networks.updatePolicy'],
  'firewalls.list': ['firewalls.list'],
  'firewalls.update': ['firewalls.update', 'networks.updatePolicy'],
  'forwardingRules.delete': ['forwardingRules.delete'],
  'forwardingRules.get': ['forwardingRules.get'],
  'forwardingRules.insert': ['forwardingRules.create', 'forwardingRules.setLabels', 'addresses.use', 'addresses.useInternal', 'networks.use', 'regionBackendServices.use', 'subnetworks.use'],
  'forwardingRules.list': ['forwardingRules.list'],
  'forwardingRules.patch': ['forwardingRules.update'],
  'forwardingRules.setLabels': ['forwardingRules.setLabels'],
  'globalOperations.wait': ['globalOperations.get'],
  'images.delete': ['images.delete'],
  'images.get': ['images.get'],
  'images.insert': ['images.create', 'images.setLabels', 'disks.useReadOnly'],
  'images.list': ['images.list'],
  'instanceGroups.addInstances': ['instanceGroups.update', 'instances.use'],
  'instanceGroups.delete': ['instanceGroups.delete'],
  'instanceGroups.get': ['instanceGroups.get'],
  'instanceGroups.insert': ['instanceGroups.create', 'networks.use'],
  'instanceGroups.listInstances': ['instanceGroups.list'],
  'instanceGroups.removeInstances': ['instanceGroups.update', 'instances.use'],
  'instances.aggregatedList': ['instances.list'],
  'instances.attachDisk': ['instances.attachDisk', 'disks.use', 'disks.useReadOnly'],
  'instances.detachDisk': ['instances.detachDisk'],
  'instances.get': ['instances.get'],
  'instances.list': ['instances.list'],
  'regionBackendServices.delete': ['regionBackendServices.delete'],
  'regionBackendServices.get': ['regionBackendServices.get'],
  'regionBackendServices.insert': ['regionBackendServices.create', 'instanceGroups.use', 'networks.use', 'regionHealthChecks.useReadOnly'],
  'regionBackendServices.list': ['regionBackendServices.list'],
  'regionBackendServices.patch': ['regionBackendServices.update', 'instanceGroups.use', 'regionHealthChecks.useReadOnly'],
  'regionDisks.delete': ['disks.delete'],
  'regionDisks.get': ['disks.get'],
  'regionDisks.insert': ['disks.create', 'disks.setLabels', 'disks.useReadOnly', 'images.useReadOnly', 'snapshots.useReadOnly'],
  'regionDisks.resize': ['disks.resize'],
  'regionDisks.update': ['disks.update'],
  'regionHealthChecks.delete': ['regionHealthChecks.delete'],
  'regionHealthChecks.get': ['regionHealthChecks.get'],
  'regionHealthChecks.insert': ['regionHealthChecks.create'],
  'regionHealthChecks.list': ['regionHealthChecks.list'],
  'regionHealthChecks.update': ['regionHealthChecks.update'],
  'regionOperations.wait': ['regionOperations.get'],
  'routes.delete': ['routes.delete', 'networks.updatePolicy'],
  'routes.get': ['routes.get'],
  'routes.insert': ['routes.create', 'networks.updatePolicy', 'instances.use'],
  'routes.list': ['routes.list'],
  'snapshots.delete': ['snapshots.delete'],
  'snapshots.get': ['snapshots.get'],
  'snapshots.insert': ['snapshots.create', 'snapshots.setLabels', 'disks.createSnapshot'],
  'snapshots.list': ['snapshots.list'],
  'zoneOperations.list': ['zoneOperations.list'],
  'zoneOperations.wait': ['zoneOperations.get'],
  'zones.list': ['zones.list'],
};

/** The methods that the provider's sources name, without `compute.`. */
async function usedMethods(): Promise<readonly string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  for (const [i, text] of texts.entries()) expect(/\bapi\.(?:read|change)\(\s*(?!'compute\.)/.test(text), `${files[i]} makes up the name of a method`).to.equal(false);
  return [...new Set(texts.flatMap((text) => [...text.matchAll(/['"]compute\.(\w+\.\w+)['"]/g)].map(([, method = '']) => method)))].toSorted();
}

async function rolePermissions(): Promise<readonly string[]> {
  const role: unknown = parse(await readFile(join(folder, 'role.yaml'), 'utf8'));
  return (role as { readonly includedPermissions: readonly string[] }).includedPermissions;
}

describe('the role of the GCP provider', () => {
  it('has exactly the permissions that its calls need', async () => {
    const used = await usedMethods();
    expect(used).to.include.members(['instances.aggregatedList', 'routes.insert', 'zones.list', 'globalOperations.wait']);
    expect(used.filter((method) => !Object.hasOwn(table, method)), 'methods of which the table says nothing').to.deep.equal([]);
    const needed = new Set(used.flatMap((method) => table[method] ?? []).map((permission) => `compute.${permission}`));
    expect(await rolePermissions()).to.deep.equal([...needed].toSorted());
  });

  it('has what the emulator asks for', async () => {
    const permissions = new Set(await rolePermissions());
    const missing = (await usedMethods()).flatMap((method) => {
      const emulated = emulatedMethods.find(({ id }) => id === `compute.${method}`);
      if (emulated === undefined) return [`${method}: not emulated`];
      return permissions.has(permissionOf(emulated)) ? [] : [`${method}: ${permissionOf(emulated)}`];
    });
    expect(missing).to.deep.equal([]);
  });
});
