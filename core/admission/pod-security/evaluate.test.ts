import { expect } from 'chai';
import { decode } from '#core/api/schema/decode.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { SecurityContext } from '#core/api/schema/core-v1/security.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { detailsText, reasonsText, violationsOf } from './evaluate.ts';
import type { Level } from './policy.ts';

type Spec = NonNullable<Draft<Pod>['spec']>;
type Settings = { [K in keyof SecurityContext]: SecurityContext[K] | undefined };

const pod = (spec: Spec, annotations = {}): Pod => decode(Pod.struct, { metadata: { name: 'p', annotations }, spec }, { kind: Pod }).value;

const container = (name: string, securityContext?: Settings) => ({ name, image: 'i', ...securityContext === undefined ? {} : { securityContext } });

/** What a container needs to be restricted, when its pod says nothing. */
const modest: Settings = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };

/** What is wrong with a pod of these settings which is right otherwise. */
function findings(level: Level, spec: Partial<Spec>, version = 'latest', annotations = {}): string {
  return detailsText(violationsOf(pod({ containers: [container('c', modest)], ...spec }, annotations), { level, version }));
}

const both = (settings: Settings): Partial<Spec> => ({ containers: [container('a', { ...modest, ...settings }), container('b', { ...modest, ...settings })] });

