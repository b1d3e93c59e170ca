import { groupVersion, type KindOf } from './kind.ts';
import { JSONSchemaProps } from './json-schema-v1.ts';
import { always, bool, bytes, int32, list, merged, pointer, required, string, time, type Of } from './type.ts';

const apiextensions = groupVersion('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1', 'apiextensions.k8s.io', 'v1');

export const CustomResourceDefinitionNames = apiextensions.type('CustomResourceDefinitionNames', 'How a custom resource is named in URLs, documents and on the command line.', {
  plural: [1, required(string), 'The name in URLs: lower case, plural.'],
  singular: [2, string, 'The singular; by default the kind in lower case.'],
  shortNames: [3, list(string), 'Abbreviations for the command line.'],
  kind: [4, required(string), 'The kind, in CamelCase and singular.'],
  listKind: [5, string, 'The kind of lists; by default the kind followed by List.'],
  categories: [6, list(string), 'Groups of resources that it belongs to, such as all.'],
});
export type CustomResourceDefinitionNames = Of<typeof CustomResourceDefinitionNames>;

export const CustomResourceColumnDefinition = apiextensions.type('CustomResourceColumnDefinition', 'A column of kubectl get.', {
  name: [1, required(string), 'Its heading.'],
  type: [2, required(string), 'integer, number, string, boolean or date.'],
  format: [3, string, 'More about the type, for the client.'],
  description: [4, string, 'What it shows.'],
  priority: [5, int32, 'Columns above 0 are shown with -o wide only.'],
  jsonPath: [6, required(string), 'Where in the object the value is.'],
});
export type CustomResourceColumnDefinition = Of<typeof CustomResourceColumnDefinition>;

export const CustomResourceSubresourceStatus = apiextensions.type('CustomResourceSubresourceStatus', 'Has no settings.', {});

export const CustomResourceSubresourceScale = apiextensions.type('CustomResourceSubresourceScale', 'Where a scale is found in an object.', {
  specReplicasPath: [1, required(string), 'Path of the wanted number of replicas, below .spec.'],
  statusReplicasPath: [2, required(string), 'Path of the actual number, below .status.'],
  labelSelectorPath: [3, pointer(string), 'Path of the selector in text form, below .spec or .status; autoscaling needs it.'],
});
export type CustomResourceSubresourceScale = Of<typeof CustomResourceSubresourceScale>;

export const CustomResourceSubresources = apiextensions.type('CustomResourceSubresources', 'What has a URL of its own below an object.', {
  status: [1, CustomResourceSubresourceStatus, 'The status is written through /status only.'],
  scale: [2, CustomResourceSubresourceScale, 'The object can be scaled through /scale.'],
});
export type CustomResourceSubresources = Of<typeof CustomResourceSubresources>;

export const SelectableField = apiextensions.type('SelectableField', 'A field by which a field selector may select.', {
  jsonPath: [1, required(string), 'Simple path of a string, boolean or integer, outside the metadata.'],
});
export type SelectableField = Of<typeof SelectableField>;

export const CustomResourceValidation = apiextensions.type('CustomResourceValidation', 'How objects are validated.', {
  openAPIV3Schema: [1, JSONSchemaProps, 'The schema of the objects.'],
});
export type CustomResourceValidation = Of<typeof CustomResourceValidation>;

export const CustomResourceDefinitionVersion = apiextensions.type('CustomResourceDefinitionVersion', 'One version of a custom resource.', {
  name: [1, required(string), 'Its name, such as v1beta1.'],
  served: [2, required(bool), 'Whether it is reachable over the API.'],
  storage: [3, required(bool), 'Objects are stored in this version. Exactly one is.'],
  schema: [4, CustomResourceValidation, 'What objects of this version look like.'],
  subresources: [5, CustomResourceSubresources, 'What has a URL of its own below an object.'],
  additionalPrinterColumns: [6, list(CustomResourceColumnDefinition), 'Columns of kubectl get; by default the age.'],
  deprecated: [7, bool, 'Requests for this version are answered with a warning.'],
  deprecationWarning: [8, pointer(string), 'The warning, in place of the usual one.'],
  selectableFields: [9, list(SelectableField), 'Fields by which a field selector may select.'],
});
export type CustomResourceDefinitionVersion = Of<typeof CustomResourceDefinitionVersion>;

