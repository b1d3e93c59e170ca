import { expect } from 'chai';
import type { APIService } from '#core/api/schema/apiregistration-v1.ts';
import { apiServices } from './apiservices.ts';
import { changed, created, header, judgesCreation, judgesUpdate, row } from './resource.test.ts';

describe('apiServices', () => {
  const service = {
    metadata: { name: 'v1beta1.metrics.k8s.io' },
    spec: { group: 'metrics.k8s.io', version: 'v1beta1', service: { namespace: 'kube-system', name: 'metrics-server' }, groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true },
  };
  judgesCreation(apiServices, service, [
    ['metadata.name', 'v1.metrics.k8s.io', 'metadata.name: Invalid'],
    ['spec.group', 'Metrics', 'metadata.name: Invalid', 'spec.group: Invalid'],
    ['spec.groupPriorityMinimum', 0, 'spec.groupPriorityMinimum: Invalid'],
    ['spec.groupPriorityMinimum', 20000],
    ['spec.groupPriorityMinimum', 20001, 'spec.groupPriorityMinimum: Invalid'],
    ['spec.versionPriority', 1001, 'spec.versionPriority: Invalid'],
    ['spec.service.name', '', 'spec.service.name: Required'],
    ['spec.service.port', 0, 'spec.service.port: Invalid'],
    ['spec.caBundle', 'YQ==', 'spec.insecureSkipTLSVerify: Invalid'],
    ['spec.service', undefined, 'spec.insecureSkipTLSVerify: Invalid'],
  ]);
  judgesCreation(apiServices, { metadata: { name: 'v1.' }, spec: { version: 'v1', groupPriorityMinimum: 18000, versionPriority: 1 } }, [
    ['spec.version', 'v2', 'metadata.name: Invalid', 'spec.group: Required'],
    ['spec.caBundle', 'YQ==', 'spec.caBundle: Invalid'],
  ]);
  judgesUpdate(apiServices, service, [['spec.service.port', 8443]]);

  it('is available at once when this server serves it itself', () => {
    const local = created(apiServices, changed(changed(service, 'spec.service', undefined), 'spec.insecureSkipTLSVerify', undefined)) as APIService;
    expect(local.status.conditions).to.deep.equal([{ type: 'Available', status: 'True', lastTransitionTime: '2026-01-02T11:00:00Z', reason: 'Local', message: 'Local APIServices are always available' }]);
    expect((created(apiServices, { ...service, status: { conditions: [{ type: 'Available', status: 'True' }] } }) as APIService).status).to.deep.equal({});
  });

  it('prints what kubectl users know', () => {
    expect(header(apiServices)).to.equal('NAME | SERVICE | AVAILABLE | AGE');
    const cells = (changes: object): string => row(apiServices, { ...service, ...changes });
    expect(cells({})).to.equal('v1beta1.metrics.k8s.io | kube-system/metrics-server | Unknown | <unknown>');
    expect(cells({ status: { conditions: [{ type: 'Available', status: 'False', reason: 'MissingEndpoints' }] } })).to.contain('| False (MissingEndpoints) |');
    expect(row(apiServices, changed(service, 'spec.service', undefined))).to.contain('| Local |');
  });
});
