import { always, bool, inline, int32, int64, intOrString, keyed, list, map, merged, oneOf, pointer, quantity, required, set, string, withDefault, type Of, type Table } from '#core/api/schema/type.ts';
import { core, pullPolicy } from './core.ts';
import { ConfigMapKeySelector, FileKeySelector, LocalObjectReference, ObjectFieldSelector, ResourceFieldSelector, SecretKeySelector } from './references.ts';
import { SecurityContext } from './security.ts';

export const ContainerPort = core.type('ContainerPort', 'A port on which a container listens.', {
  name: [1, string, 'Name by which Services can refer to the port; unique in the pod.'],
  hostPort: [2, int32, 'Port of the node that leads here.'],
  containerPort: [3, required(int32), 'Port inside the pod, 1 to 65535.'],
  protocol: [4, withDefault(oneOf('SCTP', 'TCP', 'UDP'), 'TCP'), 'Transport protocol.'],
  hostIP: [5, string, 'Address of the node on which hostPort is bound.'],
});
export type ContainerPort = Of<typeof ContainerPort>;

export const EnvVarSource = core.type('EnvVarSource', 'Where an environment variable\'s value comes from; exactly one.', {
  fieldRef: [1, ObjectFieldSelector, 'A field of the pod.'],
  resourceFieldRef: [2, ResourceFieldSelector, 'A resource limit or request of a container.'],
  configMapKeyRef: [3, ConfigMapKeySelector, 'A key of a ConfigMap.'],
  secretKeyRef: [4, SecretKeySelector, 'A key of a Secret.'],
  fileKeyRef: [5, FileKeySelector, 'A variable of an env file in a volume.'],
});
export type EnvVarSource = Of<typeof EnvVarSource>;

export const EnvVar = core.type('EnvVar', 'An environment variable.', {
  name: [1, required(string), 'Name of the variable.'],
  value: [2, string, 'Its value; $(NAME) stands for an earlier variable.'],
  valueFrom: [3, EnvVarSource, 'Takes the value from elsewhere; not together with value.'],
});
export type EnvVar = Of<typeof EnvVar>;

export const ConfigMapEnvSource = core.type('ConfigMapEnvSource', 'All keys of a ConfigMap as variables.', {
  localObjectReference: [1, inline(LocalObjectReference)],
  optional: [2, pointer(bool), 'Carry on when the ConfigMap is missing.'],
});
export type ConfigMapEnvSource = Of<typeof ConfigMapEnvSource>;

export const SecretEnvSource = core.type('SecretEnvSource', 'All keys of a Secret as variables.', {
  localObjectReference: [1, inline(LocalObjectReference)],
  optional: [2, pointer(bool), 'Carry on when the Secret is missing.'],
});
export type SecretEnvSource = Of<typeof SecretEnvSource>;

export const EnvFromSource = core.type('EnvFromSource', 'Many environment variables at once.', {
  prefix: [1, string, 'Put before each name.'],
  configMapRef: [2, ConfigMapEnvSource, 'From a ConfigMap.'],
  secretRef: [3, SecretEnvSource, 'From a Secret.'],
});
export type EnvFromSource = Of<typeof EnvFromSource>;

export const ResourceClaim = core.type('ResourceClaim', 'A device claim of the pod that this container uses.', {
  name: [1, required(string), 'Name of an entry in the pod\'s resourceClaims.'],
  request: [2, string, 'One request of the claim; all when empty.'],
});
export type ResourceClaim = Of<typeof ResourceClaim>;

export const ResourceRequirements = core.type('ResourceRequirements', 'How much compute is set aside, and how much may be used.', {
  limits: [1, map(quantity), 'The most that may be used, by resource name.'],
  requests: [2, map(quantity), 'What the scheduler sets aside; equal to limits when absent.'],
  claims: [3, keyed(ResourceClaim, 'name'), 'Device claims in use.'],
});
export type ResourceRequirements = Of<typeof ResourceRequirements>;

export const ContainerResizePolicy = core.type('ContainerResizePolicy', 'Whether a change of a resource restarts the container.', {
  resourceName: [1, required(oneOf('cpu', 'memory')), 'The resource.'],
  restartPolicy: [2, required(oneOf('NotRequired', 'RestartContainer')), 'What happens on a resize.'],
});
export type ContainerResizePolicy = Of<typeof ContainerResizePolicy>;

