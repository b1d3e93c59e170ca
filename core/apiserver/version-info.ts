/** As `/version` answers it: which Kubernetes this server speaks, and what it is. */
export interface VersionInfo {
  readonly major: string;
  readonly minor: string;
  /** The release that the server acts as: its own, unless it emulates an older one (KEP-4330). */
  readonly emulationMajor: string;
  readonly emulationMinor: string;
  /** The oldest release to which going back is safe. */
  readonly minCompatibilityMajor: string;
  readonly minCompatibilityMinor: string;
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly gitTreeState: string;
  readonly buildDate: string;
  readonly goVersion: string;
  readonly compiler: string;
  readonly platform: string;
}
