/** Somebody who talks to the API server. */
export interface PlaneUser {
  readonly name: string;
  /** Besides `system:authenticated`. */
  readonly groups?: readonly string[];
}