export const ContainerRestartRuleOnExitCodes = core.type('ContainerRestartRuleOnExitCodes', 'A condition on the exit code.', {
  operator: [1, required(oneOf('In', 'NotIn')), 'Whether the code must or must not be among the values.'],
  values: [2, set(int32), 'The exit codes, at most 255.'],
});
export type ContainerRestartRuleOnExitCodes = Of<typeof ContainerRestartRuleOnExitCodes>;

export const ContainerRestartRule = core.type('ContainerRestartRule', 'What to do when a container exits in a certain way.', {
  action: [1, required(string), 'What to do; Restart restarts the container.'],
  exitCodes: [2, ContainerRestartRuleOnExitCodes, 'The exit codes for which the rule holds.'],
});
export type ContainerRestartRule = Of<typeof ContainerRestartRule>;

export const VolumeMount = core.type('VolumeMount', 'Shows a volume of the pod in a container\'s file system.', {
  name: [1, required(string), 'Name of an entry in the pod\'s volumes.'],
  readOnly: [2, bool, 'Mount without write access.'],
  recursiveReadOnly: [7, oneOf('Disabled', 'Enabled', 'IfPossible'), 'Whether mounts below are read-only too.'],
  mountPath: [3, required(string), 'Where the volume appears in the container.'],
  subPath: [4, string, 'Directory of the volume to show instead of its root.'],
  mountPropagation: [5, oneOf('Bidirectional', 'HostToContainer', 'None'), 'Whether later mounts pass between node and container.'],
  subPathExpr: [6, string, 'As subPath, with $(NAME) for environment variables.'],
});
export type VolumeMount = Of<typeof VolumeMount>;

export const VolumeDevice = core.type('VolumeDevice', 'Shows a block volume of the pod as a device.', {
  name: [1, required(string), 'Name of an entry in the pod\'s volumes.'],
  devicePath: [2, required(string), 'Where the device appears in the container.'],
});
export type VolumeDevice = Of<typeof VolumeDevice>;

export const ExecAction = core.type('ExecAction', 'Runs a command in the container; exit code 0 is success.', {
  command: [1, list(string), 'The command and its arguments; no shell is involved.'],
});
export type ExecAction = Of<typeof ExecAction>;

export const HTTPHeader = core.type('HTTPHeader', 'A header of a probe\'s request.', {
  name: [1, required(string), 'Name of the header.'],
  value: [2, required(string), 'Its value.'],
});
export type HTTPHeader = Of<typeof HTTPHeader>;

export const HTTPGetAction = core.type('HTTPGetAction', 'Sends a GET; any status from 200 to 399 is success.', {
  path: [1, withDefault(string, '/'), 'Path of the request.'],
  port: [2, required(intOrString), 'Number or name of the port.'],
  host: [3, string, 'Host to connect to; the pod\'s address when absent.'],
  scheme: [4, withDefault(oneOf('HTTP', 'HTTPS'), 'HTTP'), 'Protocol; certificates are not checked.'],
  httpHeaders: [5, list(HTTPHeader), 'Headers to send.'],
});
export type HTTPGetAction = Of<typeof HTTPGetAction>;

export const TCPSocketAction = core.type('TCPSocketAction', 'Opens a connection; success when it opens.', {
  port: [1, required(intOrString), 'Number or name of the port.'],
  host: [2, string, 'Host to connect to; the pod\'s address when absent.'],
});
export type TCPSocketAction = Of<typeof TCPSocketAction>;

export const GRPCAction = core.type('GRPCAction', 'Asks the gRPC health service.', {
  port: [1, required(int32), 'Port of the gRPC server.'],
  service: [2, withDefault(pointer(string), ''), 'Name of the service to ask about.'],
});
export type GRPCAction = Of<typeof GRPCAction>;

export const SleepAction = core.type('SleepAction', 'Waits.', {
  seconds: [1, required(int64), 'How long.'],
});
export type SleepAction = Of<typeof SleepAction>;

export const ProbeHandler = core.type('ProbeHandler', 'How to look at a container; exactly one.', {
  exec: [1, ExecAction, 'Run a command.'],
  httpGet: [2, HTTPGetAction, 'Send an HTTP request.'],
  tcpSocket: [3, TCPSocketAction, 'Open a TCP connection.'],
  grpc: [4, GRPCAction, 'Ask the gRPC health service.'],
});
export type ProbeHandler = Of<typeof ProbeHandler>;

