export const disruptionTarget = 'DisruptionTarget';
export const preemptionByScheduler = 'PreemptionByScheduler';