export const ServiceReference = apiextensions.type('ServiceReference', 'A Service to call.', {
  namespace: [1, required(string), 'Its namespace.'],
  name: [2, required(string), 'Its name.'],
  path: [3, pointer(string), 'Path of the URL.'],
  port: [4, pointer(int32), 'Its port, 443 by default.'],
});
export type ServiceReference = Of<typeof ServiceReference>;

export const WebhookClientConfig = apiextensions.type('WebhookClientConfig', 'How to reach a webhook: by one of url and service.', {
  service: [1, ServiceReference, 'A Service of this cluster.'],
  caBundle: [2, bytes, 'PEM certificates that vouch for the webhook; the system\'s when absent.'],
  url: [3, pointer(string), 'Address, beginning with https://.'],
});
export type WebhookClientConfig = Of<typeof WebhookClientConfig>;

export const WebhookConversion = apiextensions.type('WebhookConversion', 'How to call a conversion webhook.', {
  clientConfig: [2, WebhookClientConfig, 'How to reach it.'],
  conversionReviewVersions: [3, required(list(string)), 'Versions of ConversionReview that it understands, the preferred first.'],
});
export type WebhookConversion = Of<typeof WebhookConversion>;

export const CustomResourceConversion = apiextensions.type('CustomResourceConversion', 'How objects are converted between versions.', {
  strategy: [1, required(string), 'None changes only the apiVersion, Webhook asks someone outside.'],
  webhook: [2, WebhookConversion, 'Whom to ask.'],
});
export type CustomResourceConversion = Of<typeof CustomResourceConversion>;

export const CustomResourceDefinitionSpec = apiextensions.type('CustomResourceDefinitionSpec', 'A resource as its author wants it.', {
  group: [1, required(string), 'The API group. Cannot change.'],
  names: [3, required(CustomResourceDefinitionNames), 'How it is named.'],
  scope: [4, required(string), 'Cluster or Namespaced.'],
  versions: [7, required(list(CustomResourceDefinitionVersion)), 'Its versions.'],
  conversion: [9, CustomResourceConversion, 'How objects are converted between versions.'],
  preserveUnknownFields: [10, bool, 'Must be false: fields that the schema does not know are dropped unless it says otherwise.'],
});
export type CustomResourceDefinitionSpec = Of<typeof CustomResourceDefinitionSpec>;

export const CustomResourceDefinitionCondition = apiextensions.type('CustomResourceDefinitionCondition', 'One aspect of a definition\'s state.', {
  type: [1, required(string), 'Name of the aspect, such as Established.'],
  status: [2, required(string), 'True, False or Unknown.'],
  lastTransitionTime: [3, time, 'When the status last changed.'],
  reason: [4, string, 'One word in CamelCase for programs.'],
  message: [5, string, 'A sentence for people.'],
});
export type CustomResourceDefinitionCondition = Of<typeof CustomResourceDefinitionCondition>;

export const CustomResourceDefinitionStatus = apiextensions.type('CustomResourceDefinitionStatus', 'What became of a definition.', {
  conditions: [1, required(merged(CustomResourceDefinitionCondition, ['type'])), 'Whether it is served, and what is wrong with it.'],
  acceptedNames: [2, always(CustomResourceDefinitionNames), 'The names under which it is served.'],
  storedVersions: [3, required(list(string)), 'Every version in which objects may be stored. Those that migrated all objects remove the others here.'],
});
export type CustomResourceDefinitionStatus = Of<typeof CustomResourceDefinitionStatus>;

export const CustomResourceDefinition = apiextensions.kind('CustomResourceDefinition', 'A resource that the API serves beside its own. The name must be <plural>.<group>.', {
  spec: [2, required(CustomResourceDefinitionSpec), 'The resource as its author wants it.'],
  status: [3, always(CustomResourceDefinitionStatus), 'What became of it.'],
}, { namespaced: false });
export type CustomResourceDefinition = KindOf<typeof CustomResourceDefinition>;
