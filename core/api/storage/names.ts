/** Annotations by which the storage controllers of any cluster speak to each other. */
export const annotations = {
  /** On a claim: this provisioner is asked to make a volume. Older provisioners read the second one. */
  provisioner: 'volume.kubernetes.io/storage-provisioner',
  betaProvisioner: 'volume.beta.kubernetes.io/storage-provisioner',
  /** On a claim: the scheduler's choice of node. Removing it asks for another choice. */
  selectedNode: 'volume.kubernetes.io/selected-node',
  /** On a claim: binding is done. Presence counts, not the value. */
  bindCompleted: 'pv.kubernetes.io/bind-completed',
  /** On a claim or volume: the controller chose the other side, not a user. */
  boundByController: 'pv.kubernetes.io/bound-by-controller',
  /** On a volume: the provisioner that made it, and so may delete it. */
  provisionedBy: 'pv.kubernetes.io/provisioned-by',
  /** On a volume whose file system has not grown yet: its size before. */
  preResizeCapacity: 'volume.alpha.kubernetes.io/pre-resize-capacity',
  /** On a claim or volume: the class, as it was written before there was a field for it. */
  betaClass: 'volume.beta.kubernetes.io/storage-class',
  defaultClass: 'storageclass.kubernetes.io/is-default-class',
  betaDefaultClass: 'storageclass.beta.kubernetes.io/is-default-class',
  /** On a claim, beside the finalizer of the same purpose: with which arguments its volume was asked for. */
  intent: 'keelson.dev/volume-intent',
} as const;

export const finalizers = {
  /** On a claim: its driver was, or is about to be, asked for a volume, and no PersistentVolume tells of it yet. */
  intent: 'keelson.dev/volume-provisioning',
  /** On a volume: the driver must delete what is behind it first. */
  deletion: 'external-provisioner.volume.kubernetes.io/finalizer',
  claimProtection: 'kubernetes.io/pvc-protection',
  volumeProtection: 'kubernetes.io/pv-protection',
  attributesClassProtection: 'kubernetes.io/vac-protection',
} as const;