export const Probe = core.type('Probe', 'A repeated look at a container\'s health.', {
  handler: [1, inline(ProbeHandler)],
  initialDelaySeconds: [2, int32, 'Seconds after the start before the first look.'],
  timeoutSeconds: [3, withDefault(int32, 1), 'Seconds until a look counts as failed.'],
  periodSeconds: [4, withDefault(int32, 10), 'Seconds between looks.'],
  successThreshold: [5, withDefault(int32, 1), 'Successes in a row that end a failure; 1 for liveness and startup.'],
  failureThreshold: [6, withDefault(int32, 3), 'Failures in a row that count.'],
  terminationGracePeriodSeconds: [7, pointer(int64), 'Seconds to end in after this probe fails; the pod\'s value when absent.'],
});
export type Probe = Of<typeof Probe>;

export const LifecycleHandler = core.type('LifecycleHandler', 'What to do at a turn of a container\'s life; exactly one.', {
  exec: [1, ExecAction, 'Run a command.'],
  httpGet: [2, HTTPGetAction, 'Send an HTTP request.'],
  tcpSocket: [3, TCPSocketAction, 'Not used any more.'],
  sleep: [4, SleepAction, 'Wait.'],
});
export type LifecycleHandler = Of<typeof LifecycleHandler>;

export const Lifecycle = core.type('Lifecycle', 'What to do when a container starts and ends.', {
  postStart: [1, LifecycleHandler, 'Right after the start; a failure ends the container.'],
  preStop: [2, LifecycleHandler, 'Before the container is told to stop; the grace period runs meanwhile.'],
  stopSignal: [3, string, 'Signal that stops the container instead of the image\'s own, such as SIGUSR1.'],
});
export type Lifecycle = Of<typeof Lifecycle>;

const container = {
  name: [1, required(string), 'Name of the container, unique in the pod. Cannot change.'],
  image: [2, string, 'The image to run, with tag or digest.'],
  command: [3, list(string), 'Replaces the image\'s entry point; no shell is involved.'],
  args: [4, list(string), 'Arguments to the entry point, instead of the image\'s.'],
  workingDir: [5, string, 'Working directory; the image\'s when absent.'],
  ports: [6, merged(ContainerPort, ['containerPort', 'protocol']), 'Ports on which the container listens.'],
  envFrom: [19, list(EnvFromSource), 'Variables from ConfigMaps and Secrets; env wins over them.'],
  env: [7, merged(EnvVar, ['name']), 'Environment variables.'],
  resources: [8, always(ResourceRequirements), 'Compute to set aside and to allow.'],
  resizePolicy: [23, list(ContainerResizePolicy), 'Whether changes of resources restart the container.'],
  restartPolicy: [24, oneOf('Always', 'Never', 'OnFailure'), 'Always makes an init container a sidecar; otherwise the pod\'s policy holds.'],
  restartPolicyRules: [25, list(ContainerRestartRule), 'Exceptions from restartPolicy by exit code.'],
  volumeMounts: [9, merged(VolumeMount, ['mountPath']), 'Volumes to mount.'],
  volumeDevices: [21, merged(VolumeDevice, ['devicePath']), 'Block volumes to show as devices.'],
  livenessProbe: [10, Probe, 'Restarts the container when it fails.'],
  readinessProbe: [11, Probe, 'Takes the pod out of Services while it fails.'],
  startupProbe: [22, Probe, 'Holds back the other probes until it succeeds.'],
  lifecycle: [12, Lifecycle, 'What to do at start and end.'],
  terminationMessagePath: [13, withDefault(string, '/dev/termination-log'), 'File whose content becomes the exit message.'],
  terminationMessagePolicy: [20, withDefault(oneOf('FallbackToLogsOnError', 'File'), 'File'), 'Where the exit message comes from.'],
  imagePullPolicy: [14, pullPolicy, 'When to pull the image; Always for the tag latest, otherwise IfNotPresent.'],
  securityContext: [15, SecurityContext, 'Privileges of the container.'],
  stdin: [16, bool, 'Keep standard input open.'],
  stdinOnce: [17, bool, 'Close standard input after the first client leaves.'],
  tty: [18, bool, 'Give the container a terminal; needs stdin.'],
} as const satisfies Table;

export const Container = core.type('Container', 'One process tree of a pod, from one image.', container);
export type Container = Of<typeof Container>;

export const EphemeralContainerCommon = core.type('EphemeralContainerCommon', 'What an ephemeral container shares with a container.', container);
export type EphemeralContainerCommon = Of<typeof EphemeralContainerCommon>;

export const EphemeralContainer = core.type('EphemeralContainer', 'A container added to a running pod, for debugging. Never restarted or removed.', {
  ephemeralContainerCommon: [1, inline(EphemeralContainerCommon)],
  targetContainerName: [2, string, 'Container whose process namespace it joins.'],
});
export type EphemeralContainer = Of<typeof EphemeralContainer>;
