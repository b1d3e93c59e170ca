import { ContainerModule } from 'inversify';
import type { BootstrapPolicy } from '#core/api/rbac/bootstrap-policy.ts';
import { Client } from '#core/client/client.ts';
import { ApiEventRecorders } from '#core/client/api-event-recorder.ts';
import { EventRecorders } from '#core/client/event-recorder.ts';
import { ServedKinds } from '#core/client/served-kinds.ts';
import { Clock } from '#core/kernel/clock.ts';
import { Logger } from '#core/kernel/logger.ts';
import { Controller } from '#core/reconcile/controller.ts';
import { Informers } from '#core/reconcile/informer.ts';
import { BootstrapObject } from '#core/spi/bootstrap-object.ts';
import { Instances } from '#core/spi/instances.ts';
import { LoadBalancers } from '#core/spi/load-balancers.ts';
import { Routes } from '#core/spi/routes.ts';
import { canSnapshot, VolumeDriver } from '#core/spi/volume-driver.ts';
import type { CertificateSigner } from '#core/spi/certificate-signer.ts';
import { ApiServiceController, type CheckDiscovery } from './api-service/controller.ts';
import { Bootstrap } from './bootstrap/bootstrap.ts';
import { BootstrapSignerController } from './bootstrap-signer/controller.ts';
import { CertificateApprovingController } from './certificate-approving/controller.ts';
import { CertificateCleaningController } from './certificate-cleaning/controller.ts';
import { CertificateSigningController } from './certificate-signing/controller.ts';
import { ClaimProtectionController } from './claim-protection/controller.ts';
import { CloudNodeController } from './cloud-node/controller.ts';
import { InstanceDirectory } from './cloud-node/instance-directory.ts';
import { CloudNodeLifecycleController } from './cloud-node-lifecycle/controller.ts';
import { ClusterRoleAggregationController } from './clusterrole-aggregation/controller.ts';
import { CronJobController } from './cron-job/controller.ts';
import { DaemonSetController } from './daemon-set/controller.ts';
import { DeploymentController } from './deployment/controller.ts';
import { DisruptionController } from './disruption/controller.ts';
import { StaleTargetsController } from './disruption/stale-targets.ts';
import { EndpointSliceController } from './endpoint-slice/controller.ts';
import { EndpointSliceMirroringController } from './endpoint-slice-mirroring/controller.ts';
import { EndpointsController } from './endpoints/controller.ts';
import { EphemeralVolumeController } from './ephemeral-volume/controller.ts';
import { EventTtlController } from './event-ttl/controller.ts';
import { GarbageCollectionController } from './garbage-collection/controller.ts';
import { JobController } from './job/controller.ts';
import { JobPodReleaseController } from './job/release-controller.ts';
import { LoadBalancerSweepController } from './load-balancer-sweep/controller.ts';
import { NamespaceController } from './namespace/controller.ts';
import { NodeDefaultsController, type NodeDefaults } from './node-defaults/controller.ts';
import { NodeIpamController } from './node-ipam/controller.ts';
import type { NodeIpamSettings } from './node-ipam/node-ranges.ts';
import { NodeLifecycleController } from './node-lifecycle/controller.ts';
import { PodGarbageCollectionController } from './pod-garbage-collection/controller.ts';
import { PolicyStatusController } from './policy-status/controller.ts';
import { ReplicaSetController } from './replica-set/controller.ts';
import { replicaSets, replicationControllers } from './replica-set/pod-set.ts';
import { ResourceQuotaController } from './resource-quota/controller.ts';
import { RootCaController } from './root-ca/controller.ts';
import { RouteController } from './route/controller.ts';
import { ServiceAccountController } from './service-account/controller.ts';
import { ServiceAccountTokenController, type IssueForSecret } from './service-account-token/controller.ts';
import { ServiceAddressController } from './service-address/controller.ts';
import { ServiceCidrController } from './service-cidr/controller.ts';
import { ServiceLoadBalancerController } from './service-load-balancer/controller.ts';
import { ServingCertificateApprovingController } from './serving-certificate-approving/controller.ts';
import { SnapshotController } from './snapshot/controller.ts';
import { snapshotDefinitions } from './snapshot/definitions.ts';
import { StorageCapacityController } from './storage-capacity/controller.ts';
import { TaintEvictionController } from './taint-eviction/controller.ts';
import { TokenCleaningController } from './token-cleaning/controller.ts';
import { TtlAfterFinishedController } from './ttl-after-finished/controller.ts';
import { AttachDetachController } from './volume-attachment/attach-detach.ts';
import { VolumeAttacherController } from './volume-attachment/attacher.ts';
import { VolumeBindingController } from './volume-binding/controller.ts';
import { VolumeExpansionController } from './volume-expansion/controller.ts';
import { AttributesClassProtectionController } from './volume-modification/class-protection.ts';
import { VolumeModificationController } from './volume-modification/controller.ts';
import { VolumeProtectionController } from './volume-protection/controller.ts';
import { VolumeProvisioningController } from './volume-provisioning/controller.ts';
import { VolumeReclaimController } from './volume-reclaim/controller.ts';

