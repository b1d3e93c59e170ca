import { groupVersion, type KindOf } from './kind.ts';
import { always, bool, bytes, int32, merged, oneOf, pointer, required, string, time, withDefault, type Of } from './type.ts';

const apiregistration = groupVersion('io.k8s.kube-aggregator.pkg.apis.apiregistration.v1', 'apiregistration.k8s.io', 'v1');

export const ServiceReference = apiregistration.type('ServiceReference', 'The service behind which an extension API server stands.', {
  namespace: [1, string, 'Namespace of the Service.'],
  name: [2, string, 'Name of the Service.'],
  port: [3, withDefault(pointer(int32), 443), 'Port of the Service, which speaks HTTPS.'],
});
export type ServiceReference = Of<typeof ServiceReference>;

export const APIServiceSpec = apiregistration.type('APIServiceSpec', 'Which version of which group, and who serves it.', {
  service: [1, ServiceReference, 'Who serves it; this server itself when absent.'],
  group: [2, string, 'The group.'],
  version: [3, string, 'The version.'],
  insecureSkipTLSVerify: [4, bool, 'Do not check the other server\'s certificate.'],
  caBundle: [5, bytes, 'Authorities in PEM that sign the other server\'s certificate; the system\'s own when absent.'],
  groupPriorityMinimum: [7, required(int32), 'Groups with a higher number come first in discovery; at most 20000.'],
  versionPriority: [8, required(int32), 'Versions with a higher number come first inside the group; at most 1000.'],
});
export type APIServiceSpec = Of<typeof APIServiceSpec>;

export const APIServiceCondition = apiregistration.type('APIServiceCondition', 'One aspect of the service\'s state.', {
  type: [1, required(string), 'Available, so far.'],
  status: [2, required(oneOf('True', 'False', 'Unknown')), 'Whether it holds.'],
  lastTransitionTime: [3, time, 'When status last changed.'],
  reason: [4, string, 'One word in CamelCase for programs.'],
  message: [5, string, 'A sentence for people.'],
});
export type APIServiceCondition = Of<typeof APIServiceCondition>;

export const APIServiceStatus = apiregistration.type('APIServiceStatus', 'Whether it can be reached.', {
  conditions: [1, merged(APIServiceCondition, ['type']), 'Aspects of its state.'],
});
export type APIServiceStatus = Of<typeof APIServiceStatus>;

export const APIService = apiregistration.kind('APIService', 'Says who serves one version of one API group; the name is version.group.', {
  spec: [2, always(APIServiceSpec), 'Which version of which group, and who serves it.'],
  status: [3, always(APIServiceStatus), 'Whether it can be reached.'],
}, { namespaced: false });
export type APIService = KindOf<typeof APIService>;
