/** Ends pods for the node's sake. What runs the node's pods implements it. */
export interface PodEvictor {
  /**
   * Stops the pod's containers within `graceSeconds`, or its own grace period if that is shorter, and writes phase `Failed` with the reason and
   * message, and the condition `DisruptionTarget` (reason `TerminationByKubelet`). Resolves when nothing of it runs any more; a pod that is not there resolves too.
   */
  evict(podUid: string, reason: string, message: string, graceSeconds: number): Promise<void>;
}

/** Removes containers that have ended. What runs the node's pods implements it. */
export interface DeadContainers {
  /** All that nothing needs any more: when the disk is full, nobody keeps them for their logs. */
  removeAll(signal: AbortSignal): Promise<void>;
}
