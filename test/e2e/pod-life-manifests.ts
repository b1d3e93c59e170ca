/** Pods that use what a node offers; all of them are applied at once. */

type Manifest = Readonly<Record<string, unknown>>;

const shell = (script: string) => ({ command: ['sh', '-c', script] });

/** @param folder of the node, in which a pod's hooks leave their words */
export function podLifeManifests(image: string, folder: string): readonly Manifest[] {
  const pod = (name: string, spec: object, metadata: object = {}): Manifest => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec: { terminationGracePeriodSeconds: 1, ...spec } });
  const main = (more: object) => ({ name: 'main', image, ...more });
  const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { alpha: 'one', beta: 'two' } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, stringData: { password: 'hunter2' } },
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] } },
    pod('variables', {
      restartPolicy: 'Never',
      containers: [main({
        command: ['sh', '-c', 'env; echo "args $*"; exit 4', '-'], args: ['$(LITERAL)-$(MISSING)-$$(LITERAL)'],
        resources: { requests: { memory: '32Mi' }, limits: { cpu: '500m', memory: '64Mi' } },
        envFrom: [{ configMapRef: { name: 'settings' }, prefix: 'ALL_' }, { secretRef: { name: 'keys' } }, { configMapRef: { name: 'none', optional: true } }],
        env: [
          { name: 'LITERAL', value: 'said' }, { name: 'COMPOSED', value: '<$(LITERAL) $(WEB_SERVICE_PORT_HTTP)>' },
          { name: 'FROM_MAP', valueFrom: { configMapKeyRef: { name: 'settings', key: 'alpha' } } }, { name: 'FROM_SECRET', valueFrom: { secretKeyRef: { name: 'keys', key: 'password' } } },
          { name: 'POD', ...field('metadata.name') }, { name: 'LABEL', ...field("metadata.labels['app']") }, { name: 'IP', ...field('status.podIP') }, { name: 'NODE', ...field('spec.nodeName') },
          { name: 'MILLICORES', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } }, { name: 'MEBIBYTES', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
        ],
      })],
    }, { labels: { app: 'shown' } }),
    pod('stages', {
      restartPolicy: 'OnFailure', volumes: [{ name: 'shared', emptyDir: {} }],
      initContainers: [
        { name: 'first', image, ...shell('echo first >> /shared/log; test -f /shared/again || { touch /shared/again; exit 1; }'), volumeMounts: [{ name: 'shared', mountPath: '/shared' }] },
        {
          name: 'beside', image, restartPolicy: 'Always', ...shell('trap "echo asked to stop; exit 0" TERM; echo beside >> /shared/log; touch /shared/up; while true; do sleep 0.1; done'),
          startupProbe: { exec: { command: ['test', '-f', '/shared/up'] }, periodSeconds: 1 }, volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
        },
        { name: 'last', image, ...shell('echo last >> /shared/log'), volumeMounts: [{ name: 'shared', mountPath: '/shared' }] },
      ],
      containers: [main({ ...shell('cat /shared/log'), volumeMounts: [{ name: 'shared', mountPath: '/shared' }] })],
    }),
    pod('crashes', { containers: [main({ ...shell('echo attempt; exit 3'), terminationMessagePolicy: 'FallbackToLogsOnError' })] }),
    pod('greedy', { containers: [main({ ...shell('tail /dev/zero'), resources: { limits: { memory: '16Mi' } } })] }),
    pod('probed', {
      containers: [
        { name: 'serves', image, ...shell('mkdir /www; echo ok > /www/healthz; exec httpd -f -p 8080 -h /www'), ports: [{ name: 'http', containerPort: 8080 }],
          startupProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 }, readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 }, livenessProbe: { httpGet: { path: '/healthz', port: 8080 } } },
        { name: 'stuck', image, command: ['sleep', '1000'], livenessProbe: { exec: { command: ['sh', '-c', 'echo no life; exit 1'] }, periodSeconds: 1, failureThreshold: 2 } },
        { name: 'closed', image, command: ['sleep', '1000'], readinessProbe: { httpGet: { path: '/none', port: 8080 }, periodSeconds: 1 } },
        { name: 'silent', image, command: ['sleep', '1000'], readinessProbe: { grpc: { port: 9 }, periodSeconds: 1 } },
      ],
    }),
    pod('hooked', {
      terminationGracePeriodSeconds: 20, volumes: [{ name: 'node', hostPath: { path: folder, type: 'DirectoryOrCreate' } }],
      containers: [main({
        ...shell('trap "echo asked >> /node/log; exit 0" TERM; while true; do sleep 0.1; done'), volumeMounts: [{ name: 'node', mountPath: '/node' }],
        lifecycle: { postStart: { exec: { command: ['sh', '-c', 'echo begun >> /node/log'] } }, preStop: { exec: { command: ['sh', '-c', 'echo leaving >> /node/log; sleep 1; echo left >> /node/log'] } } },
      })],
    }),
    pod('confined', {
      hostname: 'cell', subdomain: 'block', hostAliases: [{ ip: '192.0.2.7', hostnames: ['warden.test'] }],
      dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.53'], searches: ['block.test'], options: [{ name: 'ndots', value: '3' }] },
      securityContext: { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000], runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      volumes: [{ name: 'disk', emptyDir: {} }, { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '8Mi' } }],
      containers: [main({
        ...shell('exec 2>&1; id; grep -E "CapBnd|NoNewPrivs|Seccomp:" /proc/self/status; cat /etc/hosts /etc/resolv.conf; touch /disk/mine; stat -c "%u:%g" /disk/mine; df -k /memory; touch /root-is-closed; exec sleep 1000'),
        volumeMounts: [{ name: 'disk', mountPath: '/disk' }, { name: 'memory', mountPath: '/memory' }],
        securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } },
      })],
    }),
    pod('rootless', { securityContext: { runAsNonRoot: true }, containers: [main({})] }),
    pod('pictureless', { containers: [{ name: 'never', image: 'no-such-image:1', imagePullPolicy: 'Never' }, { name: 'always', image: 'localhost:1/none:1', imagePullPolicy: 'Always' }] }),
    pod('family', { shareProcessNamespace: true, containers: [{ name: 'one', image, command: ['sleep', '1111'] }, { name: 'other', image, ...shell('sleep 1; ps; exec sleep 1000') }] }),
    pod('files', {
      volumes: [
        { name: 'map', configMap: { name: 'settings', defaultMode: 0o440, items: [{ key: 'alpha', path: 'deep/a', mode: 0o400 }] } }, { name: 'secret', secret: { secretName: 'keys' } },
        { name: 'self', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        { name: 'all', projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'me', expirationSeconds: 600 } }, { configMap: { name: 'settings' } }] } },
        { name: 'scratch', emptyDir: {} },
      ],
      containers: [main({
        ...shell('exec 2>&1; cat /map/deep/a; stat -L -c "%a" /map/deep/a; cat /secret/password /self/labels /all/beta; wc -c < /all/token; touch /part/x /named/y; ls /scratch/deep /scratch/of-files; touch /closed/z; exec sleep 1000'),
        env: [{ name: 'POD', ...field('metadata.name') }],
        volumeMounts: [
          { name: 'map', mountPath: '/map' }, { name: 'secret', mountPath: '/secret' }, { name: 'self', mountPath: '/self' }, { name: 'all', mountPath: '/all' }, { name: 'scratch', mountPath: '/scratch' },
          { name: 'scratch', mountPath: '/part', subPath: 'deep' }, { name: 'scratch', mountPath: '/named', subPathExpr: 'of-$(POD)' }, { name: 'scratch', mountPath: '/closed', readOnly: true, recursiveReadOnly: 'IfPossible' },
        ],
      })],
    }, { labels: { app: 'files' } }),
    pod('lacking', { volumes: [{ name: 'data', configMap: { name: 'none' } }], containers: [main({ volumeMounts: [{ name: 'data', mountPath: '/data' }] })] }),
    pod('late', { activeDeadlineSeconds: 20, containers: [main({})] }),
  ];
}