describe('the Pod Security Standards', () => {
  it('let everything through when privileged, and what is modest when not', () => {
    expect(findings('privileged', { hostNetwork: true })).to.equal('');
    expect(findings('restricted', {})).to.equal('');
    expect(findings('baseline', { containers: [container('c')] })).to.equal('');
  });

  it('name all that a plain pod lacks', () => {
    expect(findings('restricted', { containers: [container('x')] })).to.equal([
      'allowPrivilegeEscalation != false (container "x" must set securityContext.allowPrivilegeEscalation=false)',
      'unrestricted capabilities (container "x" must set securityContext.capabilities.drop=["ALL"])',
      'runAsNonRoot != true (pod or container "x" must set securityContext.runAsNonRoot=true)',
      'seccompProfile (pod or container "x" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ].join(', '));
  });

  it('look at containers of every sort', () => {
    const bad = (name: string) => ({ ...container(name, { privileged: true }) });
    expect(findings('baseline', { containers: [bad('c')], initContainers: [bad('i'), container('ok')], ephemeralContainers: [bad('e')] }))
      .to.equal('privileged (containers "i", "c", "e" must not set securityContext.privileged=true)');
  });

  it('keep pods away from the node', () => {
    expect(findings('baseline', { hostNetwork: true, hostPID: true, hostIPC: true })).to.equal('host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)');
    const ports = [{ containerPort: 1, hostPort: 80 }, { containerPort: 2 }, { containerPort: 3, hostPort: 443 }];
    expect(findings('baseline', { containers: [{ ...container('c'), ports: ports.slice(0, 2) }] })).to.equal('hostPort (container "c" uses hostPort 80)');
    expect(findings('baseline', { containers: [{ ...container('a'), ports }, { ...container('b'), ports }] })).to.equal('hostPort (containers "a", "b" use hostPorts 443, 80)');
    const probed = { ...container('c'), livenessProbe: { httpGet: { port: 1, host: '127.0.0.1' } }, lifecycle: { preStop: { tcpSocket: { port: 1, host: 'a.b' } } } };
    expect(findings('baseline', { containers: [probed] })).to.equal('probe or lifecycle host (container "c" uses probe or lifecycle hosts "127.0.0.1", "a.b")');
    expect(findings('baseline', { containers: [{ ...container('c'), startupProbe: { httpGet: { port: 1 } } }] })).to.equal('');
    expect(findings('baseline', { ...both({ windowsOptions: { hostProcess: true } }), securityContext: { windowsOptions: { hostProcess: true } } }))
      .to.equal('hostProcess (pod and containers "a", "b" must not set securityContext.windowsOptions.hostProcess=true)');
  });

  it('allow the kernel parameters that concern the pod alone', () => {
    const spec = { securityContext: { sysctls: ['kernel.shm_rmid_forced', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_fin_timeout', 'kernel.msgmax'].map((name) => ({ name, value: '1' })) } };
    expect(findings('baseline', spec)).to.equal('forbidden sysctls (kernel.msgmax)');
    expect(findings('baseline', spec, 'v1.31')).to.equal('forbidden sysctls (net.ipv4.tcp_rmem, kernel.msgmax)');
    expect(findings('baseline', spec, 'v1.28')).to.equal('forbidden sysctls (net.ipv4.tcp_rmem, net.ipv4.tcp_fin_timeout, kernel.msgmax)');
  });

  it('tell volumes by their type', () => {
    const volumes = [{ name: 'a', hostPath: { path: '/' } }, { name: 'b', nfs: { server: 's', path: '/' } }, { name: 'c', emptyDir: {} }, { name: 'd', image: { reference: 'i' } }];
    expect(findings('baseline', { volumes })).to.equal('hostPath volumes (volume "a")');
    expect(findings('restricted', { volumes })).to.equal('restricted volume types (volumes "a", "b" use restricted volume types "hostPath", "nfs")');
    expect(findings('restricted', { volumes: volumes.slice(1) })).to.equal('restricted volume types (volume "b" uses restricted volume type "nfs")');
  });

  it('limit capabilities', () => {
    const spec = both({ capabilities: { add: ['SYS_ADMIN', 'CHOWN', 'NET_RAW'] } });
    expect(findings('baseline', spec)).to.equal('non-default capabilities (containers "a", "b" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add)');
    expect(findings('restricted', spec)).to.equal('unrestricted capabilities (containers "a", "b" must set securityContext.capabilities.drop=["ALL"]; '
      + 'containers "a", "b" must not include "CHOWN", "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add)');
    expect(findings('restricted', both({ capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } }))).to.equal('');
  });

  it('want users other than root', () => {
    const reason = 'runAsNonRoot != true';
    const open = container('open', { ...modest, runAsNonRoot: undefined });
    expect(findings('restricted', { containers: [open], securityContext: { runAsNonRoot: true } })).to.equal('');
    expect(findings('restricted', { containers: [open, container('b', modest)] })).to.equal(`${reason} (pod or container "open" must set securityContext.runAsNonRoot=true)`);
    expect(findings('restricted', { containers: [open, container('b', { ...modest, runAsNonRoot: false })], securityContext: { runAsNonRoot: false } }))
      .to.equal(`${reason} (pod and container "b" must not set securityContext.runAsNonRoot=false)`);
    expect(findings('restricted', { ...both({ runAsUser: 0 }), securityContext: { runAsUser: 0 } })).to.equal('runAsUser=0 (pod and containers "a", "b" must not set runAsUser=0)');
    expect(findings('restricted', both({ runAsUser: 1 }))).to.equal('');
  });

  it('want system calls to be filtered', () => {
    const [rule, open] = ['securityContext.seccompProfile.type', container('open', { ...modest, seccompProfile: undefined })];
    const unconfined = { seccompProfile: { type: 'Unconfined' } as const };
    expect(findings('baseline', { ...both(unconfined), securityContext: unconfined })).to.equal(`seccompProfile (pod and containers "a", "b" must not set ${rule} to "Unconfined")`);
    expect(findings('restricted', { containers: [open], securityContext: unconfined })).to.equal(`seccompProfile (pod must not set ${rule} to "Unconfined")`);
    expect(findings('restricted', { containers: [open], securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'x' } } })).to.equal('');
    expect(findings('restricted', { containers: [open] })).to.equal(`seccompProfile (pod or container "open" must set ${rule} to "RuntimeDefault" or "Localhost")`);
  });

  it('read the annotations that came before the fields', () => {
    const [alpha, beta] = ['seccomp.security.alpha.kubernetes.io', 'container.apparmor.security.beta.kubernetes.io'];
    const seccomp = { [`${alpha}/pod`]: 'unconfined', [`container.${alpha}/c`]: 'docker/default', [`container.${alpha}/other`]: 'unconfined' };
    expect(findings('baseline', {}, 'v1.18', seccomp)).to.equal(`seccompProfile (forbidden annotation ${alpha}/pod="unconfined")`);
    expect(findings('baseline', {}, 'v1.19', seccomp)).to.equal('');
    expect(findings('baseline', {}, 'latest', { [`${beta}/a`]: 'localhost/x', [`${beta}/b`]: 'bogus', [`${beta}/c`]: 'unconfined', [`${beta}/d`]: '' }))
      .to.equal(`forbidden AppArmor profiles (annotations must not set AppArmor profile type to "${beta}/b="bogus"", "${beta}/c="unconfined"")`);
    expect(findings('baseline', both({ appArmorProfile: { type: 'Unconfined' } }), 'latest', { [`${beta}/a`]: 'unconfined' }))
      .to.equal(`forbidden AppArmor profiles (containers "a", "b" and annotation must not set AppArmor profile type to "Unconfined", "${beta}/a="unconfined"")`);
    expect(findings('baseline', { securityContext: { appArmorProfile: { type: 'Unconfined' } } })).to.equal('forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")');
  });

  it('keep the labels and mounts that runtimes set themselves', () => {
    const rule = 'set forbidden securityContext.seLinuxOptions:';
    expect(findings('baseline', { ...both({ seLinuxOptions: { type: 'x', role: 'r' } }), securityContext: { seLinuxOptions: { type: 'y', user: 'u' } } }))
      .to.equal(`seLinuxOptions (pod and containers "a", "b" ${rule} types "x", "y"; user may not be set; role may not be set)`);
    expect(findings('baseline', { securityContext: { seLinuxOptions: { user: 'u', level: 's0' } } })).to.equal(`seLinuxOptions (pod ${rule} user may not be set)`);
    const engine = { securityContext: { seLinuxOptions: { type: 'container_engine_t' } } };
    expect([findings('baseline', engine), findings('baseline', engine, 'v1.30')]).to.deep.equal(['', `seLinuxOptions (pod ${rule} type "container_engine_t")`]);
    expect(findings('baseline', both({ procMount: 'Unmasked' }))).to.equal('procMount (containers "a", "b" must not set securityContext.procMount to "Unmasked")');
  });

  it('grew with the versions of Kubernetes', () => {
    const plain = pod({ containers: [{ ...container('c'), livenessProbe: { tcpSocket: { port: 1, host: 'h' } } }], os: { name: 'windows' }, securityContext: { runAsUser: 0 } });
    const reasons = (version: string): string => reasonsText(violationsOf(plain, { level: 'restricted', version }));
    expect(reasons('v1.0')).to.equal('runAsNonRoot != true');
    expect(reasons('v1.8')).to.equal('allowPrivilegeEscalation != false, runAsNonRoot != true');
    expect(reasons('v1.19')).to.equal('allowPrivilegeEscalation != false, runAsNonRoot != true, seccompProfile');
    expect(reasons('v1.22')).to.equal('allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile');
    expect(reasons('v1.24')).to.equal('allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, runAsUser=0, seccompProfile');
    expect(reasons('v1.25')).to.equal('runAsNonRoot != true, runAsUser=0');
    expect([reasons('v1.34'), reasons('v1.99')]).to.deep.equal(Array(2).fill('probe or lifecycle host, runAsNonRoot != true, runAsUser=0'));
  });

  it('check at the older level what the stricter one did not replace yet', () => {
    const spec = both({ capabilities: { add: ['NET_RAW'] }, seccompProfile: { type: 'Unconfined' } });
    expect(findings('restricted', spec, 'v1.18')).to.equal('non-default capabilities (containers "a", "b" must not include "NET_RAW" in securityContext.capabilities.add)');
  });
});