export interface ControllersOptions {
  /** PEM of the authority that signs the API server's certificate. */
  readonly ca: string;
  /** The same authority, as signer of the cluster's certificates. */
  readonly signer: CertificateSigner;
  /** Makes tokens for secrets that hold one. */
  readonly issueForSecret: IssueForSecret;
  /** Asks an extension API server whether it is there. */
  readonly checkDiscovery: CheckDiscovery;
  /** From which ranges nodes get theirs for pods; without it nobody gives them any. */
  readonly nodeIpam?: NodeIpamSettings;
  /** What nodes need to join; without it none can. */
  readonly joining?: JoiningSettings;
  /** Roles and bindings that every cluster has. */
  readonly policy?: BootstrapPolicy;
}

export interface JoiningSettings {
  /** Where the API server is reached. */
  readonly server: () => string | Promise<string>;
  /** Names and addresses of the API server's certificate. */
  readonly apiServerHosts: readonly string[];
  /** Published for nodes that join. */
  readonly nodeDefaults?: NodeDefaults;
}

/** Each takes what it needs of this. */
interface Surroundings {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly recorders: EventRecorders;
  readonly drivers: readonly VolumeDriver[];
  readonly balancers: readonly LoadBalancers[];
  readonly directory: InstanceDirectory;
  readonly routes: readonly Routes[];
  readonly kinds: ServedKinds;
}

/** The one list of controllers. */
const list: readonly ((around: Surroundings, options: ControllersOptions) => Controller)[] = [
  (around) => new VolumeBindingController({ ...around, recorder: around.recorders.for('persistentvolume-controller') }),
  (around) => new VolumeProvisioningController({ ...around, recorder: around.recorders.for('volume-provisioning') }),
  (around) => new VolumeReclaimController({ ...around, recorder: around.recorders.for('volume-reclaim') }),
  (around) => new VolumeExpansionController({ ...around, recorder: around.recorders.for('volume-expansion') }),
  (around) => new VolumeModificationController({ ...around, recorder: around.recorders.for('volume-modification') }),
  (around) => new AttributesClassProtectionController(around),
  (around) => new SnapshotController({ ...around, recorder: around.recorders.for('snapshot-controller') }),
  (around) => new ClaimProtectionController(around),
  (around) => new VolumeProtectionController(around),
  (around) => new StorageCapacityController(around),
  (around) => new AttachDetachController({ ...around, recorder: around.recorders.for('attachdetach-controller') }),
  (around) => new VolumeAttacherController(around),
  (around) => new EphemeralVolumeController({ ...around, recorder: around.recorders.for('ephemeral-volume-controller') }),
  (around) => new NamespaceController(around),
  (around) => new GarbageCollectionController({ ...around, recorder: around.recorders.for('garbage-collector-controller') }),
  (around) => new ResourceQuotaController(around),
  (around) => new ServiceAccountController(around),
  (around, { ca }) => new RootCaController({ ...around, ca }),
  (around, { ca, issueForSecret }) => new ServiceAccountTokenController({ ...around, ca, issue: issueForSecret }),
  (around, { signer }) => new CertificateSigningController({ ...around, signer }),
  (around, { signer }) => new CertificateApprovingController({ ...around, signer }),
  (around) => new CertificateCleaningController(around),
  (around) => new ClusterRoleAggregationController(around),
  (around) => new PolicyStatusController(around),
  (around, { checkDiscovery }) => new ApiServiceController({ ...around, check: checkDiscovery }),
  (around) => new ServiceCidrController(around),
  (around) => new ServiceAddressController({ ...around, recorder: around.recorders.for('ipallocator-repair-controller') }),
  (around) => new ServiceLoadBalancerController({ ...around, recorder: around.recorders.for('service-controller') }),
  (around) => new LoadBalancerSweepController(around),
  (around) => new EndpointSliceController(around),
  (around) => new EndpointsController(around),
  (around) => new EndpointSliceMirroringController(around),
  (around) => new EventTtlController(around),
  (around) => new NodeLifecycleController({ ...around, recorder: around.recorders.for('node-controller') }),
  (around) => new CloudNodeController({ ...around, recorder: around.recorders.for('cloud-node-controller') }),
  (around) => new CloudNodeLifecycleController({ ...around, recorder: around.recorders.for('cloud-node-lifecycle-controller') }),
  (around, { nodeIpam: ipam }) => new RouteController({ ...around, clusterCidrs: ipam?.clusterCidrs ?? [], recorder: around.recorders.for('route_controller') }),
  (around) => new TaintEvictionController({ ...around, recorder: around.recorders.for('taint-eviction-controller') }),
  (around) => new PodGarbageCollectionController(around),
  (around) => new DisruptionController({ ...around, recorder: around.recorders.for('controllermanager') }),
  (around) => new StaleTargetsController(around),
  (around) => new ReplicaSetController({ ...around, recorder: around.recorders.for('replicaset-controller'), name: 'replica-set', kind: replicaSets }),
  (around) => new ReplicaSetController({ ...around, recorder: around.recorders.for('replication-controller'), name: 'replication-controller', kind: replicationControllers }),
  (around) => new DaemonSetController({ ...around, recorder: around.recorders.for('daemonset-controller') }),
  (around) => new DeploymentController({ ...around, recorder: around.recorders.for('deployment-controller') }),
  (around) => new JobController({ ...around, recorder: around.recorders.for('job-controller') }),
  (around) => new JobPodReleaseController(around),
  (around) => new TtlAfterFinishedController(around),
  (around) => new CronJobController({ ...around, recorder: around.recorders.for('cronjob-controller') }),
];

