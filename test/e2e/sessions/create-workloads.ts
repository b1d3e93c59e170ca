import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** The generators of workloads, pods and services. */
export const createWorkloads: Sessions = {
  'workloads': `
$ kubectl create deployment web --image=nginx --image=busybox --replicas=3 --port=80
deployment.apps/web created

$ kubectl create deployment one --image=nginx --dry-run=server -o yaml -- sleep 1
apiVersion: apps/v1
kind: Deployment
metadata:
  creationTimestamp: "<time>"
  generation: 1
  labels:
    app: one
  name: one
  namespace: {ns}
  uid: <uid>
spec:
  progressDeadlineSeconds: 600
  replicas: 1
  revisionHistoryLimit: 10
  selector:
    matchLabels:
      app: one
  strategy:
    rollingUpdate:
      maxSurge: 25%
      maxUnavailable: 25%
    type: RollingUpdate
  template:
    metadata:
      creationTimestamp: null
      labels:
        app: one
    spec:
      containers:
      - command:
        - sleep
        - "1"
        image: nginx
        imagePullPolicy: Always
        name: nginx
        resources: {}
        terminationMessagePath: /dev/termination-log
        terminationMessagePolicy: File
      dnsPolicy: ClusterFirst
      restartPolicy: Always
      schedulerName: default-scheduler
      securityContext: {}
      terminationGracePeriodSeconds: 30
status: {}

$ kubectl create deployment web --image=nginx
! error: failed to create deployment: deployments.apps "web" already exists
[1]

$ kubectl create deployment bad --image=
! error: failed to create deployment: Deployment.apps "bad" is invalid: spec.template.spec.containers: Required value
[1]

$ kubectl create deployment Bad --image=nginx
! error: failed to create deployment: Deployment.apps "Bad" is invalid: metadata.name: Invalid value: "Bad": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
[1]

$ kubectl create job task --image=busybox -- date
job.batch/task created

$ kubectl create cronjob nightly --image=busybox --schedule='0 3 * * *' --restart=Never -- date
cronjob.batch/nightly created

$ kubectl create cronjob wrong --image=busybox --schedule='0 25 * * *'
! error: failed to create cronjob: CronJob.batch "wrong" is invalid: spec.schedule: Invalid value: "0 25 * * *": end of range (25) above maximum (23): 25
[1]

$ kubectl create job now --from=cronjob/nightly
job.batch/now created

$ kubectl create job now2 --from=cronjob/nobody
! Error from server (NotFound): cronjobs.batch "nobody" not found
[1]

$ kubectl create pdb half --selector=app=web --min-available=50%
poddisruptionbudget.policy/half created

$ kubectl create poddisruptionbudget one --selector=app=web --max-unavailable=1
poddisruptionbudget.policy/one created

$ kubectl create priorityclass {ns}-high --value=1000 --description='for tests' --preemption-policy=Never
priorityclass.scheduling.k8s.io/{ns}-high created

$ kubectl create priorityclass {ns}-too --value=2000000000
! error: failed to create priorityclass: PriorityClass.scheduling.k8s.io "{ns}-too" is invalid: value: Forbidden: maximum allowed value of a user defined priority is 1000000000
[1]

$ kubectl wait deploy/web --for=jsonpath='{.status.updatedReplicas}'=3
deployment.apps/web condition met

$ kubectl wait job/task job/now --for=jsonpath='{.status.active}'=1
job.batch/task condition met
job.batch/now condition met

$ kubectl get deploy,jobs,cj,pdb
NAME                  READY   UP-TO-DATE   AVAILABLE   AGE
deployment.apps/web   0/3     3            0           <age>

NAME             STATUS    COMPLETIONS   DURATION   AGE
job.batch/now    Running   0/1           <age>      <age>
job.batch/task   Running   0/1           <age>      <age>

NAME                    SCHEDULE    TIMEZONE   SUSPEND   ACTIVE   LAST SCHEDULE   AGE
cronjob.batch/nightly   0 3 * * *   <none>     False     0        <none>          <age>

NAME                              MIN AVAILABLE   MAX UNAVAILABLE   ALLOWED DISRUPTIONS   AGE
poddisruptionbudget.policy/half   50%             N/A               0                     <age>
poddisruptionbudget.policy/one    N/A             1                 0                     <age>

$ kubectl get pc {ns}-high
NAME          VALUE   GLOBAL-DEFAULT   AGE   PREEMPTIONPOLICY
{ns}-high   1000    false            <age>    Never

$ kubectl get job now -o jsonpath='{.metadata.annotations}{.metadata.ownerReferences[0].kind}{.spec.template.spec.containers[0].command}'
{"cronjob.kubernetes.io/instantiate":"manual"}CronJob["date"]

$ kubectl get cj nightly -o yaml
apiVersion: batch/v1
kind: CronJob
metadata:
  creationTimestamp: "<time>"
  generation: 1
  name: nightly
  namespace: {ns}
  resourceVersion: "<version>"
  uid: <uid>
spec:
  concurrencyPolicy: Allow
  failedJobsHistoryLimit: 1
  jobTemplate:
    metadata:
      name: nightly
    spec:
      template:
        metadata: {}
        spec:
          containers:
          - command:
            - date
            image: busybox
            imagePullPolicy: Always
            name: nightly
            resources: {}
            terminationMessagePath: /dev/termination-log
            terminationMessagePolicy: File
          dnsPolicy: ClusterFirst
          restartPolicy: Never
          schedulerName: default-scheduler
          securityContext: {}
          terminationGracePeriodSeconds: 30
  schedule: 0 3 * * *
  successfulJobsHistoryLimit: 3
  suspend: false
status: {}

$ kubectl delete pc {ns}-high
priorityclass.scheduling.k8s.io "{ns}-high" deleted
`,

  'services and what leads to them': `
$ kubectl create service clusterip one --tcp=80:8080 --tcp=443
service/one created

$ kubectl create service clusterip bare --clusterip=None
service/bare created

$ kubectl create service nodeport two --tcp=80:8080
service/two created

$ kubectl create service nodeport low --tcp=80 --node-port=1
! error: failed to create NodePort service: Service "low" is invalid: spec.ports[0].nodePort: Invalid value: 1: provided port is not in the valid range. The range of valid ports is 30000-32767
[1]

$ kubectl create service loadbalancer three --tcp=80
service/three created

$ kubectl create service externalname four --external-name=example.org
service/four created

$ kubectl create service clusterip one --tcp=80
! error: failed to create ClusterIP service: services "one" already exists
[1]

$ kubectl create service clusterip Bad --tcp=80
! error: failed to create ClusterIP service: Service "Bad" is invalid: metadata.name: Invalid value: "Bad": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')
[1]

$ kubectl create ingress front --class=nginx --rule='a.example.org/x*=one:http,tls=secret' --default-backend=one:80 --annotation=a=b
ingress.networking.k8s.io/front created

$ kubectl get svc,ing
NAME            TYPE           CLUSTER-IP      EXTERNAL-IP   PORT(S)          AGE
service/bare    ClusterIP      None            <none>        <none>           <age>
service/four    ExternalName   <none>          example.org   <none>           <age>
service/one     ClusterIP      <ip>   <none>        80/TCP,443/TCP   <age>
service/three   LoadBalancer   <ip>   <pending>     80:<port>/TCP     <age>
service/two     NodePort       <ip>   <none>        80:<port>/TCP     <age>

NAME                              CLASS   HOSTS           ADDRESS   PORTS     AGE
ingress.networking.k8s.io/front   nginx   a.example.org             80, 443   <age>

$ kubectl get svc one -o yaml
apiVersion: v1
kind: Service
metadata:
  creationTimestamp: "<time>"
  labels:
    app: one
  name: one
  namespace: {ns}
  resourceVersion: "<version>"
  uid: <uid>
spec:
  clusterIP: <ip>
  clusterIPs:
  - <ip>
  internalTrafficPolicy: Cluster
  ipFamilies:
  - IPv4
  ipFamilyPolicy: SingleStack
  ports:
  - name: 80-8080
    port: 80
    protocol: TCP
    targetPort: 8080
  - name: "443"
    port: 443
    protocol: TCP
    targetPort: 443
  selector:
    app: one
  sessionAffinity: None
  type: ClusterIP
status:
  loadBalancer: {}

$ kubectl get ing front -o yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  annotations:
    a: b
  creationTimestamp: "<time>"
  generation: 1
  name: front
  namespace: {ns}
  resourceVersion: "<version>"
  uid: <uid>
spec:
  defaultBackend:
    service:
      name: one
      port:
        number: 80
  ingressClassName: nginx
  rules:
  - host: a.example.org
    http:
      paths:
      - backend:
          service:
            name: one
            port:
              name: http
        path: /x
        pathType: Prefix
  tls:
  - hosts:
    - a.example.org
    secretName: secret
status:
  loadBalancer: {}
`,

  'pods and their services': `
$ kubectl run one --image=nginx --dry-run=server
pod/one created (server dry run)

$ kubectl run one --image=nginx --port=80 --env=A=B --expose
service/one created
pod/one created

$ kubectl run one --image=nginx
! Error from server (AlreadyExists): pods "one" already exists
[1]

$ kubectl run two --image=nginx --restart=OnFailure --command -- sleep 1
pod/two created

$ kubectl run three --image=nginx --overrides='{"spec":{"nodeSelector":{"a":"b"}}}' -o jsonpath='{.spec.nodeSelector}'
{"a":"b"}

$ kubectl run Bad --image=nginx
! The Pod "Bad" is invalid:
! * metadata.name: Invalid value: "Bad": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
! * spec.containers[0].name: Invalid value: "Bad": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')
[1]

$ kubectl expose pod two --port=80
service/two exposed

$ kubectl create deployment web --image=nginx --port=80
deployment.apps/web created

$ kubectl expose deployment web
service/web exposed

$ kubectl expose deployment web --port=80 --target-port=8080 --type=NodePort --name=outside
service/outside exposed

$ kubectl expose deployment web
! Error from server (AlreadyExists): services "web" already exists
[1]

$ kubectl expose svc web --port=81 --name=second
service/second exposed

$ kubectl expose cm kube-root-ca.crt --port=80
! error: cannot expose a ConfigMap
[1]

$ kubectl get pods,svc
NAME        READY   STATUS    RESTARTS   AGE
pod/one     0/1     Pending   0          <age>
pod/three   0/1     Pending   0          <age>
pod/two     0/1     Pending   0          <age>
pod/web-<hash>-<suffix>     0/1     Pending   0          <age>

NAME              TYPE        CLUSTER-IP      EXTERNAL-IP   PORT(S)        AGE
service/one       ClusterIP   <ip>    <none>        80/TCP         <age>
service/outside   NodePort    <ip>    <none>        80:<port>/TCP   <age>
service/second    ClusterIP   <ip>      <none>        81/TCP         <age>
service/two       ClusterIP   <ip>    <none>        80/TCP         <age>
service/web       ClusterIP   <ip>   <none>        80/TCP         <age>

$ kubectl get pod two -o jsonpath='{.spec.containers[0].command} {.spec.restartPolicy} {.spec.enableServiceLinks}'
["sleep","1"] OnFailure true
`,

  'tries only, and other ways': `
$ kubectl create configmap one --from-literal=a=b --dry-run=server
configmap/one created (server dry run)

$ kubectl create ns {ns}-try --dry-run=server -o name
namespace/{ns}-try

$ kubectl create secret generic one --from-literal=a=b --dry-run=client -o jsonpath='{.data}'
{"a":"Yg=="}

$ cat > made.yaml <<END
---
{apiVersion: v1, kind: ConfigMap, metadata: {generateName: made-}}
END

$ kubectl create -f made.yaml -f made.yaml | sed 's/-[bcdfghjklmnpqrstvwxz2-9]\\{5\\} / /'
configmap/made created
configmap/made created

$ KUBE_EDITOR='sed -i s/first/second/' kubectl create --edit -f - <<END
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: first}}
END
configmap/second created

$ kubectl create -n nowhere cm one
! error: failed to create configmap: namespaces "nowhere" not found
[1]

$ kubectl create -f - <<END
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: third}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: second}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: fourth}}
END
configmap/third created
configmap/fourth created
! Error from server (AlreadyExists): error when creating "STDIN": configmaps "second" already exists
[1]

$ kubectl get cm -o name | sed 's/-[a-z0-9]\\{5\\}$//'
configmap/fourth
configmap/kube-root-ca.crt
configmap/made
configmap/made
configmap/second
configmap/third
`,
};
