import { apiServices } from './apiservices.ts';
import { bindings } from './bindings.ts';
import { certificateSigningRequests } from './certificatesigningrequests.ts';
import { clusterRoleBindings } from './clusterrolebindings.ts';
import { clusterRoles } from './clusterroles.ts';
import { componentStatuses } from './componentstatuses.ts';
import { configMaps } from './configmaps.ts';
import { controllerRevisions } from './controllerrevisions.ts';
import { cronJobs } from './cronjobs.ts';
import { csiDrivers } from './csidrivers.ts';
import { csiNodes } from './csinodes.ts';
import { csiStorageCapacities } from './csistoragecapacities.ts';
import { daemonSets } from './daemonsets.ts';
import { deployments } from './deployments.ts';
import { customResourceDefinitions } from './customresourcedefinitions.ts';
import { deviceClasses } from './deviceclasses.ts';
import { endpoints } from './endpoints.ts';
import { endpointSlices } from './endpointslices.ts';
import { events } from './events.ts';
import { eventsK8sIo } from './events-k8s-io.ts';
import { flowSchemas } from './flowschemas.ts';
import { horizontalPodAutoscalersV1 } from './horizontalpodautoscalers-v1.ts';
import { horizontalPodAutoscalersV2 } from './horizontalpodautoscalers-v2.ts';
import { ingressClasses } from './ingressclasses.ts';
import { ingresses } from './ingresses.ts';
import { ipAddresses } from './ipaddresses.ts';
import { jobs } from './jobs.ts';
import { leases } from './leases.ts';
import { limitRanges } from './limitranges.ts';
import { localSubjectAccessReviews } from './localsubjectaccessreviews.ts';
import { mutatingWebhookConfigurations } from './mutatingwebhookconfigurations.ts';
import { namespaces } from './namespaces.ts';
import { networkPolicies } from './networkpolicies.ts';
import { nodes } from './nodes.ts';
import { persistentVolumeClaims } from './persistentvolumeclaims.ts';
import { persistentVolumes } from './persistentvolumes.ts';
import { podDisruptionBudgets } from './poddisruptionbudgets.ts';
import { pods } from './pods.ts';
import { podTemplates } from './podtemplates.ts';
import { priorityClasses } from './priorityclasses.ts';
import { priorityLevelConfigurations } from './prioritylevelconfigurations.ts';
import { replicaSets } from './replicasets.ts';
import { replicationControllers } from './replicationcontrollers.ts';
import type { AnyResource } from './resource.ts';
import { resourceClaims } from './resourceclaims.ts';
import { resourceClaimTemplates } from './resourceclaimtemplates.ts';
import { resourceQuotas } from './resourcequotas.ts';
import { resourceSlices } from './resourceslices.ts';
import { roleBindings } from './rolebindings.ts';
import { roles } from './roles.ts';
import { runtimeClasses } from './runtimeclasses.ts';
import { secrets } from './secrets.ts';
import { selfSubjectAccessReviews } from './selfsubjectaccessreviews.ts';
import { selfSubjectReviews } from './selfsubjectreviews.ts';
import { selfSubjectRulesReviews } from './selfsubjectrulesreviews.ts';
import { serviceAccounts } from './serviceaccounts.ts';
import { serviceCidrs } from './servicecidrs.ts';
import { services } from './services.ts';
import { statefulSets } from './statefulsets.ts';
import { storageClasses } from './storageclasses.ts';
import { subjectAccessReviews } from './subjectaccessreviews.ts';
import { tokenReviews } from './tokenreviews.ts';
import { validatingAdmissionPolicies } from './validatingadmissionpolicies.ts';
import { validatingAdmissionPolicyBindings } from './validatingadmissionpolicybindings.ts';
import { validatingWebhookConfigurations } from './validatingwebhookconfigurations.ts';
import { volumeAttachments } from './volumeattachments.ts';
import { volumeAttributesClasses } from './volumeattributesclasses.ts';

/** Every kind that the server knows by itself. */
export const builtInResources: readonly AnyResource[] = [
  bindings, componentStatuses, configMaps, endpoints, events, limitRanges, namespaces, nodes, persistentVolumeClaims, persistentVolumes, pods,
  podTemplates, replicationControllers, resourceQuotas, secrets, serviceAccounts, services,
  controllerRevisions, daemonSets, deployments, replicaSets, statefulSets,
  cronJobs, jobs,
  horizontalPodAutoscalersV2, horizontalPodAutoscalersV1,
  podDisruptionBudgets,
  leases,
  endpointSlices,
  eventsK8sIo,
  ingressClasses, ingresses, ipAddresses, networkPolicies, serviceCidrs,
  runtimeClasses,
  deviceClasses, resourceClaims, resourceClaimTemplates, resourceSlices,
  priorityClasses,
  csiDrivers, csiNodes, csiStorageCapacities, storageClasses, volumeAttachments, volumeAttributesClasses,
  customResourceDefinitions,
  selfSubjectReviews, tokenReviews,
  localSubjectAccessReviews, selfSubjectAccessReviews, selfSubjectRulesReviews, subjectAccessReviews,
  clusterRoleBindings, clusterRoles, roleBindings, roles,
  certificateSigningRequests,
  mutatingWebhookConfigurations, validatingAdmissionPolicies, validatingAdmissionPolicyBindings, validatingWebhookConfigurations,
  apiServices,
  flowSchemas, priorityLevelConfigurations,
];