const nodeIpam = (settings: NodeIpamSettings) => (around: Surroundings): Controller =>
  new NodeIpamController({ ...around, ...settings, recorder: around.recorders.for('cidrAllocator') });

const joining = ({ server, apiServerHosts, nodeDefaults }: JoiningSettings): typeof list => [
  (around, { ca }) => new BootstrapSignerController({ ...around, ca, server }),
  (around) => new TokenCleaningController(around),
  (around, { signer }) => new ServingCertificateApprovingController({ ...around, signer, reservedHosts: apiServerHosts, recorder: around.recorders.for('serving-certificate-approving') }),
  ...(nodeDefaults === undefined ? [] : [(around: Surroundings) => new NodeDefaultsController({ ...around, defaults: nodeDefaults })]),
];

export const controllers = (options: ControllersOptions): ContainerModule => new ContainerModule(({ bind }) => {
  bind(ApiEventRecorders).toResolvedValue(
    (writer: Client, clock: Clock, logger: Logger) => new ApiEventRecorders({ writer, clock, logger: logger.with({ component: 'events' }) }), [Client, Clock, Logger],
  ).inSingletonScope();
  bind(EventRecorders).toService(ApiEventRecorders);
  bind(Bootstrap).toResolvedValue(
    (client: Client, logger: Logger, objects: BootstrapObject[], drivers: VolumeDriver[]) => new Bootstrap(client, logger, [...objects, ...(drivers.some(canSnapshot) ? snapshotDefinitions : [])], options.policy),
    [Client, Logger, { serviceIdentifier: BootstrapObject, isMultiple: true }, { serviceIdentifier: VolumeDriver, isMultiple: true }],
  ).inSingletonScope();
  bind(InstanceDirectory).toResolvedValue(
    (instances: Instances[], clock: Clock, logger: Logger) => new InstanceDirectory({ instances, clock, logger: logger.with({ component: 'instances' }) }),
    [{ serviceIdentifier: Instances, isMultiple: true }, Clock, Logger],
  ).inSingletonScope();
  for (const make of [...list, ...(options.nodeIpam === undefined ? [] : [nodeIpam(options.nodeIpam)]), ...(options.joining === undefined ? [] : joining(options.joining))]) {
    bind(Controller).toResolvedValue(
      (...[client, informers, clock, logger, recorders, drivers, balancers, directory, routes, kinds]: [Client, Informers, Clock, Logger, EventRecorders, VolumeDriver[], LoadBalancers[], InstanceDirectory, Routes[], ServedKinds]) =>
        make({ client, informers, clock, logger, recorders, drivers, balancers, directory, routes, kinds }, options),
      [
        Client, Informers, Clock, Logger, EventRecorders, { serviceIdentifier: VolumeDriver, isMultiple: true }, { serviceIdentifier: LoadBalancers, isMultiple: true },
        InstanceDirectory, { serviceIdentifier: Routes, isMultiple: true }, ServedKinds,
      ],
    ).inSingletonScope();
  }
});
