import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Certificates and tokens, from the wish for one to its end. */
export const authKeys: Sessions = {
  'from a request to a certificate that opens the door': `
$ openssl req -new -newkey rsa:2048 -nodes -keyout key.pem -out csr.pem -subj /O=devs/CN={ns}-alice 2>/dev/null

$ cat > csr.yaml <<END
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: {ns}-alice}
spec: {request: $(base64 -w0 csr.pem), signerName: kubernetes.io/kube-apiserver-client, usages: [client auth], expirationSeconds: 3600}
END

$ kubectl create -f csr.yaml
certificatesigningrequest.certificates.k8s.io/{ns}-alice created

$ kubectl get csr {ns}-alice
NAME           AGE   SIGNERNAME                            REQUESTOR          REQUESTEDDURATION   CONDITION
{ns}-alice   <age>    kubernetes.io/kube-apiserver-client   kubernetes-admin   60m                 Pending

$ kubectl certificate approve {ns}-alice
certificatesigningrequest.certificates.k8s.io/{ns}-alice approved

$ kubectl wait --for=jsonpath='{.status.conditions[0].type}'=Approved csr/{ns}-alice
certificatesigningrequest.certificates.k8s.io/{ns}-alice condition met

$ for i in 1 2 3 4 5 6 7 8 9; do kubectl get csr {ns}-alice -o jsonpath='{.status.certificate}' | base64 -d > cert.pem; [ -s cert.pem ] && break; sleep 0.3; done; openssl x509 -in cert.pem -noout -subject -nameopt RFC2253
subject=CN={ns}-alice,O=devs

$ kubectl get csr {ns}-alice
NAME           AGE   SIGNERNAME                            REQUESTOR          REQUESTEDDURATION   CONDITION
{ns}-alice   <age>    kubernetes.io/kube-apiserver-client   kubernetes-admin   60m                 Approved,Issued

$ kubectl certificate deny {ns}-alice
! error: certificate signing request "{ns}-alice" is already Approved
[1]

$ kubectl config set-credentials alice --client-certificate=cert.pem --client-key=key.pem
User "alice" set.

$ kubectl get pods --user=alice
! Error from server (Forbidden): pods is forbidden: User "{ns}-alice" cannot list resource "pods" in API group "" in the namespace "{ns}"
[1]

$ kubectl create rolebinding devs --clusterrole=view --group=devs
rolebinding.rbac.authorization.k8s.io/devs created

$ kubectl get pods --user=alice
! No resources found in {ns} namespace.

$ kubectl auth can-i create pods --user=alice
no
[1]

{1.28+}$ kubectl auth whoami --user=alice
ATTRIBUTE                                           VALUE
Username                                            {ns}-alice
Groups                                              [devs system:authenticated]
Extra: authentication.kubernetes.io/credential-id   [X509SHA256=<hash>]

$ kubectl delete csr {ns}-alice
certificatesigningrequest.certificates.k8s.io "{ns}-alice" deleted

$ kubectl create -f csr.yaml
certificatesigningrequest.certificates.k8s.io/{ns}-alice created

$ kubectl certificate deny {ns}-alice
certificatesigningrequest.certificates.k8s.io/{ns}-alice denied

$ kubectl get csr {ns}-alice
NAME           AGE   SIGNERNAME                            REQUESTOR          REQUESTEDDURATION   CONDITION
{ns}-alice   <age>    kubernetes.io/kube-apiserver-client   kubernetes-admin   60m                 Denied

$ kubectl certificate approve {ns}-alice
! error: certificate signing request "{ns}-alice" is already Denied
[1]

$ kubectl certificate approve {ns}-nobody
! Error from server (NotFound): certificatesigningrequests.certificates.k8s.io "{ns}-nobody" not found
[1]

$ kubectl delete csr {ns}-alice
certificatesigningrequest.certificates.k8s.io "{ns}-alice" deleted

$ sed 's/request: .*, signer/request: eA==, signer/' csr.yaml | kubectl create -f -
! The CertificateSigningRequest "{ns}-alice" is invalid: spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST
[1]
`,

  'tokens of service accounts': `
$ kubectl create serviceaccount robot
serviceaccount/robot created

$ kubectl create rolebinding robots --clusterrole=edit --serviceaccount={ns}:robot
rolebinding.rbac.authorization.k8s.io/robots created

$ kubectl config set-credentials robot --token="$(kubectl create token robot)"
User "robot" set.

{1.28+}$ kubectl auth whoami --user=robot
ATTRIBUTE                                           VALUE
Username                                            system:serviceaccount:{ns}:robot
UID                                                 <uid>
Groups                                              [system:serviceaccounts system:serviceaccounts:{ns} system:authenticated]
Extra: authentication.kubernetes.io/credential-id   [JTI=<uid>]

$ kubectl create configmap made-by-robot --user=robot
configmap/made-by-robot created

$ kubectl get nodes --user=robot
! Error from server (Forbidden): nodes is forbidden: User "system:serviceaccount:{ns}:robot" cannot list resource "nodes" in API group "" at the cluster scope
[1]

$ kubectl get cm -n default --user=robot
! Error from server (Forbidden): configmaps is forbidden: User "system:serviceaccount:{ns}:robot" cannot list resource "configmaps" in API group "" in the namespace "default"
[1]

$ kubectl delete sa robot
serviceaccount "robot" deleted

$ kubectl get cm --user=robot
! error: You must be logged in to the server (Unauthorized)
[1]
`,
};
