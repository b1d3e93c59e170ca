import { expect } from 'chai';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { pods } from './pods.ts';
import { changed, created, creationFindings, judgesCreation, judgesStatus, judgesUpdate, updateFindings } from './resource.test.ts';

const container = { name: 'web', image: 'nginx:1.27' };
const pod = { metadata: { name: 'p', namespace: 'ns' }, spec: { containers: [container] } };
const web = 'spec.containers[0]';
const volume = { name: 'data', persistentVolumeClaim: { claimName: 'c' } };
const withVolume = { ...pod, spec: { containers: [{ ...container, volumeMounts: [{ name: 'data', mountPath: '/data' }] }], volumes: [volume] } };
const probe = { httpGet: { path: '/', port: 80 } };
const labels = { matchLabels: { app: 'a' } };
const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
const soft = 'preferredDuringSchedulingIgnoredDuringExecution';
const env = (...variables: object[]) => variables;
const from = (valueFrom: object) => env({ name: 'A', valueFrom });

describe('pods', () => {
  describe('containers', () => {
    judgesCreation(pods, pod, [
      ['spec.containers', [], 'spec.containers: Required'],
      ['spec.containers', [container, container], 'spec.containers[1].name: Duplicate'],
      [`${web}.name`, 'Web', `${web}.name: Invalid`],
      [`${web}.image`, undefined, `${web}.image: Required`],
      [`${web}.image`, ' nginx', `${web}.image: Invalid`],
      [`${web}.imagePullPolicy`, 'Sometimes', `${web}.imagePullPolicy: NotSupported`],
      [`${web}.ports`, [{ containerPort: 80, name: 'http' }, { containerPort: 81, name: 'http' }], `${web}.ports[1].name: Duplicate`],
      [`${web}.ports`, [{ containerPort: 0 }], `${web}.ports[0].containerPort: Required`],
      [`${web}.ports`, [{ containerPort: 65536 }], `${web}.ports[0].containerPort: Invalid`],
      [`${web}.ports`, [{ containerPort: 80, name: 'much-too-long-name' }], `${web}.ports[0].name: Invalid`],
      [`${web}.ports`, [{ containerPort: 80, protocol: 'ICMP' }], `${web}.ports[0].protocol: NotSupported`],
      [`${web}.ports`, [{ containerPort: 80, hostPort: 80 }, { containerPort: 81, hostPort: 80 }], `${web}.ports[1].hostPort: Duplicate`],
      [`${web}.ports`, [{ containerPort: 80, hostPort: 80 }, { containerPort: 81, hostPort: 80, protocol: 'UDP' }]],
      [`${web}.env`, env({ name: 'A.b-c', value: 'x' })],
      [`${web}.env`, env({ name: '' }), `${web}.env[0].name: Required`],
      [`${web}.env`, env({ name: 'A=B' }), `${web}.env[0].name: Invalid`],
      [`${web}.env`, from({ fieldRef: { fieldPath: "metadata.annotations['a']" } })],
      [`${web}.env`, from({ fieldRef: { fieldPath: 'metadata.labels' } }), `${web}.env[0].valueFrom.fieldRef.fieldPath: NotSupported`],
      [`${web}.env`, from({ fieldRef: { fieldPath: 'spec.secretThing' } }), `${web}.env[0].valueFrom.fieldRef.fieldPath: Invalid`],
      [`${web}.env`, from({ resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } })],
      [`${web}.env`, from({ resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } }), `${web}.env[0].valueFrom.resourceFieldRef.divisor: Invalid`],
      [`${web}.env`, from({ resourceFieldRef: { resource: 'limits.gpu' } }), `${web}.env[0].valueFrom.resourceFieldRef.resource: NotSupported`],
      [`${web}.env`, from({ secretKeyRef: { name: 's', key: '' } }), `${web}.env[0].valueFrom.secretKeyRef.key: Required`],
      [`${web}.env`, from({}), `${web}.env[0].valueFrom: Invalid`],
      [`${web}.env`, env({ name: 'A', value: 'x', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }), `${web}.env[0].valueFrom: Invalid`],
      [`${web}.envFrom`, [{ prefix: 'P_', configMapRef: { name: 'c' } }]],
      [`${web}.envFrom`, [{}], `${web}.envFrom[0]: Invalid`],
      [`${web}.envFrom`, [{ secretRef: {} }], `${web}.envFrom[0].secretRef.name: Required`],
      [`${web}.restartPolicy`, 'Always', `${web}.restartPolicy: Forbidden`],
    ]);
  });

  describe('resources', () => {
    const at = `${web}.resources`;
    judgesCreation(pods, pod, [
      [at, { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } }],
      [at, { limits: { cpu: '1' }, requests: { cpu: '2' } }, `${at}.requests: Invalid`],
      [at, { limits: { cpu: '-1' } }, `${at}.limits[cpu]: Invalid`, `${at}.requests[cpu]: Invalid`],
      [at, { requests: { disk: '1' } }, `${at}.requests[disk]: Invalid`, `${at}.requests[disk]: Invalid`],
      [at, { limits: { 'example.com/gpu': '2' } }],
      [at, { limits: { 'example.com/gpu': '500m' } }, `${at}.limits[example.com/gpu]: Invalid`, `${at}.requests[example.com/gpu]: Invalid`],
      [at, { requests: { 'example.com/gpu': '1' } }, `${at}.limits: Required`],
      [at, { limits: { 'example.com/gpu': '2' }, requests: { 'example.com/gpu': '1' } }, `${at}.requests: Invalid`],
      [at, { limits: { 'hugepages-2Mi': '4Mi' } }, `${at}: Forbidden`],
      [at, { limits: { cpu: '1', 'hugepages-2Mi': '3Mi' } }, `${at}.limits[hugepages-2Mi]: Invalid`, `${at}.requests[hugepages-2Mi]: Invalid`],
      [at, { claims: [{ name: 'gpu' }] }, `${at}.claims[0]: NotFound`],
    ]);
  });

  describe('probes and hooks', () => {
    judgesCreation(pods, pod, [
      [web, { ...container, livenessProbe: probe, readinessProbe: { tcpSocket: { port: 'http' }, successThreshold: 2 }, startupProbe: { exec: { command: ['x'] } } }],
      [`${web}.livenessProbe`, {}, `${web}.livenessProbe: Required`],
      [`${web}.livenessProbe`, { ...probe, grpc: { port: 1 } }, `${web}.livenessProbe.grpc: Forbidden`],
      [`${web}.livenessProbe`, { ...probe, successThreshold: 2 }, `${web}.livenessProbe.successThreshold: Invalid`],
      [`${web}.livenessProbe`, { ...probe, periodSeconds: -1 }, `${web}.livenessProbe.periodSeconds: Invalid`],
      [`${web}.livenessProbe`, { httpGet: { port: 0 } }, `${web}.livenessProbe.httpGet.port: Invalid`],
      [`${web}.livenessProbe`, { httpGet: { port: '8080' } }, `${web}.livenessProbe.httpGet.port: Invalid`],
      [`${web}.livenessProbe`, { httpGet: { port: 80, httpHeaders: [{ name: 'X Y', value: '' }] } }, `${web}.livenessProbe.httpGet.httpHeaders: Invalid`],
      [`${web}.readinessProbe`, { ...probe, terminationGracePeriodSeconds: 1 }, `${web}.readinessProbe.terminationGracePeriodSeconds: Invalid`],
      [`${web}.startupProbe`, { exec: {} }, `${web}.startupProbe.exec.command: Required`],
      [`${web}.lifecycle`, { preStop: { sleep: { seconds: 30 } } }],
      [`${web}.lifecycle`, { preStop: { sleep: { seconds: 31 } } }, `${web}.lifecycle.preStop.sleep: Invalid`],
    ]);
  });

  describe('init and ephemeral containers', () => {
    const init = { name: 'prepare', image: 'busybox' };
    judgesCreation(pods, { ...pod, spec: { ...pod.spec, initContainers: [init] } }, [
      ['spec.initContainers[0].name', 'web', 'spec.initContainers[0].name: Duplicate'],
      ['spec.initContainers[0].livenessProbe', probe, 'spec.initContainers[0].livenessProbe: Forbidden'],
      ['spec.initContainers[0]', { ...init, restartPolicy: 'Always', livenessProbe: probe }],
      ['spec.initContainers[0].restartPolicy', 'Never', 'spec.initContainers[0].restartPolicy: NotSupported'],
      ['spec.ephemeralContainers', [{ name: 'debug', image: 'x', targetContainerName: 'web' }], 'spec.ephemeralContainers: Forbidden'],
      ['spec.ephemeralContainers', [{ name: 'debug', image: 'x', targetContainerName: 'none', ports: [{ containerPort: 1 }] }],
        'spec.ephemeralContainers[0].targetContainerName: NotFound', 'spec.ephemeralContainers[0].ports: Forbidden', 'spec.ephemeralContainers: Forbidden'],
    ]);
  });

  describe('volumes', () => {
    const mount = `${web}.volumeMounts[0]`;
    const device = `${web}.volumeDevices[0]`;
    judgesCreation(pods, withVolume, [
      [`${mount}.name`, 'other', `${mount}.name: NotFound`],
      [`${mount}.mountPath`, '', `${mount}.mountPath: Required`],
      [`${mount}.subPath`, 'a/../../b', `${mount}.subPath: Invalid`],
      [`${mount}.subPath`, '/a', `${mount}.subPath: Invalid`],
      [mount, { name: 'data', mountPath: '/d', subPath: 'a', subPathExpr: '$(B)' }, `${mount}.subPathExpr: Invalid`],
      [`${mount}.mountPropagation`, 'Bidirectional', `${mount}.mountPropagation: Forbidden`],
      [`${mount}.recursiveReadOnly`, 'Enabled', `${mount}.recursiveReadOnly: Forbidden`],
      [`${web}.volumeMounts[1]`, { name: 'data', mountPath: '/data' }, `${web}.volumeMounts[1].mountPath: Invalid`],
      [web, { ...container, volumeDevices: [{ name: 'data', devicePath: '/dev/x' }] }],
      [web, { ...container, volumeDevices: [{ name: 'none', devicePath: '/dev/../x' }] }, `${device}.name: NotFound`, `${device}.devicePath: Invalid`],
      [device, { name: 'data', devicePath: '/data' }, `${mount}.name: Invalid`, `${mount}.mountPath: Invalid`, `${device}.name: Invalid`, `${device}.devicePath: Invalid`],
      ['spec.volumes[1]', volume, 'spec.volumes[1].name: Duplicate'],
      ['spec.volumes[0].name', 'Data', 'spec.volumes[0].name: Invalid', `${mount}.name: NotFound`],
      ['spec.volumes[0].emptyDir', {}, 'spec.volumes[0].persistentVolumeClaim: Forbidden'],
      ['spec.volumes[0].persistentVolumeClaim.claimName', '', 'spec.volumes[0].persistentVolumeClaim.claimName: Required'],
      ['spec.volumes[0]', { name: 'data', emptyDir: { sizeLimit: '-1' } }, 'spec.volumes[0].emptyDir.sizeLimit: Invalid'],
      ['spec.volumes[0]', { name: 'data', hostPath: { path: '/a/..' } }, 'spec.volumes[0].hostPath.path: Invalid'],
      ['spec.volumes[0]', { name: 'data', configMap: {} }, 'spec.volumes[0].configMap.name: Required'],
      ['spec.volumes[0]', { name: 'data', secret: { secretName: 's', defaultMode: 0o1000 } }, 'spec.volumes[0].secret.defaultMode: Invalid'],
      ['spec.volumes[0]', { name: 'data', secret: { secretName: 's', items: [{ key: 'k', path: '../x' }] } }, 'spec.volumes[0].secret.items[0].path: Invalid'],
      ['spec.volumes[0]', { name: 'data', csi: { driver: 'a.example.com', nodePublishSecretRef: {} } }, 'spec.volumes[0].csi.nodePublishSecretRef.name: Required'],
      ['spec.volumes[0]', { name: 'data', downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.labels' } }] } }],
      ['spec.volumes[0]', { name: 'data', downwardAPI: { items: [{ path: 'a' }] } }, 'spec.volumes[0].downwardAPI.items[0]: Required'],
      ['spec.volumes[0]', { name: 'data', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } } }],
      ['spec.volumes[0]', { name: 'data', ephemeral: { volumeClaimTemplate: { metadata: { name: 'x' }, spec: { accessModes: ['ReadWriteOnce'] } } } },
        'spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name: Forbidden', 'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required'],
      ['spec.volumes[0]', { name: 'data', projected: { sources: [{ configMap: { name: 'c' } }, { secret: { name: 's' }, downwardAPI: {} }] } },
        'spec.volumes[0].projected.sources[1]: Forbidden'],
      ['spec.volumes[0]', { name: 'data', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 60 } }] } },
        'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid', 'spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden'],
    ]);
  });

  describe('placement', () => {
    const term = { topologyKey: 'zone', labelSelector: labels };
    const spread = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: labels };
    judgesCreation(pods, pod, [
      ['spec.nodeSelector', { 'a b': 'c' }, 'spec.nodeSelector: Invalid'],
      ['spec.nodeName', 'Node 1', 'spec.nodeName: Invalid'],
      ['spec.affinity', { podAffinity: { [hard]: [term] }, podAntiAffinity: { [soft]: [{ weight: 100, podAffinityTerm: term }] } }],
      ['spec.affinity', { podAffinity: { [hard]: [{ ...term, topologyKey: '' }] } }, `spec.affinity.podAffinity.${hard}[0].topologyKey: Required`],
      ['spec.affinity', { podAntiAffinity: { [soft]: [{ weight: 0, podAffinityTerm: term }] } }, `spec.affinity.podAntiAffinity.${soft}[0].weight: Invalid`],
      ['spec.affinity', { podAffinity: { [hard]: [{ ...term, matchLabelKeys: ['app'] }] } }, `spec.affinity.podAffinity.${hard}[0].matchLabelKeys[0]: Invalid`],
      ['spec.affinity', { nodeAffinity: { [hard]: { nodeSelectorTerms: [] } } }, `spec.affinity.nodeAffinity.${hard}.nodeSelectorTerms: Required`],
      ['spec.affinity', { nodeAffinity: { [soft]: [{ weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'Gt', values: [] }] } }] } },
        `spec.affinity.nodeAffinity.${soft}[0].preference.matchExpressions[0].values: Required`],
      ['spec.tolerations', [{ operator: 'Exists' }, { key: 'a', value: 'b', effect: 'NoExecute', tolerationSeconds: 5 }]],
      ['spec.tolerations', [{ value: 'b' }], 'spec.tolerations[0].operator: Invalid'],
      ['spec.tolerations', [{ key: 'a', operator: 'Exists', value: 'b' }], 'spec.tolerations[0].operator: Invalid'],
      ['spec.tolerations', [{ key: 'a', effect: 'NoSchedule', tolerationSeconds: 5 }], 'spec.tolerations[0].effect: Invalid'],
      ['spec.topologySpreadConstraints', [spread, { ...spread, whenUnsatisfiable: 'ScheduleAnyway' }]],
      ['spec.topologySpreadConstraints', [spread, spread], 'spec.topologySpreadConstraints[1].{topologyKey, whenUnsatisfiable}: Duplicate'],
      ['spec.topologySpreadConstraints', [{ ...spread, maxSkew: 0 }], 'spec.topologySpreadConstraints[0].maxSkew: Invalid'],
      ['spec.topologySpreadConstraints', [{ ...spread, whenUnsatisfiable: 'ScheduleAnyway', minDomains: 2 }], 'spec.topologySpreadConstraints[0].minDomains: Invalid'],
      ['spec.schedulingGates', [{ name: 'a' }, { name: 'a' }], 'spec.schedulingGates[1]: Duplicate'],
      ['spec', { ...pod.spec, nodeName: 'n1', schedulingGates: [{ name: 'a' }] }, 'spec.nodeName: Forbidden'],
    ]);
  });

  describe('the rest of the spec', () => {
    judgesCreation(pods, pod, [
      ['spec.restartPolicy', 'Maybe', 'spec.restartPolicy: NotSupported'],
      ['spec.dnsPolicy', 'None', 'spec.dnsConfig: Required'],
      ['spec', { ...pod.spec, dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'], searches: ['a.b.', '_tcp.example.com', '.'], options: [{ name: 'ndots', value: '2' }] } }],
      ['spec.dnsConfig', { nameservers: ['resolver'] }, 'spec.dnsConfig.nameservers[0]: Invalid'],
      ['spec.dnsConfig', { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] }, 'spec.dnsConfig.nameservers: Invalid'],
      ['spec.activeDeadlineSeconds', 0, 'spec.activeDeadlineSeconds: Invalid'],
      ['spec.hostname', 'a.b', 'spec.hostname: Invalid'],
      ['spec.priorityClassName', 'A', 'spec.priorityClassName: Invalid'],
      ['spec.hostAliases', [{ ip: '10.0.0', hostnames: ['a_b'] }], 'spec.hostAliases[0].ip: Invalid', 'spec.hostAliases[0].hostnames[0]: Invalid'],
      ['spec.readinessGates', [{ conditionType: 'not a type' }], 'spec.readinessGates[0].conditionType: Invalid'],
      ['spec.securityContext', { runAsUser: -1, fsGroup: 2 ** 31 }, 'spec.securityContext.fsGroup: Invalid', 'spec.securityContext.runAsUser: Invalid'],
      ['spec.securityContext', { seccompProfile: { type: 'Localhost' } }, 'spec.securityContext.seccompProfile.localhostProfile: Required'],
      ['spec.securityContext', { seccompProfile: { type: 'RuntimeDefault', localhostProfile: 'x' } }, 'spec.securityContext.seccompProfile.localhostProfile: Invalid'],
      ['spec.securityContext', { sysctls: [{ name: 'a', value: '1' }, { name: 'a', value: '2' }] }, 'spec.securityContext.sysctls[1].name: Duplicate'],
      [`${web}.securityContext`, { privileged: true, allowPrivilegeEscalation: false }, `${web}.securityContext: Invalid`],
      [`${web}.securityContext`, { procMount: 'Unmasked' }, `${web}.securityContext.procMount: Invalid`],
      ['spec', { ...pod.spec, hostUsers: false, hostNetwork: true }, 'spec.hostNetwork: Forbidden'],
      ['spec', { ...pod.spec, hostPID: true, shareProcessNamespace: true }, 'spec.shareProcessNamespace: Invalid'],
      ['spec', { ...pod.spec, os: { name: 'windows' }, securityContext: { runAsUser: 1 } }, 'spec.securityContext.runAsUser: Forbidden'],
      ['spec', { hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 80, hostPort: 81 }] }] }, `${web}.ports[0].hostPort: Invalid`],
      ['metadata.annotations', { 'kubernetes.io/config.mirror': 'x' }, 'metadata.annotations[kubernetes.io/config.mirror]: Invalid'],
      ['metadata.annotations', { 'controller.kubernetes.io/pod-deletion-cost': 'much' }, 'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid'],
    ]);
  });

  it('fills in what follows from other fields', () => {
    const draft = {
      ...pod,
      spec: {
        hostNetwork: true, serviceAccount: 'robot', schedulingGates: [{ name: 'example.com/wait' }], volumes: [{ name: 'scratch' }],
        containers: [
          { name: 'a', image: 'registry:5000/x', ports: [{ containerPort: 80 }], resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1' } } },
          { name: 'b', image: 'x:v1', livenessProbe: { exec: { command: ['x'] }, periodSeconds: 0 }, resources: { limits: { cpu: '1', memory: '1Gi' } } },
          { name: 'c', image: 'x@sha256:00', resources: { limits: { cpu: '1', memory: '1Gi' } } },
        ],
      },
    };
    const { spec, status } = created(pods, draft) as Pod;
    expect(spec.containers.map(({ imagePullPolicy }) => imagePullPolicy)).to.deep.equal(['Always', 'IfNotPresent', 'IfNotPresent']);
    expect(spec.containers[0]?.resources.requests).to.deep.equal({ cpu: '1', memory: '1Gi' });
    expect(spec.containers[0]?.ports?.[0]?.hostPort).to.equal(80);
    expect(spec.containers[1]?.livenessProbe?.periodSeconds).to.equal(10);
    expect(spec.volumes).to.deep.equal([{ name: 'scratch', emptyDir: {} }]);
    expect([spec.serviceAccountName, spec.enableServiceLinks, spec.terminationGracePeriodSeconds]).to.deep.equal(['robot', true, 30]);
    expect([status.phase, status.qosClass, status.conditions?.[0]?.reason]).to.deep.equal(['Pending', 'Guaranteed', 'SchedulingGated']);
  });

  for (const [resources, expected] of [
    [{}, 'BestEffort'], [{ requests: { cpu: '1' } }, 'Burstable'], [{ limits: { cpu: '1' } }, 'Burstable'],
    [{ limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed'], [{ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1m' } }, 'Burstable'],
  ] as const) {
    it(`is ${expected} with ${JSON.stringify(resources)}`, () => {
      expect((created(pods, changed(pod, `${web}.resources`, resources)) as Pod).status.qosClass).to.equal(expected);
    });
  }

  describe('on update', () => {
    const toleration = { key: 'a', operator: 'Exists', effect: 'NoExecute' };
    judgesUpdate(pods, { ...withVolume, spec: { ...withVolume.spec, tolerations: [toleration], activeDeadlineSeconds: 100, hostNetwork: false } }, [
      [`${web}.image`, 'nginx:1.28'],
      [`${web}.image`, '', `${web}.image: Required`],
      [`${web}.command`, ['x'], 'spec: Forbidden'],
      [`${web}.resources`, { requests: { cpu: '1' } }, 'spec.qosClass: Invalid', 'spec: Forbidden'],
      ['spec.containers[1]', { ...container, name: 'more' }, 'spec.containers: Forbidden'],
      ['spec.hostNetwork', undefined],
      ['spec.hostNetwork', true, 'spec: Forbidden'],
      ['spec.activeDeadlineSeconds', 50],
      ['spec.activeDeadlineSeconds', 200, 'spec.activeDeadlineSeconds: Invalid'],
      ['spec.activeDeadlineSeconds', undefined, 'spec.activeDeadlineSeconds: Invalid'],
      ['spec.tolerations', [{ ...toleration, tolerationSeconds: 5 }, { operator: 'Exists' }]],
      ['spec.tolerations', [{ operator: 'Exists' }], 'spec.tolerations: Forbidden'],
      ['spec.nodeName', 'n1', 'spec: Forbidden'],
      ['spec.terminationGracePeriodSeconds', 1, 'spec: Forbidden'],
      ['spec.schedulingGates', [{ name: 'late' }], 'spec.schedulingGates[0].name: Forbidden'],
      ['spec.nodeSelector', { a: 'b' }, 'spec: Forbidden'],
      ['spec.volumes[0].persistentVolumeClaim.claimName', 'other', 'spec: Forbidden'],
      ['metadata.annotations', { 'kubernetes.io/config.mirror': 'x' },
        'metadata.annotations[kubernetes.io/config.mirror]: Invalid', 'metadata.annotations[kubernetes.io/config.mirror]: Forbidden'],
      ['metadata.labels', { a: 'b' }],
    ]);

    describe('while it is gated', () => {
      const expression = (key: string) => ({ key, operator: 'Exists' });
      const nodes = (...expressions: object[]) => ({ nodeAffinity: { [hard]: { nodeSelectorTerms: [{ matchExpressions: expressions }] } } });
      const gated = { ...pod, spec: { ...pod.spec, schedulingGates: [{ name: 'a' }, { name: 'b' }], nodeSelector: { a: 'b' }, affinity: nodes(expression('x')) } };
      judgesUpdate(pods, gated, [
        ['spec.schedulingGates', [{ name: 'b' }]],
        ['spec.schedulingGates', undefined],
        ['spec.nodeSelector', { a: 'b', c: 'd' }],
        ['spec.nodeSelector', { c: 'd' }, 'spec.nodeSelector: Invalid'],
        ['spec.affinity', nodes(expression('x'), expression('y'))],
        ['spec.affinity', nodes(expression('y')), `spec.affinity.nodeAffinity.${hard}.nodeSelectorTerms[0]: Invalid`],
        ['spec.affinity', undefined, `spec.affinity.nodeAffinity.${hard}.nodeSelectorTerms: Invalid`],
      ]);
    });

    it('heals a negative grace period', () => {
      const old = created(pods, changed(pod, 'spec.terminationGracePeriodSeconds', -5));
      expect(updateFindings(pods, old, changed(old, 'spec.terminationGracePeriodSeconds', 1))).to.deep.equal([]);
    });
  });

  const ended = { containerStatuses: [{ name: 'web', ready: false, restartCount: 0, image: 'x', imageID: '', state: { terminated: { exitCode: 0 } } }] };
  describe('in the status', () => {
    judgesStatus(pods, pod, [
      ['status', { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], podIP: '10.0.0.5', podIPs: [{ ip: '10.0.0.5' }, { ip: 'fd00::5' }] }],
      ['status.conditions', [{ type: 'not a type', status: 'True' }], 'status.conditions[0].type: Invalid'],
      ['status.podIPs', [{ ip: '10.0.0.5' }, { ip: '10.0.0.6' }], 'status.podIPs: Invalid'],
      ['status.podIPs', [{ ip: 'here' }], 'status.podIPs[0]: Invalid'],
      ['status', { hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.2' }] }, 'status.hostIPs[0].ip: Invalid'],
      ['status.nominatedNodeName', 'A B', 'status.nominatedNodeName: Invalid'],
      ['status.qosClass', undefined],
      ['status.qosClass', 'Guaranteed', 'status.qosClass: Invalid'],
      ['metadata.annotations', { 'kubernetes.io/config.mirror': 'x' }, 'metadata.annotations[kubernetes.io/config.mirror]: Forbidden'],
      ['status.resourceClaimStatuses', [{ name: 'gpu' }], 'status.resourceClaimStatuses[0].name: Invalid'],
    ]);
    judgesStatus(pods, { ...pod, spec: { ...pod.spec, resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 't' }] } }, [
      ['status.resourceClaimStatuses', [{ name: 'gpu', resourceClaimName: 'web-gpu-x' }]],
      ['status.resourceClaimStatuses', [{ name: 'gpu', resourceClaimName: 'A B' }, { name: 'gpu' }], 'status.resourceClaimStatuses[0].name: Invalid', 'status.resourceClaimStatuses[1].name: Duplicate'],
    ]);

    it('keeps what a writer does not know', () => {
      const condition = (type: string, observedGeneration?: number) => ({ type, status: 'True', ...(observedGeneration === undefined ? {} : { observedGeneration }) });
      const old = { ...created(pods, pod), status: { qosClass: 'BestEffort', observedGeneration: 3, conditions: [condition('Ready', 2), condition('a', 1), condition('Ready', 3)] } } as Pod;
      const now = { ...old, status: { observedGeneration: 0, conditions: [condition('Ready'), condition('a', 5), condition('Ready'), condition('b')] } } as Pod;
      pods.prepareForStatus?.(now, old);
      expect(now.status).to.deep.equal({ qosClass: 'BestEffort', observedGeneration: 3, conditions: [condition('Ready', 2), condition('a', 5), condition('Ready', 3), condition('b')] });
    });

    it('does not let a container that has ended for good come back', () => {
      const findings = (policy: string): string[] => {
        const old = { ...created(pods, changed(pod, 'spec.restartPolicy', policy)), status: ended } as Pod;
        const errors: string[] = [];
        const next = changed(old, 'status.containerStatuses[0].state', { running: {} }) as Pod;
        pods.validateStatus?.(next, old, { forbidden: (field: string) => errors.push(field) } as never);
        return errors;
      };
      expect(['Always', 'OnFailure', 'Never'].map(findings)).to.deep.equal([[], ['status.containerStatuses[0].state'], ['status.containerStatuses[0].state']]);
    });
  });

  it('gives a pod its time to end only while it runs somewhere', () => {
    const grace = (spec: object, phase: string, asked?: number): number | undefined =>
      pods.gracePeriodSeconds?.({ ...created(pods, { ...pod, spec: { ...pod.spec, ...spec } }), status: { phase } } as Pod, asked);
    expect(grace({ nodeName: 'n' }, 'Running')).to.equal(30);
    expect(grace({ nodeName: 'n', terminationGracePeriodSeconds: 5 }, 'Running')).to.equal(5);
    expect(grace({ nodeName: 'n' }, 'Running', 0)).to.equal(0);
    expect(grace({ nodeName: 'n', terminationGracePeriodSeconds: -5 }, 'Running')).to.equal(1);
    expect(grace({}, 'Pending')).to.equal(0);
    expect(grace({ nodeName: 'n' }, 'Succeeded', 10)).to.equal(0);
  });

  it('warns of variables that hide others', () => {
    const warned = created(pods, changed(pod, `${web}.env`, [{ name: 'A', value: '1' }, { name: 'A', value: '2' }]));
    expect(pods.warnings?.(warned, undefined)).to.deep.equal(['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply']);
  });

  it('survives a spec with nothing in it', () => {
    expect(creationFindings(pods, { metadata: pod.metadata })).to.deep.equal(['spec.containers: Required']);
  });
});
