/** The vendor's defaults for an account and region, where it publishes them. */
export const usualQuotas = {
  /** Vcpus of running on-demand instances of the standard families. New accounts have fewer. */
  vcpus: 1920,
  /** Of each type of volume, in GiB. */
  volumeStorageGiB: 50 * 1024,
  /** Provisioned, of all io1 volumes, and of all io2. */
  volumeIops: 300_000,
  snapshots: 100_000,
  securityGroups: 2500,
  rulesPerSecurityGroup: 60,
  securityGroupsPerInterface: 5,
  routesPerTable: 500,
  addresses: 5,
  tagsPerResource: 50,
  modificationsPerDay: 4,
  /** The older rule was six hours; 0: another may begin when the last is complete. */
  modificationPauseSeconds: 0,
  balancers: 50,
  targetGroups: 3000,
  listenersPerBalancer: 50,
  targetsPerGroup: 1000,
  targetsPerBalancerAndZone: 500,
  groupsPerBalancer: 100,
  certificatesPerBalancer: 25,
} as const;

export type QuotaName = keyof typeof usualQuotas;
export type Quotas = Readonly<Record<QuotaName, number>>;
